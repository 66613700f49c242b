"""The response to `columns=true`: the columns of a statement instead of its records.

Tooling API Developer Guide, "Query" resource, parameter `columns`. The sf CLI asks for it before it prints a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from salesforce_emulator.org.field_types import NUMBERS
from salesforce_emulator.org.model import Field
from salesforce_emulator.schema import Schema

_NUMERIC = NUMBERS | {"int", "long"}
_OTHER = frozenset({"boolean", "date", "datetime", "time", "base64", "address", "location", "complexvalue"})


@frozen
class Described:
    """A column: the relationships that lead to it, its name and its field.

    A query on children has no field. `columns` holds its columns.
    """

    parents: tuple[str, ...]
    name: str
    field: Field | None
    aggregate: bool = False
    columns: Sequence[Described] = ()


def column_metadata(schema: Schema, columns: Sequence[Described], grouped: bool) -> dict[str, Any]:
    """Return the response for a statement that selects from an object."""
    return {
        "columnMetadata": _entries(columns),
        "entityName": schema.name,
        "groupBy": grouped,
        "idSelected": any(not column.parents and column.name == "Id" for column in columns),
        "keyPrefix": schema.object.key_prefix or None,
    }


def _entries(columns: Sequence[Described]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for column in columns:
        level = entries
        for parent in column.parents:
            level = _find_join_columns(level, parent)
        entry = _entry(column.name, column.field, column.aggregate)
        entry["joinColumns"] = _entries(column.columns)
        level.append(entry)
    return entries


def _find_join_columns(level: list[dict[str, Any]], parent: str) -> list[dict[str, Any]]:
    """Return the list of columns below a relationship. Add the relationship if it is new."""
    found = next((entry for entry in level if entry["columnName"] == parent and entry["joinColumns"]), None)
    if found is None:
        found = _entry(parent, None, aggregate=False)
        level.append(found)
    joined: list[dict[str, Any]] = found["joinColumns"]
    return joined


def _entry(name: str, field: Field | None, aggregate: bool) -> dict[str, Any]:
    type_ = field.type if field is not None else ""
    return {
        "aggregate": aggregate,
        "apexType": None,
        "booleanType": type_ == "boolean",
        "columnName": name,
        "custom": field.custom if field is not None else False,
        "displayName": name,
        "foreignKeyName": field.relationship_name if field is not None and field.type == "reference" else None,
        "insertable": field.createable if field is not None else False,
        "joinColumns": [],
        "numberType": type_ in _NUMERIC,
        "textType": bool(type_) and type_ not in _NUMERIC | _OTHER,
        "updatable": field.updateable if field is not None else False,
    }
