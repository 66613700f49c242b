"""Queries on child records in a SELECT list. SOQL and SOSL Reference, "Relationship Queries"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.soql.column_metadata import Described
from salesforce_emulator.soql.tokens import make_located_error
from salesforce_emulator.soql.tree import Query

_NO_RELATIONSHIP = (
    "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom "
    "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the "
    "describe call for the appropriate names."
)


def child_of(statement: str, parent: Schema, schemas: Schemas, query: Query) -> tuple[Schema, Field]:
    """Return the object and the reference field that a child relationship names. Raises SoqlError."""
    name = query.object.lower().removeprefix(f"{parent.name.lower()}.")
    for schema, reference in schemas.children(parent):
        if (reference.child_relationship_name or "").lower() == name:
            return schema, reference
    raise make_located_error(statement, query.object_at, "INVALID_TYPE", _NO_RELATIONSHIP.format(query.object))


class Shown(Protocol):
    """The SELECT list of a query on child records."""

    def show(self, row: Row) -> dict[str, Any]:
        """Return one record."""

    def describe_columns(self) -> list[Described]:
        """Return the descriptions of the columns."""


class Child:
    """The children of every parent, as a query in the SELECT list selects them.

    `cut` applies OFFSET and LIMIT. `selection` shows a row.
    """

    def __init__(
        self, reference: Field, at: int, rows: list[Row], cut: Callable[[list[Row]], list[Row]], selection: Shown
    ) -> None:
        self.name = str(reference.child_relationship_name)
        self._cut = cut
        self.selection = selection
        self._rows: defaultdict[Value, list[Row]] = defaultdict(list)
        for row in rows:
            self._rows[row[at]].append(row)

    def show(self, parent: Row) -> dict[str, Any] | None:
        """Return the query result inside the parent's record, or None if it has no children."""
        rows = self._cut(self._rows.get(parent[0], []))
        if not rows:
            return None
        return {"totalSize": len(rows), "done": True, "records": [self.selection.show(row) for row in rows]}
