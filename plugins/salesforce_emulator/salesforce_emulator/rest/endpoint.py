"""The checks around every REST call: version, session, allocation and errors. It adds the usage header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.allocations import API_REQUESTS
from salesforce_emulator.call import Call, UnreadableBody, json_answer, read_body
from salesforce_emulator.errors import PASSWORD_EXPIRED, ApiError, not_found
from salesforce_emulator.sessions import Session
from salesforce_emulator.versions import Standing, judge_version
from salesforce_emulator.world import World

Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_NO_SESSION = 401
"""The only status whose responses lack the header Sforce-Limit-Info."""


def rest(handler: Handler) -> Endpoint:
    """Return an endpoint that runs `handler` in a worker thread, so that no call blocks another one."""

    async def endpoint(request: Request) -> Response:
        world: World = request.app.state.world
        try:
            response = await run_in_threadpool(handler, await _call(world, request))
        except ApiError as error:
            response = json_answer(error.body(), error.status)
        if response.status_code != _NO_SESSION:
            response.headers["Sforce-Limit-Info"] = world.usage()
        return response

    return endpoint


def serve_since(first: int, handler: Handler) -> Handler:
    """Return a handler that raises 404 in API versions before `first`."""

    def serve(call: Call) -> Response:
        if float(call.version) < first:
            raise not_found()
        return handler(call)

    return serve


async def _call(world: World, request: Request) -> Call:
    version = str(request.path_params["version"])
    check_version(world, version)
    session = authenticate(world, request)
    if not session.for_the_api:
        raise ApiError(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    if not world.permissions(session.user_id).api_enabled:
        raise ApiError(403, "API_CURRENTLY_DISABLED", "API is disabled for this user")
    if world.login_state(session.user_id).password_expired:
        raise ApiError(403, *PASSWORD_EXPIRED)
    if not world.allocations.take(API_REQUESTS):
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    try:
        return Call(world, request, version, session, await read_body(request))
    except UnreadableBody as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"The body cannot be decompressed: {error}") from error


def check_version(world: World, version: str) -> None:
    """Raise ApiError for an API version that is retired or unknown."""
    known = judge_version(world.org.versions, version)
    if known is Standing.RETIRED:
        raise ApiError(410, "GONE", "The requested API version has been retired")
    if known is Standing.UNKNOWN:
        raise not_found()


def authenticate(world: World, request: Request) -> Session:
    """Return the session of the Authorization header, `Bearer` or `OAuth`. Raises ApiError."""
    header = request.headers.get("authorization")
    scheme, _, token = (header or "Bearer ").partition(" ")
    if scheme.lower() not in ("bearer", "oauth"):
        raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    session = world.sessions.find(token.strip())
    if session is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return session
