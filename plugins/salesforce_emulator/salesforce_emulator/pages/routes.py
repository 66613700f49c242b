"""The paths of the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.pages.overview import overview
from salesforce_emulator.pages.records import record, records
from salesforce_emulator.side_door import PREFIX
from salesforce_emulator.world import World


def _page(show: Callable[[World, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(show, request.app.state.world, request)

    return endpoint


ROUTES = [
    Route(PREFIX, _page(overview)),
    Route(f"{PREFIX}/objects/{{object}}", _page(records)),
    Route(f"{PREFIX}/objects/{{object}}/{{id}}", _page(record)),
]
