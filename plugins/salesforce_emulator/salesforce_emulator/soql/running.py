"""Run a statement: find the rows, order them and show them page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from salesforce_emulator.errors import NO_TYPE
from salesforce_emulator.keys import fold_case
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import COMPUTED, Row, Schema, Schemas
from salesforce_emulator.soql.children import Child, child_of
from salesforce_emulator.soql.column_metadata import column_metadata
from salesforce_emulator.soql.conditions import Conditions, Terms, Test
from salesforce_emulator.soql.grouping import Groups, is_grouped
from salesforce_emulator.soql.literals import comparable
from salesforce_emulator.soql.parser import parse
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.selecting import Columns, Selection
from salesforce_emulator.soql.tokens import SoqlError, make_located_error
from salesforce_emulator.soql.tree import Column, Comparison, Condition, Junction, Ordering, Path, Query
from salesforce_emulator.store import Store, Table

_MOST_OFFSET = 2000
_MOST_GROUPS = 2000


class Found:
    """The rows that a statement found. `page` shows them as records, `cells` as values."""

    def __init__(self, start: Schema, query: Query, total: int, rows: list[Row], columns: Columns) -> None:
        self._start = start
        self.query = query
        self.object_name = columns.object_name
        self.total = total
        self.rows = rows
        self._columns = columns

    def page(self, start: int, size: int) -> list[dict[str, Any]]:
        """Return `size` records of the response, beginning with record `start`."""
        return [self._columns.show(row) for row in self.rows[start : start + size]]

    def has_compound(self) -> bool:
        """Return whether a column of the response is a compound field."""
        return self._columns.has_compound

    def columns(self) -> dict[str, Any]:
        """Return the response to `columns=true`."""
        return column_metadata(self._start, self._columns.describe_columns(), bool(self.query.group))

    def is_grouped(self) -> bool:
        """Return whether the rows are groups instead of records."""
        return is_grouped(self.query)

    def header(self) -> list[str]:
        """Return the column names in the order of the statement. Fields of parents have their path."""
        return list(self._columns.flat)

    def cells(self, start: int, size: int) -> list[list[Any]]:
        """Return the values of `size` records, beginning with record `start`, one value per column."""
        readers = list(self._columns.flat.values())
        return [[read(row) for read in readers] for row in self.rows[start : start + size]]


def run(
    statement: str,
    schemas: Schemas,
    store: Store,
    version: str,
    with_deleted: bool = False,
    now: Callable[[], float] | None = None,
) -> Found:
    """Run a SELECT statement. Return its rows. Raises SoqlError."""
    return _Run(statement, schemas, store, version, with_deleted, now).find(parse(statement))


class _Run:
    """The run of one statement and of the queries in it."""

    def __init__(
        self,
        statement: str,
        schemas: Schemas,
        store: Store,
        version: str,
        with_deleted: bool,
        now: Callable[[], float] | None,
    ) -> None:
        self._statement = statement
        self._schemas = schemas
        self._store = store
        self._version = version
        self._with_deleted = with_deleted
        self._paths = partial(Paths, now=now) if now is not None else Paths

    def find(self, query: Query) -> Found:
        if query.offset > _MOST_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        schema = self._schema(query)
        paths = self._paths(self._statement, schema, self._schemas, self._store)
        if is_grouped(query):
            return self._group(query, paths)
        children = [self._child(schema, inner) for inner in query.children]
        selection = Selection(paths, _select_columns(query, paths), self._version, children)
        rows = _cut(query, _order_rows(self._rows(query, paths), query.order, paths.reader))
        return Found(paths.start, query, len(rows), [] if query.counts else rows, selection)

    def _schema(self, query: Query) -> Schema:
        schema = self._schemas.find(query.object)
        if schema is None:
            raise make_located_error(self._statement, query.object_at, "INVALID_TYPE", NO_TYPE.format(query.object))
        if schema.object.event_type is not None:
            message = f"entity type {schema.name} does not support query"
            raise make_located_error(self._statement, query.object_at, "INVALID_TYPE_FOR_OPERATION", message)
        return schema

    def _rows(self, query: Query, paths: Paths) -> list[Row]:
        """Return the rows that meet the WHERE clause of a query."""
        table = self._store[paths.start]
        test = self._conditions(paths).test(query.where) if query.where is not None else None
        candidates = _candidates(query.where, table, self._statement, self._with_deleted)
        return _filter_rows(table, candidates, test, self._with_deleted)

    def _conditions(self, paths: Paths, terms: Terms | None = None) -> Conditions:
        return Conditions(self._statement, paths, self._values, terms)

    def _values(self, query: Query) -> frozenset[Value]:
        """Return the values of the single column of a subquery after IN, without empty ones."""
        if len(query.columns) != 1 or query.children or is_grouped(query):
            raise make_located_error(
                self._statement, query.object_at, "MALFORMED_QUERY", "A semi-join selects one field"
            )
        found = self.find(query)
        return frozenset(value for [value] in found.cells(0, found.total) if value is not None)

    def _group(self, query: Query, paths: Paths) -> Found:
        groups = Groups(self._statement, query, paths)
        rows = groups.rows(self._rows(query, paths))
        if query.having is not None:
            test = self._conditions(paths, groups.reader).test(query.having)
            rows = [row for row in rows if test(row)]
        rows = _cut(query, _order_rows(rows, query.order, groups.reader))
        if len(rows) > _MOST_GROUPS:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            )
            raise SoqlError("EXCEEDED_ID_LIMIT", message)
        return Found(paths.start, query, len(rows), rows, groups)

    def _child(self, parent: Schema, query: Query) -> Child:
        schema, reference = child_of(self._statement, parent, self._schemas, query)
        paths = self._paths(self._statement, schema, self._schemas, self._store)
        children = [self._child(schema, inner) for inner in query.children]
        selection = Selection(paths, _select_columns(query, paths), self._version, children)
        rows = _order_rows(self._rows(query, paths), query.order, paths.reader)
        return Child(reference, schema.position[reference.name.lower()], rows, partial(_cut, query), selection)


def _cut(query: Query, rows: list[Row]) -> list[Row]:
    rows = rows[query.offset :]
    return rows if query.limit is None else rows[: query.limit]


def _select_columns(query: Query, paths: Paths) -> tuple[Column, ...]:
    if query.macro is None:
        return query.columns
    if query.macro in ("ALL", "CUSTOM") and (query.limit is None or query.limit > 200):
        message = f"The SOQL FIELDS function must have a LIMIT of at most 200: FIELDS({query.macro})"
        raise SoqlError("MALFORMED_QUERY", message)
    fields = [paths.start.fields[at] for at in paths.start.visible]
    if query.macro != "ALL":
        fields = [field for field in fields if field.custom == (query.macro == "CUSTOM") or field.name == "Id"]
    return tuple(Column(Path((field.name,), 0)) for field in fields if field.type not in COMPUTED)


def _filter_rows(table: Table, candidates: Iterable[Row], test: Test | None, with_deleted: bool) -> list[Row]:
    return [row for row in candidates if (with_deleted or not table.is_deleted(row)) and (test is None or test(row))]


def _candidates(where: Condition | None, table: Table, statement: str, with_deleted: bool) -> Iterable[Row]:
    """Return the rows that an indexed key of the condition finds, or all rows if it has none.

    Indexes do not contain deleted rows.
    """
    parts = where.conditions if isinstance(where, Junction) and where.word == "AND" else (where,)
    for part in parts:
        if isinstance(part, Comparison) and part.operator in ("=", "IN") and isinstance(part.term, Path):
            rows = _by_key(part, part.term, table, statement, with_deleted)
            if rows is not None:
                return rows
    return list(table.rows.values())


def _by_key(part: Comparison, path: Path, table: Table, statement: str, with_deleted: bool) -> list[Row] | None:
    at = table.schema.at(path.names[0]) if len(path.names) == 1 else None
    if at is None or (at != 0 and (at not in table.indexes or with_deleted)):
        return None
    wanted = dict.fromkeys(comparable(statement, table.schema.fields[at], part))
    if None in wanted:
        return None
    if at == 0:
        return sorted((row for value in wanted if (row := table.get(value)) is not None), key=_by_id)
    return sorted((row for value in wanted for row in table.indexes[at].find(value)), key=_by_id)


def _by_id(row: Row) -> str:
    return str(row[0])


def _order_rows(rows: list[Row], order: tuple[Ordering, ...], terms: Terms) -> list[Row]:
    for term in reversed(order):
        _, value_of = terms(term.term)
        pairs = [(fold_case(value_of(row)), row) for row in rows]
        filled = sorted((pair for pair in pairs if pair[0] is not None), key=_first, reverse=term.descending)
        empty = [row for value, row in pairs if value is None]
        rows = [row for _, row in filled] + empty if term.nulls_last else empty + [row for _, row in filled]
    return rows


def _first(pair: tuple[Value, Row]) -> Any:
    return pair[0]
