"""Records that another record replaced: merged records, which are deleted, and converted guests, which stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from connector_sdk.testing.reference.shapes import Shape
from connector_sdk.testing.reference.values import Wire


def successor(database: sqlite3.Connection, id_: str | None) -> str | None:
    """Return the record that replaced a record, or None if there is none."""
    found = database.execute("select merged_into from record where id = ?", (id_,)).fetchone()
    return found[0] if found else None


def note_successor(database: sqlite3.Connection, id_: str, into: str) -> None:
    """Store which record replaced a record."""
    database.execute("update record set merged_into = ? where id = ?", (into, id_))


def redirect(database: sqlite3.Connection, shape: Shape, id_: str, into: str) -> None:
    """Change all references to a record, so that they refer to another one."""
    for each in shape.schema.fields:
        if shape.schema.name in each.references:
            place = f'$."{each.name}"'
            query = "update record set fields = json_set(fields, ?, ?) where json_extract(fields, ?) = ?"
            database.execute(query, (place, into, place, id_))


def copy_shared_fields(values: Mapping[str, Wire], to: Shape) -> dict[str, Wire]:
    """Return the values of the fields that a converted record shares with the new object, without the system fields."""
    return {name: value for name, value in values.items() if to.field(name) and name not in ("id", "created_at")}
