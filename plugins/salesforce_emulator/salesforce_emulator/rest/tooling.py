"""`/tooling/query` and single records of the Tooling API. Tooling API Developer Guide, "REST Resources"."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from salesforce_emulator import components
from salesforce_emulator.call import Call
from salesforce_emulator.describe import describe, describe_global
from salesforce_emulator.errors import ApiError, RowRefused, not_found
from salesforce_emulator.ids import read_id
from salesforce_emulator.rest.queries import asks_for_columns, continue_query, page_size, start_query
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.selecting import attributes

_WRITABLE = frozenset({"CustomField", "GlobalValueSet"})


def objects(call: Call) -> Response:
    """GET /tooling/sobjects: a summary of the setup objects."""
    schemas = call.world.tooling(call.session.user_id, call.version).schemas
    return call.answer(describe_global(schemas, f"{call.base}/tooling"))


def object_described(call: Call) -> Response:
    """GET /tooling/sobjects/OBJECT/describe."""
    schemas = call.world.tooling(call.session.user_id, call.version).schemas
    schema = schemas.find(call.part("object"))
    if schema is None:
        raise not_found()
    return call.answer(describe(schema, schemas, f"{call.base}/tooling"))


def query(call: Call) -> Response:
    """Return the first page of a query on setup objects."""
    found = start_query(call, lambda q: call.world.tooling(call.session.user_id, call.version).query(q, call.version))
    if asks_for_columns(call):
        return call.answer(found.columns())
    return _page(call, found, None, 0)


def more(call: Call) -> Response:
    """Return a further page."""
    return _page(call, *continue_query(call))


def read(call: Call) -> Response:
    """GET /tooling/sobjects/OBJECT/ID: every field."""
    schema, row = _find_record(call)
    fields = {schema.fields[at].name: row[at] for at in schema.visible}
    return call.answer(_with_tooling_urls({"attributes": attributes(schema, row, call.version), **fields}))


def _find_record(call: Call) -> tuple[Schema, Row]:
    catalogue = call.world.tooling(call.session.user_id, call.version)
    schema = catalogue.schemas.find(call.part("object"))
    row = catalogue.store[schema].get(read_id(call.part("id"))) if schema is not None else None
    if schema is None or row is None:
        raise not_found()
    return schema, row


def update(call: Call) -> Response:
    """PATCH /tooling/sobjects/OBJECT/ID: replace its whole metadata."""
    schema, row = _find_record(call)
    if schema.name not in _WRITABLE:
        allowed = "HTTP Method 'PATCH' not allowed. Allowed are HEAD,GET"
        raise ApiError(405, "METHOD_NOT_ALLOWED", allowed)
    if not call.permissions.customize_application:
        raise ApiError(
            403, "INSUFFICIENT_ACCESS", "insufficient access rights on entity: Customize Application is required"
        )
    full_name = str(row[schema.position["fullname"]])
    try:
        writing = components.Writing(call.origin, call.session.user_id)
        components.write(call.world, writing, schema.name, full_name, _tree(call, full_name))
    except RowRefused as refusal:
        raise ApiError.of_row(400, (refusal.fault,)) from refusal
    return Response(status_code=204)


def _tree(call: Call, full_name: str) -> dict[str, Any]:
    body = call.json()
    tree = body.get("Metadata") if isinstance(body, dict) else None
    if not isinstance(tree, dict):
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", ["Metadata"])
    if body.get("FullName", full_name) != full_name:
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"FullName: {full_name} cannot be renamed")
    return tree


def _page(call: Call, found: Found, cursor: str | None, start: int) -> Response:
    end = start + page_size(call)
    records = [_with_tooling_urls(record) for record in found.page(start, end - start)]
    done = end >= len(found.rows)
    locator = None if done else f"{cursor or call.world.cursors.keep(found)}-{end}"
    answer: dict[str, Any] = {"size": found.total if found.query.counts else len(records)}
    answer |= {"totalSize": found.total, "done": done, "queryLocator": locator}
    if locator is not None:
        answer["nextRecordsUrl"] = f"{call.base}/tooling/query/{locator}"
    return call.answer({**answer, "entityTypeName": found.object_name, "records": records})


def _with_tooling_urls(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record, and the records in it, with their URLs in the Tooling API."""
    shown = {name: _with_tooling_urls(value) if _is_record(value) else value for name, value in record.items()}
    url = record["attributes"].get("url", "").replace("/sobjects/", "/tooling/sobjects/")
    return {**shown, "attributes": {**record["attributes"], **({"url": url} if url else {})}}


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and "attributes" in value
