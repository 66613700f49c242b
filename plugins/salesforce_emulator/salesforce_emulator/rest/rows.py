"""Single records: `/sobjects/OBJECT`, by id and by key.

REST API Developer Guide, "sObject Rows" and "sObject Rows by External ID".
"""

from __future__ import annotations

import base64
from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.dml.model import Operation, RowInput, RowResult, Write
from salesforce_emulator.dml.references import find_matching
from salesforce_emulator.errors import ApiError, RowRefused, not_found
from salesforce_emulator.ids import read_id
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.soql.selecting import attributes, field_shower
from salesforce_emulator.values import WrongType

_MISSING = {"ENTITY_IS_DELETED": 404, "INVALID_CROSS_REFERENCE_KEY": 404, "NOT_FOUND": 404}


def create(call: Call) -> Response:
    """POST /sobjects/OBJECT, and POST /sobjects/OBJECT/Id."""
    schema = schema_of(call)
    result = _execute_row(call, schema, "insert", _row(call, schema))
    headers = {"Location": _place(call, schema, str(result.record_id))}
    notices = [notice.in_collection() for notice in result.notices]
    return call.answer({"id": result.record_id, "success": True, "errors": notices}, 201, headers)


def read(call: Call) -> Response:
    """GET /sobjects/OBJECT/ID."""
    schema = schema_of(call)
    return _answer_record(call, schema, _by_id(call, schema))


def update(call: Call) -> Response:
    """PATCH /sobjects/OBJECT/ID."""
    schema = schema_of(call)
    row = _row(call, schema, "Id")
    row.record_id = _id(call, schema)
    _execute_row(call, schema, "update", row, missing=True)
    return Response(status_code=204)


def delete(call: Call) -> Response:
    """DELETE /sobjects/OBJECT/ID."""
    schema = schema_of(call)
    _execute_row(call, schema, "delete", RowInput(record_id=_id(call, schema)), missing=True)
    return Response(status_code=204)


def read_by_key(call: Call) -> Response:
    """GET /sobjects/OBJECT/FIELD/VALUE, or GET /sobjects/OBJECT/ID/FIELD for the content of a file."""
    schema = schema_of(call)
    file = schema.field(call.part("value"))
    if file is not None and file.type == "base64" and read_id(call.part("field")) is not None:
        return _content(call, schema, file)
    found = _by_key(call, schema)
    if len(found) > 1:
        return _several(call, schema, found)
    if not found:
        raise not_found()
    return _answer_record(call, schema, found[0])


def upsert(call: Call) -> Response:
    """PATCH /sobjects/OBJECT/FIELD/VALUE: 201 created, 200 updated (204 before v46.0), 300 several matches."""
    schema = schema_of(call)
    at = key_place(schema, call.part("field"))
    row = _row(call, schema, schema.fields[at].name)
    found = _by_key(call, schema)
    if len(found) > 1:
        return _several(call, schema, found)
    update_only = call.request.query_params.get("updateOnly", "").lower() == "true"
    if at == 0:
        row.record_id = call.part("value")
        result = _execute_row(call, schema, "update", row, missing=True)
    else:
        row.values[at] = _key_value(call, schema, at)
        result = _execute_row(call, schema, "upsert", row, key_at=at, update_only=update_only)
    says_created = float(call.version) >= 46
    if not result.created and not says_created:
        return Response(status_code=204)
    answer: dict[str, Any] = {"id": result.record_id, "success": True, "errors": []}
    headers = {"Location": _place(call, schema, str(result.record_id))}
    whole = {**answer, "created": result.created} if says_created else answer
    return call.answer(whole, 201 if result.created else 200, headers)


def delete_by_key(call: Call) -> Response:
    """DELETE /sobjects/OBJECT/FIELD/VALUE."""
    schema = schema_of(call)
    found = _by_key(call, schema)
    if len(found) > 1:
        return _several(call, schema, found)
    if not found:
        raise not_found()
    _execute_row(call, schema, "delete", RowInput(record_id=str(found[0][0])), missing=True)
    return Response(status_code=204)


def key_place(schema: Schema, name: str) -> int:
    """Return the position of a field that may match records. Raises ApiError 404."""
    at = schema.at(name)
    if at is None or not schema.fields[at].id_lookup:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return at


def _key_value(call: Call, schema: Schema, at: int) -> Value:
    try:
        return schema.readers[at](call.part("value"))
    except (WrongType, RowRefused):
        raise not_found() from None


def _by_key(call: Call, schema: Schema) -> list[Row]:
    at = key_place(schema, call.part("field"))
    value = _key_value(call, schema, at)
    with call.world.engine.lock:
        return find_matching(call.world.store[schema], at, value)


def _row(call: Call, schema: Schema, key: str | None = None) -> RowInput:
    record = call.json()
    if not isinstance(record, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must be one record")
    if key is not None and key.lower() in {name.lower() for name in record}:
        message = f"The {key} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    return call.json_rows.read(schema, record, call.body.decode(errors="replace"))


def _execute_row(
    call: Call,
    schema: Schema,
    operation: Operation,
    row: RowInput,
    key_at: int = 0,
    update_only: bool = False,
    missing: bool = False,
) -> RowResult:
    write = Write(
        schema, operation, [row], key_at=key_at, update_only=update_only, origin=call.origin, terms=call.terms
    )
    result = call.world.execute(write, call.session.user_id)[0]
    if result.faults:
        code = result.faults[0].code
        # A reference to a missing record has the same code as a missing row. Its call gets 400, not 404.
        of_row = (missing and _is_gone(call, schema, row)) or code == "NOT_FOUND"
        status = _MISSING.get(code, 400) if of_row else 400
        raise ApiError.of_row(403 if code == "INSUFFICIENT_ACCESS_OR_READONLY" else status, result.faults)
    return result


def _is_gone(call: Call, schema: Schema, row: RowInput) -> bool:
    table = call.world.store[schema]
    stored = table.get(read_id(row.record_id or ""))
    return stored is None or table.is_deleted(stored)


def _id(call: Call, schema: Schema) -> str:
    text = call.part("id")
    if read_id(text) is None:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {text}")
    return text


def _content(call: Call, schema: Schema, file: Field) -> Response:
    row = _live(call, schema, read_id(call.part("field")))
    text = row[schema.position[file.name.lower()]]
    return Response(base64.b64decode(str(text or "")), media_type="application/octet-stream")


def _by_id(call: Call, schema: Schema) -> Row:
    return _live(call, schema, read_id(_id(call, schema)))


def _live(call: Call, schema: Schema, record_id: str | None) -> Row:
    table = call.world.store[schema]
    row = table.get(record_id)
    # A deleted record gets the same answer as one that never existed.
    if row is None or table.is_deleted(row):
        raise not_found()
    return row


def _answer_record(call: Call, schema: Schema, row: Row) -> Response:
    names = call.request.query_params.get("fields")
    places = schema.visible if not names else [_column(schema, name) for name in names.split(",")]
    with call.world.engine.lock:
        values: dict[str, Any] = {schema.fields[at].name: field_shower(schema, at, call.version)(row) for at in places}
    return call.answer({"attributes": attributes(schema, row, call.version), **values})


def _column(schema: Schema, name: str) -> int:
    at = schema.at(name.strip())
    if at is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {schema.name}")
    return at


def _several(call: Call, schema: Schema, found: list[Row]) -> Response:
    return call.answer([_place(call, schema, str(row[0])) for row in found], 300)


def _place(call: Call, schema: Schema, record_id: str) -> str:
    return f"{call.base}/sobjects/{schema.name}/{record_id}"
