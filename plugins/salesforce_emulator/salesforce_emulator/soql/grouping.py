"""GROUP BY and aggregate functions. SOQL and SOSL Reference, "GROUP BY", "Aggregate Functions", "Aliases"."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from salesforce_emulator.keys import fold_case
from salesforce_emulator.org.field_types import flags
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row
from salesforce_emulator.soql.column_metadata import Described
from salesforce_emulator.soql.functions import aggregate, fits
from salesforce_emulator.soql.parser import is_aggregate
from salesforce_emulator.soql.paths import Paths, result_field
from salesforce_emulator.soql.tokens import SoqlError, make_located_error
from salesforce_emulator.soql.tree import Function, Path, Query, Term


def is_grouped(query: Query) -> bool:
    """Return whether a statement returns groups instead of records."""
    return bool(query.group) or any(is_aggregate(column.term) for column in query.columns)


class Groups:
    """The columns of a grouped statement.

    A row holds the values of the GROUP BY terms, and then the records of the group.
    """

    has_compound = False
    object_name = "AggregateResult"

    def __init__(self, statement: str, query: Query, paths: Paths) -> None:
        self._statement = statement
        self._paths = paths
        self._selected = query.columns
        self._everything = not query.group
        self._keys = [self._key(term) for term in query.group]
        self._places = {paths.column(term)[0]: at for at, term in enumerate(query.group)}
        self._aliases = {column.alias.lower(): column.term for column in query.columns if column.alias}
        self.flat: dict[str, Callable[[Row], Value]] = {}
        numbers = count()
        for column in query.columns:
            name = column.alias or self._name(column.term, numbers)
            if name in self.flat:
                raise make_located_error(statement, column.term.at, "MALFORMED_QUERY", f"duplicate alias: {name}")
            self.flat[name] = self.reader(column.term)[1]

    def rows(self, records: list[Row]) -> list[Row]:
        """Return one row per group, in the order in which the groups first appear."""
        groups: dict[tuple[Value, ...], list[Any]] = {}
        for record in records:
            values = [read(record) for _, read in self._keys]
            group = groups.setdefault(tuple(map(fold_case, values)), [*values, []])
            group[-1].append(record)
        return list(groups.values()) if groups or not self._everything else [[[]]]  # type: ignore[list-item]

    def show(self, row: Row) -> dict[str, Any]:
        """Return one record of the response."""
        return {"attributes": {"type": "AggregateResult"}, **{name: read(row) for name, read in self.flat.items()}}

    def describe_columns(self) -> list[Described]:
        """Return the descriptions of the columns, in order."""
        terms = [column.term for column in self._selected]
        return [
            Described((), name, self.reader(term)[0], aggregate=is_aggregate(term))
            for name, term in zip(self.flat, terms, strict=True)
        ]

    def reader(self, term: Term) -> tuple[Field, Callable[[Row], Value]]:
        """Return the field of a term, and a function that reads it from a group's row. Raises SoqlError."""
        if isinstance(term, Path) and len(term.names) == 1 and term.names[0].lower() in self._aliases:
            aliased = self._aliases[term.names[0].lower()]
            if aliased != term:
                return self.reader(aliased)
        if isinstance(term, Function) and is_aggregate(term):
            return self._aggregate(term)
        name = self._paths.column(term)[0]
        if name not in self._places:
            raise self._make_error(term, f"Field must be grouped or aggregated: {name}")
        place = self._places[name]
        return self._keys[place][0], lambda row: row[place]

    def _key(self, term: Term) -> tuple[Field, Callable[[Row], Value]]:
        field, read = self._paths.reader(term)
        if isinstance(term, Path) and not flags(field)["groupable"]:
            raise self._make_error(term, f"field '{field.name}' can not be grouped in a query call")
        return field, read

    def _aggregate(self, term: Function) -> tuple[Field, Callable[[Row], Value]]:
        field, read = self._paths.reader(term.argument)
        if not fits(term.name, field) or not flags(field)["aggregatable"]:
            raise self._make_error(term, f"field {field.name} does not support aggregate operator {term.name}")

        def value(row: Any) -> Value:
            return aggregate(term.name, [read(record) for record in row[-1]])

        return result_field(term.name, field), value

    def _name(self, term: Term, numbers: count[int]) -> str:
        return self._paths.reader(term)[0].name if isinstance(term, Path) else f"expr{next(numbers)}"

    def _make_error(self, term: Term, message: str) -> SoqlError:
        return make_located_error(self._statement, term.at, "MALFORMED_QUERY", message)
