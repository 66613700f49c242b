"""sObject Collections: up to 200 records in one call, with one result per record, in order.

REST API Developer Guide, "sObject Collections".
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.dml.mixing import Read, TooManyTypes, execute_mixed
from salesforce_emulator.dml.model import Operation, RowInput, RowResult, Write
from salesforce_emulator.errors import NO_TYPE, ApiError, RowFault
from salesforce_emulator.ids import read_id
from salesforce_emulator.json_rows import no_attributes
from salesforce_emulator.rest.resources import schema_of
from salesforce_emulator.rest.rows import key_place
from salesforce_emulator.schema import Schema
from salesforce_emulator.soql.selecting import attributes, field_shower

_MOST = 200
_MOST_READ = 2000


def create(call: Call) -> Response:
    """POST /composite/sobjects."""
    return _write_mixed(call, "insert")


def update(call: Call) -> Response:
    """PATCH /composite/sobjects."""
    return _write_mixed(call, "update")


def upsert(call: Call) -> Response:
    """PATCH /composite/sobjects/OBJECT/FIELD."""
    schema = schema_of(call)
    at = key_place(schema, call.part("field"))
    body, records = _records(call)
    rows = [_of_type(call, schema, record) for record in records]
    write = Write(
        schema,
        "upsert",
        rows,
        key_at=at,
        update_only=call.request.query_params.get("updateOnly", "").lower() == "true",
        origin=call.origin,
        terms=call.terms,
    )
    results = (
        _execute_rows(call, write) if body.get("allOrNone") is True else call.world.execute(write, call.session.user_id)
    )
    return call.answer([{**_describe_result(result), "created": result.created} for result in results])


def _execute_rows(call: Call, write: Write) -> list[RowResult]:
    [results] = call.world.engine.execute_together([write], call.session.user_id)
    return results


def delete(call: Call) -> Response:
    """DELETE /composite/sobjects?ids=..."""
    ids = [text for text in call.request.query_params.get("ids", "").split(",") if text]
    _check_count(len(ids))
    all_or_none = call.request.query_params.get("allOrNone", "").lower() == "true"
    reads = [_find_by_id(call, text) for text in ids]
    return call.answer([_describe_result(result) for result in _execute_reads(call, "delete", reads, all_or_none)])


def retrieve(call: Call) -> Response:
    """GET and POST /composite/sobjects/OBJECT: records by id, or null for ids without a record."""
    schema = schema_of(call)
    ids, names = _read_ids_and_fields(call)
    if len(ids) > _MOST_READ:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot retrieve more than {_MOST_READ}")
    places = []
    for name in names:
        at = schema.at(name)
        if at is None:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {schema.name}")
        places.append(at)
    with call.world.engine.lock:
        return call.answer([_read_record(call, schema, text, places) for text in ids])


def _read_ids_and_fields(call: Call) -> tuple[list[str], list[str]]:
    if call.request.method == "POST":
        body = call.json()
        if not isinstance(body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The body must hold ids and fields")
        return [str(text) for text in body.get("ids", [])], [str(name) for name in body.get("fields", [])]
    query = call.request.query_params
    return [text for text in query.get("ids", "").split(",") if text], [
        name for name in query.get("fields", "").split(",") if name
    ]


def _read_record(call: Call, schema: Schema, text: str, places: list[int]) -> dict[str, Any] | None:
    table = call.world.store[schema]
    row = table.get(read_id(text))
    if row is None or table.is_deleted(row):
        return None
    fields = {schema.fields[at].name: field_shower(schema, at, call.version)(row) for at in places}
    return {"attributes": attributes(schema, row, call.version), **fields}


def _write_mixed(call: Call, operation: Operation) -> Response:
    body, records = _records(call)
    reads = [_read_typed(call, record) for record in records]
    results = _execute_reads(call, operation, reads, body.get("allOrNone") is True)
    return call.answer([_describe_result(result) for result in results])


def _records(call: Call) -> tuple[dict[str, Any], list[Any]]:
    body = call.json()
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must hold a list of records")
    _check_count(len(records))
    return body, records


def _check_count(count: int) -> None:
    if not count:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if count > _MOST:
        message = f"record limit reached. cannot submit more than {_MOST} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _read_typed(call: Call, record: Any) -> Read:
    named = _type_of(record)
    if named is None:
        return Read(None, RowInput(fault=no_attributes()))
    schema = call.schemas.find(named)
    if schema is None:
        return Read(None, RowInput(fault=RowFault("INVALID_TYPE", NO_TYPE.format(named))))
    return Read(schema, call.json_rows.read(schema, record, call.body.decode(errors="replace")))


def _of_type(call: Call, schema: Schema, record: Any) -> RowInput:
    named = _type_of(record)
    if named is None:
        return RowInput(fault=no_attributes())
    if call.schemas.find(named) is not schema:
        message = f"The type of the record, {named}, is not the type of the request, {schema.name}"
        return RowInput(fault=RowFault("INVALID_TYPE", message))
    return call.json_rows.read(schema, record, call.body.decode(errors="replace"))


def _type_of(record: Any) -> str | None:
    described = record.get("attributes") if isinstance(record, dict) else None
    named = described.get("type") if isinstance(described, dict) else None
    return named if isinstance(named, str) else None


def _find_by_id(call: Call, text: str) -> Read:
    record_id = read_id(text)
    schema = call.schemas.of_id(record_id) if record_id is not None else None
    if schema is None:
        return Read(None, RowInput(fault=RowFault("MALFORMED_ID", f"malformed id {text}")))
    return Read(schema, RowInput(record_id=text))


def _execute_reads(call: Call, operation: Operation, reads: list[Read], all_or_none: bool) -> list[RowResult]:
    def write(schema: Schema, rows: list[RowInput]) -> Write:
        return Write(schema, operation, rows, origin=call.origin, terms=call.terms)

    try:
        return execute_mixed(call.world.engine, call.session.user_id, reads, write, all_or_none)
    except TooManyTypes as error:
        raise ApiError(400, "EXCEEDED_MAX_TYPES_LIMIT", str(error)) from error


def _describe_result(result: RowResult) -> dict[str, Any]:
    if not result.success:
        return {"success": False, "errors": [fault.in_collection() for fault in result.faults]}
    return {"id": result.record_id, "success": True, "errors": [notice.in_collection() for notice in result.notices]}
