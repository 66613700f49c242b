"""Checks of a row before it is written."""

from __future__ import annotations

from collections.abc import Collection

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.ids import read_id
from salesforce_emulator.keys import key_of
from salesforce_emulator.org.model import ObjectType, Value
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.store import Table

READ_ONLY = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is "
    "read/write for your profile or permission set."
)


def entity(seen: ObjectType, whole: ObjectType, able: str, word: str) -> None:
    """Refuse an operation that the user may not do (`seen`) or that the object never allows (`whole`)."""
    if getattr(seen, able):
        return
    if getattr(whole, able):
        raise RowRefused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    raise RowRefused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be {word}: {seen.label}")


def check_permitted(schema: Schema, values: dict[int, Value], closed: frozenset[int]) -> None:
    """Refuse a row that writes a field which is read-only in this operation."""
    refused = closed & values.keys()
    if refused:
        names = [schema.fields[at].name for at in sorted(refused)]
        raise RowRefused("INVALID_FIELD_FOR_INSERT_UPDATE", READ_ONLY.format(", ".join(names)), names)


def complete(schema: Schema, values: dict[int, Value]) -> None:
    """Refuse a new row without a required field."""
    refuse_missing(schema, [at for at in sorted(schema.required_on_create) if values.get(at) is None])


def not_emptied(schema: Schema, values: dict[int, Value]) -> None:
    """Refuse null for a boolean or a required field."""
    if None not in values.values():
        return
    emptied = [at for at, value in values.items() if value is None]
    for at in emptied:
        field = schema.fields[at]
        if field.type == "boolean":
            message = f"{field.label}: value not of required type: "
            raise RowRefused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])
    refuse_missing(schema, [at for at in emptied if at in schema.required])


def refuse_missing(schema: Schema, places: Collection[int]) -> None:
    """Raise RowRefused if any required fields are missing."""
    if places:
        names = [schema.fields[at].name for at in places]
        raise RowRefused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def unique(table: Table, values: dict[int, Value], row: Row | None) -> None:
    """Refuse a value that another record holds in a unique field."""
    for at, index in table.indexes.items():
        field = table.schema.fields[at]
        value = values.get(at)
        if value is None or not field.unique:
            continue
        for other in index.find(value):
            if other is not row and key_of(field, other[at]) == key_of(field, value):
                taken = f"{field.name} duplicates value on record with id: {str(other[0])[:15]}"
                raise RowRefused("DUPLICATE_VALUE", f"duplicate value found: {taken}")


def check_id(schema: Schema, text: str | None) -> str:
    """Return the 18-character form of a row's id.

    Raises RowRefused if the id is missing, malformed or of another object.
    """
    if not text:
        raise RowRefused("MISSING_ARGUMENT", "Id not specified in an update call")
    record_id = read_id(text)
    if record_id is None:
        raise RowRefused("MALFORMED_ID", f"malformed id {text}")
    if not record_id.startswith(schema.object.key_prefix):
        raise RowRefused("MALFORMED_ID", f"{schema.fields[0].label}: id value of incorrect type: {text}", ["Id"])
    return record_id


def require_record(table: Table, text: str | None) -> Row:
    """Return the live record that a row names. Raises RowRefused."""
    row = table.get(check_id(table.schema, text))
    if row is None:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if table.is_deleted(row):
        raise RowRefused("ENTITY_IS_DELETED", "entity is deleted")
    return row


def not_converted(schema: Schema, row: Row) -> None:
    """Refuse to change a lead that was converted."""
    at = schema.at("IsConverted")
    if at is not None and row[at] is True:
        raise RowRefused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
