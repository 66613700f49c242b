"""Responses of a host that does not serve the request. The login host serves no data, the former host nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from salesforce_emulator.bulk.wire import error_answer
from salesforce_emulator.call import json_answer
from salesforce_emulator.errors import ApiError, BulkError
from salesforce_emulator.hosts import Hosts

# SOAP handles the login host itself, because login() is served there.
_AT_LOGIN = ("/services/oauth2/", "/id/", "/services/Soap/")
_NOT_RESET = "Destination URL not reset. The URL returned from login must be set"


def wrong_host(hosts: Hosts, request: Request) -> Response | None:
    """Return the error or redirect of the wrong host, or None if the host serves the path."""
    path = request.url.path
    if hosts.is_former(request.scope):
        return RedirectResponse(str(request.url.replace(netloc=hosts.instance.partition("://")[2])), 301)
    if not hosts.is_login(request.scope) or path.startswith(_AT_LOGIN) or path == "/services/data":
        return None
    if path.startswith("/services/async/"):
        return error_answer(request, BulkError("InvalidUrl", _NOT_RESET))
    refused = ApiError(404, "URL_NOT_RESET", _NOT_RESET)
    return json_answer(refused.body(), refused.status)
