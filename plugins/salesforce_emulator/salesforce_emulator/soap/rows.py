"""create, update, upsert and delete: up to 200 records in one call, with one result per record, in order."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from salesforce_emulator.dml import model
from salesforce_emulator.dml.mixing import Read, TooManyTypes, execute_mixed
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.errors import RowFault
from salesforce_emulator.ids import read_id
from salesforce_emulator.schema import Schema
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.soap.sobjects import put_sobject, read_sobject, schema_named
from salesforce_emulator.soql.selecting import field_shower
from salesforce_emulator.xml_bodies import local, texts

_MOST = 200


def create(call: SoapCall, response: ElementTree.Element) -> None:
    """Insert records."""
    _write_rows(call, response, "insert")


def update(call: SoapCall, response: ElementTree.Element) -> None:
    """Update records by id."""
    _write_rows(call, response, "update")


def upsert(call: SoapCall, response: ElementTree.Element) -> None:
    """Upsert records by an external id."""
    key = texts(call.message.operation).get("externalIDFieldName", "")
    for result in _execute_rows(call, "upsert", _sobjects(call), key):
        element = ElementTree.SubElement(response, "result")
        put(element, "created", result.created)
        _put_outcome(element, result)


def delete(call: SoapCall, response: ElementTree.Element) -> None:
    """Delete records by id."""
    for result in _execute_rows(call, "delete", [_find_by_id(call, text) for text in _ids(call)]):
        _put_outcome(ElementTree.SubElement(response, "result"), result)


def undelete(call: SoapCall, response: ElementTree.Element) -> None:
    """Restore records from the recycle bin."""
    for result in _execute_rows(call, "undelete", [_find_by_id(call, text) for text in _ids(call)]):
        _put_outcome(ElementTree.SubElement(response, "result"), result)


def empty_recycle_bin(call: SoapCall, response: ElementTree.Element) -> None:
    """Remove deleted records permanently."""
    for result in _execute_rows(call, "hardDelete", [_of_bin(call, text) for text in _ids(call)]):
        _put_outcome(ElementTree.SubElement(response, "result"), result)


def _of_bin(call: SoapCall, text: str) -> Read:
    read = _find_by_id(call, text)
    table = call.world.store[read.schema] if read.schema is not None else None
    row = table.get(read_id(text)) if table is not None else None
    if table is not None and row is not None and not table.is_deleted(row):
        read.row.fault = RowFault("INVALID_ID_FIELD", "Entity is not in the recycle bin")
    return read


def retrieve(call: SoapCall, response: ElementTree.Element) -> None:
    """Write records by id. An id without a record becomes nil."""
    facts = texts(call.message.operation)
    schema = schema_named(call, facts.get("sObjectType", ""))
    places = [_column(schema, name.strip()) for name in facts.get("fieldList", "").split(",")]
    table = call.world.store[schema]
    with call.world.engine.lock:
        for text in _ids(call):
            row = table.get(read_id(text))
            if row is None or table.is_deleted(row):
                put(response, "result", None)
                continue
            shown = {schema.fields[at].name: field_shower(schema, at)(row) for at in places}
            put_sobject(response, "result", {"attributes": {"type": schema.name, "id": row[0]}, **shown})


def put_errors(element: ElementTree.Element, faults: Sequence[RowFault]) -> None:
    """Write the errors of one result."""
    for fault in faults:
        error = ElementTree.SubElement(element, "errors")
        for name in fault.fields or ():
            put(error, "fields", name)
        put(error, "message", fault.message)
        put(error, "statusCode", fault.code)


def check_count(count: int, most: int = _MOST) -> None:
    """Raise SoapFault for a call with too many records."""
    if count > most:
        message = f"record limit reached. cannot submit more than {most} records in this operation"
        raise SoapFault("EXCEEDED_ID_LIMIT", message)


def _write_rows(call: SoapCall, response: ElementTree.Element, operation: model.Operation) -> None:
    for result in _execute_rows(call, operation, _sobjects(call)):
        _put_outcome(ElementTree.SubElement(response, "result"), result)


def _put_outcome(element: ElementTree.Element, result: RowResult) -> None:
    put_errors(element, result.faults or result.notices)
    put(element, "id", result.record_id)
    put(element, "success", result.success)


def _sobjects(call: SoapCall) -> list[Read]:
    elements = [child for child in call.message.operation if local(child) == "sObjects"]
    return [Read(*read_sobject(call, element)) for element in elements]


def _ids(call: SoapCall) -> list[str]:
    return [(child.text or "").strip() for child in call.message.operation if local(child).lower() == "ids"]


def _find_by_id(call: SoapCall, text: str) -> Read:
    record_id = read_id(text)
    schema = call.call.schemas.of_id(record_id) if record_id is not None else None
    if schema is None:
        return Read(None, RowInput(fault=RowFault("MALFORMED_ID", f"malformed id {text}")))
    return Read(schema, RowInput(record_id=text))


def _execute_rows(
    call: SoapCall, operation: model.Operation, reads: list[Read], key: str | None = None
) -> list[RowResult]:
    check_count(len(reads))

    def build_write(schema: Schema, rows: list[RowInput]) -> Write:
        key_at = _find_key_position(schema, key) if key is not None else 0
        return Write(schema, operation, rows, key_at=key_at, origin=call.call.origin, terms=call.terms)

    all_or_none = call.message.says("AllOrNoneHeader", "allOrNone")
    try:
        return execute_mixed(call.world.engine, call.call.session.user_id, reads, build_write, all_or_none)
    except TooManyTypes as error:
        raise SoapFault("EXCEEDED_MAX_TYPES_LIMIT", str(error)) from error


def _find_key_position(schema: Schema, name: str) -> int:
    at = schema.at(name)
    if at is None or not schema.fields[at].id_lookup:
        message = f"Field name provided, {name} does not match an External ID for {schema.name}"
        raise SoapFault("INVALID_FIELD", message)
    return at


def _column(schema: Schema, name: str) -> int:
    at = schema.at(name)
    if at is None:
        raise SoapFault("INVALID_FIELD", f"No such column '{name}' on sobject of type {schema.name}")
    return at
