"""Token, revoke, userinfo and identity."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.call import json_answer
from salesforce_emulator.errors import ApiError, OAuthError
from salesforce_emulator.oauth import person
from salesforce_emulator.oauth.grants import user_of, with_basic
from salesforce_emulator.rest.endpoint import authenticated
from salesforce_emulator.world import World


async def token(request: Request) -> Response:
    """POST /services/oauth2/token."""
    world: World = request.app.state.world
    try:
        if request.method != "POST":
            raise OAuthError("invalid_request", "must use HTTP POST")
        form = with_basic(await _form(request), request.headers.get("authorization"))
        user_id = user_of(world, form)
    except OAuthError as error:
        return refusal(error)
    return json_answer(_granted(world, user_id), headers={"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"})


def refusal(error: OAuthError) -> Response:
    """An OAuth error as JSON."""
    return json_answer({"error": error.code, "error_description": error.description}, error.status)


def _granted(world: World, user_id: str) -> dict[str, str]:
    identity = f"{world.url}/id/{world.org.id}/{user_id}"
    issued = str(int(world.clock.now() * 1000))
    key = world.org.application.client_secret.encode()
    signature = hmac.new(key, f"{identity}{issued}".encode(), hashlib.sha256).digest()
    return {
        "access_token": world.sessions.open(user_id).token,
        "signature": base64.b64encode(signature).decode(),
        "scope": "api",
        "instance_url": world.url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }


async def revoke(request: Request) -> Response:
    """GET and POST /services/oauth2/revoke?token=..."""
    world: World = request.app.state.world
    form = {**request.query_params, **(await _form(request))}
    if not world.sessions.close(form.get("token", "")):
        return refusal(OAuthError("invalid_token", "invalid token"))
    return Response(status_code=200)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


async def userinfo(request: Request) -> Response:
    """GET /services/oauth2/userinfo. OpenID Connect names."""
    return _of_user(request, person.userinfo)


async def identity(request: Request) -> Response:
    """GET /id/ORG/USER: the `id` of a token answer. Help, "Identity URLs"."""
    return _of_user(request, person.identity)


def _of_user(request: Request, show: Callable[[World, str], dict[str, Any]]) -> Response:
    world: World = request.app.state.world
    try:
        session = authenticated(world, request)
    except ApiError:
        return Response("Bad_OAuth_Token", 403, media_type="text/html")
    return json_answer(show(world, session.user_id))


ROUTES = [
    Route("/services/oauth2/token", token, methods=["GET", "POST"]),
    Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
    Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
    Route("/id/{org}/{user}", identity),
]
