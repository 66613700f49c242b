"""The application: every path that the org serves."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp

from salesforce_emulator import side_door
from salesforce_emulator.bulk import routes as bulk
from salesforce_emulator.bulk.wire import error_answer
from salesforce_emulator.bulk2 import routes as bulk2
from salesforce_emulator.call import json_answer
from salesforce_emulator.errors import ApiError, BulkError, not_found
from salesforce_emulator.gate import Gate
from salesforce_emulator.oauth import routes as oauth
from salesforce_emulator.pages import routes as pages
from salesforce_emulator.rest import routes as rest
from salesforce_emulator.soap import routes as soap
from salesforce_emulator.world import World


def build_app(world: World) -> ASGIApp:
    """Return the ASGI application of one org."""
    app = Starlette(
        routes=[
            *oauth.ROUTES,
            *rest.ROUTES,
            *bulk.ROUTES,
            *bulk2.ROUTES,
            *soap.ROUTES,
            *side_door.ROUTES,
            *pages.ROUTES,
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=1)],
        exception_handlers={HTTPException: _no_route},
    )
    app.state.world = world
    return Gate(app, world)


async def _no_route(request: Request, error: Exception) -> Response:
    """Refuse an unknown path or method, in the error format of the API that the path belongs to."""
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/services/async/"):
        return error_answer(request, BulkError("InvalidUrl", f"Destination URL not reset: {request.url.path}"))
    world: World = request.app.state.world
    headers = {"Sforce-Limit-Info": world.usage()} if request.url.path.startswith("/services/data/v") else {}
    if error.status_code != 405:
        return json_answer(not_found().body(), 404, headers)
    allowed = _list_methods(request)
    message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
    return json_answer(ApiError(405, "METHOD_NOT_ALLOWED", message).body(), 405, {**headers, "Allow": allowed})


def _list_methods(request: Request) -> str:
    """Return the methods that a path allows. A path may have several routes."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ",".join(sorted({method for route in routes for method in route.methods or ()}))
