"""The first page: the org, its objects and its recent calls."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.pages.html import Html, element, link, page, table
from salesforce_emulator.world import World


def overview(world: World, request: Request) -> Response:
    """GET /__emulator__/."""
    return page(
        world.org.name,
        _facts(world),
        element("h2", "Objects"),
        table(["Object", "Label", "Records", "In the recycle bin"], _objects(world), "objects"),
        element("h2", "Events"),
        table(["Event", "Label", "Published"], _events(world), "events"),
        element("h2", "Last calls"),
        table(["Time", "Method", "Path", "Status"], _last(world), "last"),
        element("h2", "All calls"),
        table(["Call", "Times"], sorted(world.stats()["calls"].items()), "calls"),
    )


def _facts(world: World) -> Html:
    limits = world.limits()
    facts = [
        ("Org", world.org.id),
        ("Instance", world.hosts.instance),
        ("Login", world.hosts.login),
        ("Client id", world.org.application.client_id),
        ("User", world.org.username),
        ("Time", f"{datetime.fromtimestamp(world.clock.now(), UTC):%Y-%m-%d %H:%M:%S} UTC"),
    ]
    facts += [
        (name, f"{limits[name]['Remaining']:,} of {limits[name]['Max']:,} left")
        for name in ("DailyApiRequests", "DailyBulkApiBatches", "HourlyPublishedPlatformEvents", "DataStorageMB")
        if name in limits
    ]
    return table(["", ""], facts, "facts")


def _objects(world: World) -> list[list[object]]:
    with world.engine.lock:
        tables = [world.store[schema] for schema in world.schemas.all if schema.object.event_type is None]
        return [
            [
                link(["objects", one.schema.name], one.schema.name),
                one.schema.object.label,
                one.count,
                len(one.rows) - one.count,
            ]
            for one in sorted(tables, key=lambda one: (-one.count, one.schema.name))
        ]


def _events(world: World) -> list[list[object]]:
    names = [schema for schema in world.schemas.all if schema.object.event_type is not None]
    return [
        [link(["objects", schema.name], schema.name), schema.object.label, len(world.events(schema.name)["events"])]
        for schema in names
    ]


def _last(world: World) -> list[list[object]]:
    return [
        [f"{datetime.fromtimestamp(one.at, UTC):%H:%M:%S}", one.method, one.path, one.status or "no answer"]
        for one in world.audit.last()
    ]
