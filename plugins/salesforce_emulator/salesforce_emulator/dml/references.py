"""References: ids that must exist, and parents that are named by a key.

REST API Developer Guide, "Insert or Update a Record Using an External ID" and "Using External ID in a Relationship".
"""

from __future__ import annotations

from salesforce_emulator.dml.model import ParentKey, RowInput
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.keys import key_of
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.store import Store, Table


def format_key(value: Value) -> str:
    """Return a key as error messages print it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def find_matching(table: Table, at: int, value: Value) -> list[Row]:
    """Return the live records whose key equals `value`."""
    field = table.schema.fields[at]
    if at == 0:
        row = table.get(value)
        return [] if row is None or table.is_deleted(row) else [row]
    wanted = key_of(field, value)
    return [row for row in table.indexes[at].find(value) if key_of(field, row[at]) == wanted]


def make_several_error(field: Field, rows: list[Row]) -> RowRefused:
    """Return the error for a key that more than one record holds."""
    ids = ", ".join(str(row[0]) for row in rows)
    message = f"{field.label}: more than one record found for external id field: [{ids}]"
    return RowRefused("DUPLICATE_EXTERNAL_ID", message)


class Lookups:
    """A resolver of the references of rows."""

    def __init__(self, schemas: Schemas, store: Store) -> None:
        self._schemas = schemas
        self._store = store

    def resolve(self, schema: Schema, row: RowInput) -> None:
        """Replace parents that are named by a key by their ids. Check every id that the row sets. Raises RowRefused."""
        for parent in row.parents:
            self._follow(schema, row, parent)
        for at in schema.references & row.values.keys():
            value = row.values[at]
            if value is not None:
                self._check(schema.fields[at], str(value))

    def find(self, parent: ParentKey) -> Value:
        """Return the id of the only parent with this key. Return None if no parent or several have it."""
        if parent.value is None:
            return None
        table = self._store[parent.target]
        found = find_matching(table, table.schema.position[parent.key.name.lower()], parent.value)
        return found[0][0] if len(found) == 1 else None

    def _follow(self, schema: Schema, row: RowInput, parent: ParentKey) -> None:
        field = schema.fields[parent.at]
        if parent.at in row.values:
            pair = f"an external ID reference {field.relationship_name} and a salesforce id, {field.name}"
            raise RowRefused("INVALID_FIELD", f"Cannot specify both {pair}", ())
        if parent.value is None:
            row.values[parent.at] = None
            return
        table = self._store[parent.target]
        found = find_matching(table, table.schema.position[parent.key.name.lower()], parent.value)
        if len(found) > 1:
            raise make_several_error(parent.key, found)
        if not found:
            place = f"for field {parent.key.name} in entity {parent.target.name}"
            message = f"Foreign key external ID: {format_key(parent.value)} not found {place}"
            raise RowRefused("INVALID_FIELD", message)
        row.values[parent.at] = found[0][0]

    def _check(self, field: Field, record_id: str) -> None:
        target = self._schemas.of_id(record_id)
        if target is None or target.name not in field.reference_to:
            message = f"{field.label}: id value of incorrect type: {record_id}"
            raise RowRefused("MALFORMED_ID", message, [field.name])
        table = self._store[target]
        row = table.get(record_id)
        if row is None:
            raise RowRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if table.is_deleted(row):
            raise RowRefused("ENTITY_IS_DELETED", "entity is deleted")
