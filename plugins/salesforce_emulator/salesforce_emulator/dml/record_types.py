"""The record type of a record, and the picklist values that it allows.

Help, "Record Types"; Object Reference, "RecordType".
"""

from __future__ import annotations

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.ids import read_id
from salesforce_emulator.org.model import RecordType, Value
from salesforce_emulator.schema import Row, Schema

MASTER = "012000000000000AAA"


def choose_record_type(schema: Schema, values: dict[int, Value], trusted: bool) -> RecordType | None:
    """Return the record type that a row names. Raises RowRefused if the user may not choose it."""
    at = schema.at("RecordTypeId")
    record_id = values.get(at) if at is not None else None
    if not schema.object.record_types or record_id is None or at is None:
        return None
    if record_id == MASTER:
        values[at] = None
        return None
    found = by_id(schema, record_id)
    if found is None or not (trusted or (found.active and found.available)):
        message = f"Record Type ID: this ID value isn't valid for the user: {record_id}"
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", message, ["RecordTypeId"])
    return found


def default(schema: Schema, person: bool) -> RecordType | None:
    """Return the record type of a record that names none."""
    types = schema.object.record_types
    return next((one for one in types if one.default and one.active and one.person == person), None)


def of_record(schema: Schema, record: Row) -> RecordType | None:
    """Return the record type of a record."""
    at = schema.at("RecordTypeId")
    return None if at is None else by_id(schema, record[at])


def check_picklist_values(schema: Schema, type_: RecordType | None, values: dict[int, Value]) -> None:
    """Refuse values of restricted picklists that the record type does not offer. Raises RowRefused."""
    for name, choices in type_.picklists.items() if type_ is not None else ():
        at = schema.at(name)
        value = values.get(at) if at is not None else None
        if at is None or value is None or not schema.fields[at].restricted_picklist:
            continue
        for part in str(value).split(";"):
            if part not in choices:
                field = schema.fields[at]
                message = f"{field.label}: bad value for restricted picklist field: {part}"
                raise RowRefused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])


def by_id(schema: Schema, record_id: Value) -> RecordType | None:
    """Return the record type with this id."""
    wanted = read_id(str(record_id))
    return next((one for one in schema.object.record_types if one.id == wanted), None)
