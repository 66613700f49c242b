"""Records in the format of the partner API: a type, fields to set to null, an id and any fields.

SOAP API Developer Guide, "sObject", "Setting Values to null" and "AllowFieldTruncationHeader".
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.dml.model import RowInput
from salesforce_emulator.errors import NO_TYPE, RowRefused
from salesforce_emulator.schema import Schema
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.endpoint import SoapCall
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.values import WrongType
from salesforce_emulator.xml_bodies import local

_CUT = frozenset({"string", "textarea", "email", "phone", "picklist", "multipicklist", "encryptedstring"})
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_sobject(call: SoapCall, element: ElementTree.Element) -> tuple[Schema, RowInput]:
    """Return the object and the row of an sObject.

    Raises SoapFault if Salesforce refuses the whole call because of it.
    """
    record = _record(element)
    schema = schema_named(call, record["attributes"]["type"])
    if call.message.says("AllowFieldTruncationHeader", "allowFieldTruncation"):
        record = {name: _cut(schema, name, value) for name, value in record.items()}
    row = RowInput()
    try:
        call.call.json_rows.fill(row, schema, record)
    except WrongType as wrong:
        raise SoapFault(None, f"'{wrong.raw}' is not a valid value for the type xsd:{wrong.type}") from wrong
    except RowRefused as refusal:
        if refusal.fault.code == "INVALID_FIELD":
            raise SoapFault(refusal.fault.code, refusal.fault.message) from refusal
        row.fault = refusal.fault
    return schema, row


def _cut(schema: Schema, name: str, value: Any) -> Any:
    field = schema.field(name)
    return value[: field.length] if field is not None and field.type in _CUT and isinstance(value, str) else value


def schema_named(call: SoapCall, name: str) -> Schema:
    """Return the object with this name. Raises SoapFault."""
    schema = call.call.schemas.find(name)
    if schema is None:
        raise SoapFault("INVALID_TYPE", NO_TYPE.format(name))
    return schema


def _record(element: ElementTree.Element) -> dict[str, Any]:
    """Return the record in the form of JSON: the type under `attributes`, and parents nested."""
    record: dict[str, Any] = {"attributes": {"type": ""}}
    for child in element:
        name = local(child)
        if name == "type":
            record["attributes"]["type"] = (child.text or "").strip()
        elif name == "fieldsToNull":
            record[(child.text or "").strip()] = None
        elif len(child):
            record[name] = _record(child)
        elif child.get(_NIL) != "true":
            record[name] = child.text or ""
    return record


def put_sobject(parent: ElementTree.Element, name: str, record: dict[str, Any]) -> None:
    """Write a record of an answer. Its id precedes the fields, and appears again if it is one of them."""
    element = ElementTree.SubElement(parent, name, {"xsi:type": "sf:sObject"})
    put(element, "sf:type", record["attributes"]["type"])
    put(element, "sf:Id", record["attributes"].get("id") or record.get("Id"))
    for field, value in record.items():
        if field != "attributes":
            _put_field(element, f"sf:{field}", value)


def put_result(
    parent: ElementTree.Element, name: str, records: list[dict[str, Any]], size: int, locator: str | None
) -> None:
    """Write a page of a query result. `locator` leads to the next page."""
    result = ElementTree.SubElement(parent, name, {"xsi:type": "QueryResult"})
    put(result, "done", locator is None)
    put(result, "queryLocator", locator)
    for record in records:
        put_sobject(result, "records", record)
    put(result, "size", size)


def _put_field(parent: ElementTree.Element, name: str, value: Any) -> None:
    if not isinstance(value, dict):
        put(parent, name, _format_datetime(value))
    elif "attributes" in value:
        put_sobject(parent, name, value)
    elif "records" in value:
        put_result(parent, name, value["records"], value["totalSize"], None)
    else:
        compound = ElementTree.SubElement(parent, name)
        for part, item in value.items():
            put(compound, f"sf:{part}", item)


def _format_datetime(value: Any) -> Any:
    """Return a datetime with the ending Z, which this API uses. Return other values unchanged."""
    return value.removesuffix("+0000") + "Z" if isinstance(value, str) and value.endswith(".000+0000") else value
