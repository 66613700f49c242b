"""Read rows as REST and Bulk API JSON send them: fields by name, parents as nested objects, and `attributes`."""

from __future__ import annotations

from typing import Any

from salesforce_emulator.dml.model import ParentKey, RowInput
from salesforce_emulator.errors import RowFault, RowRefused
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Schema, Schemas
from salesforce_emulator.values import WrongType

_NO_ATTRIBUTES = "Nested object for polymorphic foreign key must have an attributes field before any other fields."


def no_column(name: str, schema: Schema) -> RowRefused:
    """Return the error for a field that is unknown or hidden."""
    return RowRefused("INVALID_FIELD", f"No such column '{name}' on sobject of type {schema.name}", None)


def no_attributes() -> RowFault:
    """Return the error for a record or a polymorphic parent that does not name its type."""
    return RowFault("JSON_PARSER_ERROR", _NO_ATTRIBUTES)


class JsonRows:
    """A reader of records. A value that it cannot read becomes the fault of its row."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def read(self, schema: Schema, record: dict[str, Any], body: str = "") -> RowInput:
        """Read one record.

        `body` is the request that holds the record. An error names the line and column of a value of the wrong type in
        it.
        """
        row = RowInput()
        try:
            self.fill(row, schema, record)
        except RowRefused as refusal:
            row.fault = refusal.fault
        except WrongType as wrong:
            row.fault = RowFault("JSON_PARSER_ERROR", _wrong(wrong, body), None)
        return row

    def fill(self, row: RowInput, schema: Schema, record: dict[str, Any]) -> None:
        """Write the fields of a record into a row. Raises RowRefused or WrongType."""
        for name, raw in record.items():
            if name != "attributes":
                self._cell(schema, row, name, raw)

    def _cell(self, schema: Schema, row: RowInput, name: str, raw: Any) -> None:
        at = schema.at(name)
        if at == 0:
            row.record_id = None if raw is None else str(raw)
        elif at is not None:
            row.values[at] = None if raw is None else schema.readers[at](raw)
        else:
            row.parents += (self._parent(schema, name, raw),)

    def _parent(self, schema: Schema, name: str, raw: Any) -> ParentKey:
        field = schema.relationships.get(name.lower())
        if field is None or not isinstance(raw, dict):
            raise no_column(name, schema)
        target = self._target(field, raw)
        keys = [key for key in raw if key != "attributes"]
        key = target.field(keys[0]) if len(keys) == 1 else None
        if key is None or not key.id_lookup:
            message = f"The external foreign key reference does not reference a valid entity: {field.relationship_name}"
            raise RowRefused("INVALID_FIELD", message, None)
        at = target.position[key.name.lower()]
        value: Value = None if raw[keys[0]] is None else target.readers[at](raw[keys[0]])
        return ParentKey(schema.position[field.name.lower()], target, key, value)

    def _target(self, field: Field, raw: dict[str, Any]) -> Schema:
        named = raw.get("attributes", {}).get("type") if next(iter(raw), None) == "attributes" else None
        if named is None and len(field.reference_to) > 1:
            raise RowRefused("JSON_PARSER_ERROR", _NO_ATTRIBUTES)
        target = self._schemas.find(str(named or field.reference_to[0]))
        if target is None or target.name not in field.reference_to:
            raise RowRefused("INVALID_FIELD", f"{named} is not a type of {field.relationship_name}", None)
        return target


def _wrong(wrong: WrongType, body: str) -> str:
    raw = wrong.raw
    kind = "VALUE_STRING" if isinstance(raw, str) else _KINDS.get(type(raw), "START_OBJECT")
    shown = str(raw).lower() if isinstance(raw, bool) else raw
    place = max(body.find(str(shown)), 0)
    line = body.count("\n", 0, place) + 1
    column = place - (body.rfind("\n", 0, place) + 1) + 1
    where = f"or request may be missing a required field at [line:{line}, column:{column}]"
    return f"Cannot deserialize instance of {wrong.type} from {kind} value {shown} {where}"


_KINDS = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", list: "START_ARRAY"}
