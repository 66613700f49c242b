"""The body of a request to the login host."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of an `application/x-www-form-urlencoded` body."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
