"""Show records in the form of a query response: attributes, fields and nested parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from salesforce_emulator.org.model import Field
from salesforce_emulator.schema import COMPUTED, Row, Schema
from salesforce_emulator.soql.children import Child
from salesforce_emulator.soql.column_metadata import Described
from salesforce_emulator.soql.paths import Paths, mask
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.soql.tree import Column, Function, Path

Show = Callable[[Row], Any]


class Columns(Protocol):
    """The columns that a statement selects. `flat` has a reader of each column, in order."""

    @property
    def object_name(self) -> str:
        """The type of the records."""

    @property
    def has_compound(self) -> bool:
        """Whether a column is a compound field."""

    @property
    def flat(self) -> Mapping[str, Show]:
        """The reader of every column, by name."""

    def show(self, row: Row) -> dict[str, Any]:
        """Return one record of the response."""

    def describe_columns(self) -> list[Described]:
        """Return the descriptions of the columns, in order."""


def attributes(schema: Schema, row: Row, version: str) -> dict[str, str]:
    """Return the type and URL of a record."""
    return {"type": schema.name, "url": f"/services/data/v{version}/sobjects/{schema.name}/{row[0]}"}


def field_shower(schema: Schema, at: int, version: str | None = None) -> Show:
    """Return a function that shows one field of a row.

    Compound fields are composed of their components. If `version` is given, files are shown as the URL of their
    content.
    """
    field = schema.fields[at]
    if field.masked:
        return lambda row: mask(row[at])
    if field.type == "base64" and version is not None:
        path = f"/services/data/v{version}/sobjects/{schema.name}"
        return lambda row: None if row[at] is None else f"{path}/{row[0]}/{field.name}"
    return _compound(schema, field) if field.type in COMPUTED else lambda row: row[at]


def _compound(schema: Schema, field: Field) -> Show:
    parts = schema.parts(field)

    def compound(row: Row) -> Any:
        values = {name: None if place is None else row[place] for name, place in parts.items()}
        return values if any(value is not None for value in values.values()) else None

    return compound


class Selection:
    """The SELECT list of a statement whose rows are records."""

    def __init__(self, paths: Paths, selected: tuple[Column, ...], version: str, children: Sequence[Child]) -> None:
        terms = [column.term for column in selected]
        functions = [term for term in terms if isinstance(term, Function)]
        if any(column.alias is not None for column in selected if column.term not in functions):
            raise SoqlError("MALFORMED_QUERY", "only aggregate expressions use field aliasing")
        self._paths = paths
        self._selected = selected
        self._version = version
        self.object_name = paths.start.name
        self._columns = self._columns_of(
            paths.start, [paths.relative(term) for term in terms if isinstance(term, Path)]
        )
        self._columns |= {
            _column_name(column): paths.reader(column.term)[1] for column in selected if column.term in functions
        }
        self._children = children
        self.has_compound = any(paths.reader(term)[0].type in COMPUTED for term in terms)
        self.flat = dict(paths.column(term) for term in terms)

    def show(self, row: Row) -> dict[str, Any]:
        """Return one record of the response."""
        children = {child.name: child.show(row) for child in self._children}
        return {**self._record(self._paths.start, row, self._columns), **children}

    def describe_columns(self) -> list[Described]:
        """Return the descriptions of the columns, in order. Children come last."""
        children = [
            Described((), child.name, None, True, child.selection.describe_columns()) for child in self._children
        ]
        return [*(self._describe_column(column) for column in self._selected), *children]

    def _describe_column(self, column: Column) -> Described:
        field, _ = self._paths.reader(column.term)
        if isinstance(column.term, Function):
            return Described((), _column_name(column), field)
        *parents, name = self._paths.column(column.term)[0].split(".")
        return Described(tuple(parents), name, field)

    def _record(self, schema: Schema, row: Row, columns: dict[str, Show]) -> dict[str, Any]:
        fields = {name: show(row) for name, show in columns.items()}
        return {"attributes": attributes(schema, row, self._version), **fields}

    def _columns_of(self, schema: Schema, paths: Sequence[Path]) -> dict[str, Show]:
        columns: dict[str, Show] = {}
        for name, group in _by_first_name(paths).items():
            if len(group[0].names) == 1:
                field, _ = self._paths.at(schema).reader(group[0])
                columns[field.name] = field_shower(schema, schema.position[field.name.lower()], self._version)
            else:
                at, target = self._paths.step(schema, name, group[0])
                rest = [Path(path.names[1:], path.at) for path in group]
                columns[str(schema.fields[at].relationship_name)] = self._parent_shower(at, target, rest)
        return columns

    def _parent_shower(self, at: int, expected: Schema, paths: list[Path]) -> Show:
        columns = self._columns_of(expected, paths)

        def show(row: Row) -> Any:
            found = self._paths.parent(row, at)
            if found is None:
                return None
            schema, parent = found
            return self._record(schema, parent, columns if schema is expected else _columns_of_other(schema, paths))

        return show


def _column_name(column: Column) -> str:
    """Return the name of a function's column: its alias, or the name of its field (`toLabel(Rating)`: Rating)."""
    term = column.term
    while isinstance(term, Function):
        term = term.argument
    return column.alias or term.names[-1]


def _by_first_name(paths: Sequence[Path]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(path.names[0].lower(), []).append(path)
    return groups


def _columns_of_other(schema: Schema, paths: list[Path]) -> dict[str, Show]:
    """Return the selected columns that a polymorphic parent of another type has, too."""
    places = [(path.names[0], schema.at(path.names[0])) for path in paths]
    return {name: field_shower(schema, at) for name, at in places if at is not None}
