"""Answer a request that is part of another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from salesforce_emulator.call import Call, json_answer
from salesforce_emulator.errors import ApiError, not_found
from salesforce_emulator.rest.endpoint import Handler, check_version

# These headers concern only the outer request: its transport or its own conditions.
_OUTER = frozenset({"content-length", "content-encoding", "accept-encoding", "if-modified-since", "if-none-match"})


@frozen
class Entry:
    """A path that inner requests may use, with its handler."""

    route: Route
    handler: Handler


@frozen
class Inner:
    """A request inside another one. `url` begins with /services/data/."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = {}


def dispatch(call: Call, entries: Sequence[Entry], inner: Inner) -> Response:
    """Return the answer to an inner request. Errors become answers, too."""
    path, _, query = inner.url.partition("?")
    scope = {
        **call.request.scope,
        "method": inner.method,
        "path": unquote(path).rstrip("/"),
        "query_string": "".join(sign if sign.isascii() else quote(sign) for sign in query).encode(),
        "headers": _headers(call, inner),
    }
    try:
        for entry in entries:
            match, found = entry.route.matches(scope)
            if match is Match.FULL:
                return entry.handler(_inner_call(call, {**scope, **found}, inner))
        raise not_found()
    except ApiError as error:
        return json_answer(error.body(), error.status)


def _inner_call(call: Call, scope: dict[str, Any], inner: Inner) -> Call:
    version = str(scope["path_params"]["version"])
    check_version(call.world, version)
    body = b"" if inner.body is None else json.dumps(inner.body, ensure_ascii=False).encode()
    return Call(call.world, Request(scope), version, call.session, body)


def _headers(call: Call, inner: Inner) -> list[tuple[bytes, bytes]]:
    kept = {name: value for name, value in call.request.headers.items() if name not in _OUTER}
    own = {name.lower(): str(value) for name, value in inner.headers.items()}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in {**kept, **own}.items()]


def content_of(response: Response) -> Any:
    """Return the parsed JSON of an answer, or None if it is empty."""
    return json.loads(bytes(response.body)) if response.body else None
