"""What follows from a field's type: its SOAP type, its sizes and the flags of SOQL.

Object Reference, "Field Types". The flags are those of recorded describe calls.
"""

from __future__ import annotations

from salesforce_emulator.org.model import Field

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "string": "xsd:string",
    "picklist": "xsd:string",
    "multipicklist": "xsd:string",
    "combobox": "xsd:string",
    "textarea": "xsd:string",
    "phone": "xsd:string",
    "url": "xsd:string",
    "email": "xsd:string",
    "encryptedstring": "xsd:string",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
    "anyType": "xsd:anyType",
    "complexvalue": "xsd:anyType",
}
LENGTHS = {"id": 18, "reference": 18, "picklist": 255, "multipicklist": 4099, "combobox": 255, "textarea": 255}
LENGTHS |= {"phone": 40, "url": 255, "email": 80, "encryptedstring": 175, "string": 255}
NUMBERS = frozenset({"double", "currency", "percent"})
COMPOUND = frozenset({"address", "location"})
_UNGROUPED = frozenset({"datetime", "time", "base64", "multipicklist"}) | NUMBERS | COMPOUND


def is_long(field: Field) -> bool:
    """Return whether the field is long text, which SOQL neither filters nor sorts."""
    return field.type == "textarea" and field.length > 255


def byte_length(field: Field) -> int:
    """Return the describe attribute `byteLength`: three bytes per character of text, 18 for ids."""
    return field.length if SOAP_TYPES[field.type] == "tns:ID" else field.length * 3


def flags(field: Field) -> dict[str, bool]:
    """Return the describe flags that follow from the type."""
    long = is_long(field)
    return {
        "filterable": not long and field.type not in ("encryptedstring", "base64"),
        "sortable": not long and field.type not in COMPOUND and field.type != "multipicklist",
        "groupable": not long and field.type not in _UNGROUPED and not field.auto_number,
        "aggregatable": not long and field.type not in COMPOUND and field.type != "boolean",
    }
