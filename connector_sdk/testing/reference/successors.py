"""Records whose place another one took: merged ones, which are gone, and guests that became people, which stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from connector_sdk.testing.reference.shapes import Shape
from connector_sdk.testing.reference.values import Wire


def successor(database: sqlite3.Connection, id_: str | None) -> str | None:
    """The record that took the place of one, None where it still has it."""
    found = database.execute("select merged_into from record where id = ?", (id_,)).fetchone()
    return found[0] if found else None


def note_successor(database: sqlite3.Connection, id_: str, into: str) -> None:
    """Another record takes the place of one."""
    database.execute("update record set merged_into = ? where id = ?", (into, id_))


def redirect(database: sqlite3.Connection, shape: Shape, id_: str, into: str) -> None:
    """Let what refers to a record refer to another one."""
    for each in shape.schema.fields:
        if shape.schema.name in each.references:
            place = f'$."{each.name}"'
            query = "update record set fields = json_set(fields, ?, ?) where json_extract(fields, ?) = ?"
            database.execute(query, (place, into, place, id_))


def copy_shared_fields(values: Mapping[str, Wire], to: Shape) -> dict[str, Wire]:
    """What a record that becomes one of another object hands on to it: the fields that both have."""
    return {name: value for name, value in values.items() if to.field(name) and name not in ("id", "created_at")}
