"""The pages with the records of one object, one record, or the events of one name."""

from __future__ import annotations

import json
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from salesforce_emulator.ids import read_id
from salesforce_emulator.pages.html import Html, element, link, page, table
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.soql.selecting import field_shower
from salesforce_emulator.world import World

_PAGE = 100
_LAST = ("OwnerId", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
_HOME = link([], "Org")


def records(world: World, request: Request) -> Response:
    """GET /__emulator__/objects/OBJECT?page=1: the newest records first, with the fields that have values."""
    schema = world.schemas.find(request.path_params["object"])
    if schema is None:
        return _show_not_found(request.path_params["object"])
    if schema.object.event_type is not None:
        return _show_events(world, schema)
    asked = request.query_params.get("page", "1")
    number = max(int(asked), 1) if asked.isdigit() else 1
    with world.engine.lock:
        found = world.store[schema]
        total = len(found.rows)
        rows = list(islice(reversed(found.rows.values()), (number - 1) * _PAGE, number * _PAGE))
        places = _find_filled_columns(schema, rows)
        shown = [[_value(world, schema, row, at) for at in places] for row in rows]
        gone = [found.is_deleted(row) for row in rows]
    head = [schema.fields[at].name for at in places]
    count = element("p", f"{total:,} records, those in the recycle bin struck through.")
    return page(schema.name, count, table(head, shown, "records", gone), _pages(schema, number, total), trail=[_HOME])


def record(world: World, request: Request) -> Response:
    """GET /__emulator__/objects/OBJECT/ID: every field."""
    schema = world.schemas.find(request.path_params["object"])
    row = world.store[schema].get(read_id(request.path_params["id"])) if schema is not None else None
    if schema is None or row is None:
        return _show_not_found(request.path_params["id"])
    with world.engine.lock:
        fields = [
            (schema.fields[at].name, schema.fields[at].label, _value(world, schema, row, at)) for at in _order(schema)
        ]
    trail = [_HOME, link(["objects", schema.name], schema.name)]
    return page(str(row[0]), table(["Field", "Label", "Value"], fields, "fields"), trail=trail)


def _show_events(world: World, schema: Schema) -> Response:
    events = [
        [one["replayId"], one["createdDate"], one["eventUuid"], json.dumps(one["payload"], ensure_ascii=False)]
        for one in reversed(world.events(schema.name)["events"])
    ]
    head = ["Replay id", "Created", "UUID", "Payload"]
    return page(schema.name, table(head, events[:_PAGE], "records"), trail=[_HOME])


def _show_not_found(name: str) -> Response:
    response = page("Not found", element("p", f"The org has no {name}."), trail=[_HOME])
    response.status_code = 404
    return response


def _order(schema: Schema) -> list[int]:
    """Return the positions of the fields. The fields that every object has come last."""
    return sorted(schema.visible, key=lambda at: schema.fields[at].name in _LAST)


def _find_filled_columns(schema: Schema, rows: list[Row]) -> list[int]:
    """Return the positions of the fields in which at least one row has a value."""
    empty = (None, False)
    return [at for at in _order(schema) if at == 0 or any(row[at] not in empty for row in rows)]


def _value(world: World, schema: Schema, row: Row, at: int) -> object:
    value = field_shower(schema, at)(row)
    if at == 0:
        return link(["objects", schema.name, str(value)], value)
    if schema.fields[at].type == "reference" and value is not None:
        target = world.schemas.of_id(str(value))
        return value if target is None else link(["objects", target.name, str(value)], value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _pages(schema: Schema, number: int, total: int) -> Html:
    last = max((total + _PAGE - 1) // _PAGE, 1)
    near = [("Newer", number - 1), ("Older", number + 1)]
    links = [
        element("a", word, href=f"/__emulator__/objects/{schema.name}?page={at}", rel=word.lower())
        for word, at in near
        if 1 <= at <= last
    ]
    spaced = [part for one in links for part in (one, Html(" "))]
    return element("p", [*spaced, f"Page {number} of {last}"])
