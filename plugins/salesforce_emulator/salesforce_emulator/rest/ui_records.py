"""`/ui-api/records`: single records, as user interfaces create and read them.

User Interface API Developer Guide, "Create a Record" and "Get a Record".
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.dml.model import RowResult, Write
from salesforce_emulator.errors import NO_TYPE, ApiError, not_found
from salesforce_emulator.ids import read_id
from salesforce_emulator.org.model import Field
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.soql.selecting import field_shower

_FAILED = "An error occurred while trying to create the record. Please try again."


def create(call: Call) -> Response:
    """POST /ui-api/records. A repeated Idempotency-Key gets the first response again and creates no record."""
    key = call.request.headers.get("idempotency-key")
    if key is None:
        return call.answer(*_create_record(call))
    kept = call.world.idempotency.begin(key, call.session.user_id, call.body)
    if kept.answer is None:
        try:
            content, status, headers = _create_record(call)
        except BaseException:
            call.world.idempotency.forget(key)
            raise
        kept.answer = (status, headers, content)
    status, headers, content = kept.answer
    return call.answer(content, status, headers)


def read(call: Call) -> Response:
    """GET /ui-api/records/ID?fields=Contact.LastName,Contact.Email."""
    record_id = read_id(call.part("id"))
    schema = call.schemas.of_id(record_id) if record_id is not None else None
    row = call.world.store[schema].get(record_id) if schema is not None else None
    if schema is None or row is None or call.world.store[schema].is_deleted(row):
        raise not_found()
    names = [name.partition(".")[2] for name in call.request.query_params.get("fields", "").split(",") if name]
    return call.answer(_describe_record(schema, row, names))


def _create_record(call: Call) -> tuple[Any, int, dict[str, str]]:
    schema, fields = _read_body(call)
    row = call.json_rows.read(schema, fields, call.body.decode(errors="replace"))
    write = Write(schema, "insert", [row], origin=call.origin, terms=call.terms)
    [result] = call.world.execute(write, call.session.user_id)
    if not result.success:
        return _refusal(schema, result), 400, {}
    stored = call.world.store[schema].get(result.record_id)
    assert stored is not None, "the record was created"
    place = f"{call.base}/ui-api/records/{result.record_id}"
    return _describe_record(schema, stored, list(fields)), 201, {"Location": place}


def _read_body(call: Call) -> tuple[Schema, dict[str, Any]]:
    body = call.json()
    name = body.get("apiName") if isinstance(body, dict) else None
    fields = body.get("fields") if isinstance(body, dict) else None
    if not isinstance(name, str) or not isinstance(fields, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must hold apiName and fields")
    schema = call.schemas.find(name)
    if schema is None:
        raise ApiError(400, "INVALID_TYPE", NO_TYPE.format(name))
    if not schema.object.layoutable or schema.object.event_type is not None:
        raise ApiError(400, "INVALID_TYPE", f"Object {schema.name} is not supported in UI API")
    return schema, fields


def _refusal(schema: Schema, result: RowResult) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []
    by_field: dict[str, list[dict[str, Any]]] = {}
    for fault in result.faults:
        name = fault.fields[0] if fault.fields else None
        field = schema.field(name) if name is not None else None
        error = {
            "constituentField": None,
            "duplicateRecordError": None,
            "errorCode": fault.code,
            "field": name,
            "fieldLabel": field.label if field is not None else None,
            "message": fault.message,
        }
        (errors if name is None else by_field.setdefault(name, [])).append(error)
    output = {"errors": errors, "fieldErrors": by_field}
    return [{"enhancedErrorType": "RecordError", "message": _FAILED, "output": output, "statusCode": 400}]


def _describe_record(schema: Schema, row: Row, names: list[str]) -> dict[str, Any]:
    places = [at for name in names if (at := schema.at(name)) is not None]
    fields = {schema.fields[at].name: _value(schema.fields[at], field_shower(schema, at)(row)) for at in places}

    def of(name: str) -> Any:
        at = schema.at(name)
        return None if at is None else row[at]

    return {
        "apiName": schema.name,
        "childRelationships": {},
        "fields": fields,
        "id": row[0],
        "lastModifiedById": of("LastModifiedById"),
        "lastModifiedDate": of("LastModifiedDate"),
        "recordTypeId": of("RecordTypeId"),
        "recordTypeInfo": None,
        "systemModstamp": of("SystemModstamp"),
    }


def _value(field: Field, value: Any) -> dict[str, Any]:
    labels = {one.value: one.label for one in field.picklist_values}
    shown = labels.get(value, value) if field.type in ("picklist", "multipicklist") else None
    return {"displayValue": shown, "value": value}
