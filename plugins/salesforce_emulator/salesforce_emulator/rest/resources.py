"""What the org offers: API versions, resources, objects, limits and record counts."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.call import Call, json_answer
from salesforce_emulator.clock import http_time
from salesforce_emulator.describe import describe, describe_global, in_brief
from salesforce_emulator.errors import ApiError, not_found
from salesforce_emulator.schema import Schema
from salesforce_emulator.versions import list_served
from salesforce_emulator.world import World

_RESOURCES = [
    *("sobjects", "query", "queryAll", "search", "parameterizedSearch", "composite", "limits", "jobs", "tooling"),
    *("recent", "metadata", "event", "ui-api", "quickActions", "process", "support"),
]


async def versions(request: Request) -> Response:
    """Return the response of `/services/data`. It needs no session and does not count."""
    world: World = request.app.state.world
    return json_answer(list_served(world.org.versions))


def resources(call: Call) -> Response:
    """Return the response of `/services/data/vXX.X`: the names and paths of the resources."""
    identity = f"{call.world.hosts.login}/id/{call.world.org.id}/{call.session.user_id}"
    return call.answer({**{name: f"{call.base}/{name}" for name in _RESOURCES}, "identity": identity})


def objects(call: Call) -> Response:
    """Return the response of `/sobjects`: describe global."""
    return _unless_unchanged(call, lambda: describe_global(call.schemas, call.base))


def object_described(call: Call) -> Response:
    """Return the response of `/sobjects/OBJECT/describe`."""
    schema = schema_of(call)
    return _unless_unchanged(call, lambda: describe(schema, call.schemas, call.base))


def object_in_brief(call: Call) -> Response:
    """Return the response of `/sobjects/OBJECT`."""
    return call.answer({"objectDescribe": in_brief(schema_of(call), call.base), "recentItems": []})


def schema_of(call: Call) -> Schema:
    """Return the object that the path names. Raises ApiError 404."""
    schema = call.schemas.find(call.part("object"))
    if schema is None:
        raise not_found()
    return schema


def limits(call: Call) -> Response:
    """Return the response of `/limits`, for users with "View Setup and Configuration"."""
    if not call.permissions.view_setup:
        message = "insufficient access: View Setup and Configuration is required"
        raise ApiError(403, "INSUFFICIENT_ACCESS", message)
    return call.answer(call.world.limits())


def record_count(call: Call) -> Response:
    """Return the response of `/limits/recordCount?sObjects=A,B`, without unknown and empty objects."""
    world = call.world
    names = call.request.query_params.get("sObjects", "")
    wanted = [call.schemas.find(name) for name in names.split(",")] if names else call.schemas.all
    counts = [(sum(1 for _ in world.store[schema].live()), schema.name) for schema in wanted if schema is not None]
    return call.answer({"sObjects": [{"count": count, "name": name} for count, name in sorted(counts) if count]})


def _unless_unchanged(call: Call, content: Callable[[], Any]) -> Response:
    """Return 304 if the client has the current metadata. REST API Developer Guide, "Use Conditional Requests"."""
    changed = int(call.world.changed_at)
    tag = f"{zlib.crc32(f'{changed} {call.version}'.encode()):x}"
    zipped = "gzip" in call.request.headers.get("accept-encoding", "")
    headers = {"ETag": f'"{tag}--gzip"' if zipped else f'"{tag}"', "Last-Modified": http_time(changed)}
    if _knows(call, tag, changed):
        return Response(status_code=304, headers=headers)
    return call.answer(content(), headers=headers)


def _knows(call: Call, tag: str, changed: int) -> bool:
    tags = call.request.headers.get("if-none-match")
    if tags is not None:
        return tag in tags
    since = call.request.headers.get("if-modified-since")
    try:
        return since is not None and parsedate_to_datetime(since).timestamp() >= changed
    except ValueError:
        return False
