"""Run a statement: find the rows, in order, and show them page by page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from salesforce_emulator.errors import NO_TYPE
from salesforce_emulator.keys import folded
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import COMPUTED, Row, Schemas
from salesforce_emulator.soql.conditions import Test, test_of
from salesforce_emulator.soql.literals import comparable
from salesforce_emulator.soql.parser import parse
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.selecting import Selection
from salesforce_emulator.soql.tokens import SoqlError, located
from salesforce_emulator.soql.tree import Comparison, Condition, Junction, Ordering, Path, Query
from salesforce_emulator.store import Store, Table

_MOST_OFFSET = 2000


class Found:
    """The rows that a statement found; `page` shows some of them, `cells` too."""

    def __init__(self, query: Query, total: int, rows: list[Row], selection: Selection) -> None:
        self.query = query
        self.object_name = selection.object_name
        self.total = total
        self.rows = rows
        self._selection = selection

    def page(self, start: int, size: int) -> list[dict[str, Any]]:
        """Records `start` to `start + size` of the answer."""
        return [self._selection.show(row) for row in self.rows[start : start + size]]

    def has_compound(self) -> bool:
        """Whether a column of the answer is a compound field."""
        return self._selection.has_compound

    def header(self) -> list[str]:
        """The columns of the answer in the order of the statement, parents' fields with their path."""
        return list(self._selection.flat)

    def cells(self, start: int, size: int) -> list[list[Any]]:
        """The values of records `start` to `start + size`, one per column."""
        readers = list(self._selection.flat.values())
        return [[read(row) for read in readers] for row in self.rows[start : start + size]]


def run(statement: str, schemas: Schemas, store: Store, version: str, with_deleted: bool = False) -> Found:
    """The rows of a SELECT statement. Raises SoqlError."""
    query = parse(statement)
    schema = schemas.find(query.object)
    if schema is None:
        raise located(statement, query.object_at, "INVALID_TYPE", NO_TYPE.format(query.object))
    if schema.object.event_type is not None:
        message = f"entity type {schema.name} does not support query"
        raise located(statement, query.object_at, "INVALID_TYPE_FOR_OPERATION", message)
    if query.offset > _MOST_OFFSET:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    paths = Paths(statement, schema, schemas, store)
    selection = Selection(paths, _selected(query, paths), version)
    test = test_of(query.where, paths, statement) if query.where is not None else None
    candidates = _candidates(query.where, store[schema], paths, statement, with_deleted)
    rows = _matching(store[schema], candidates, test, with_deleted)
    rows = _ordered(rows, query.order, paths)
    rows = rows[query.offset :]
    rows = rows if query.limit is None else rows[: query.limit]
    return Found(query, len(rows), [] if query.counts else rows, selection)


def _selected(query: Query, paths: Paths) -> tuple[Path, ...]:
    if query.macro is None:
        return query.fields
    if query.macro in ("ALL", "CUSTOM") and (query.limit is None or query.limit > 200):
        message = f"The SOQL FIELDS function must have a LIMIT of at most 200: FIELDS({query.macro})"
        raise SoqlError("MALFORMED_QUERY", message)
    fields = [paths.start.fields[at] for at in paths.start.visible]
    if query.macro != "ALL":
        fields = [field for field in fields if field.custom == (query.macro == "CUSTOM") or field.name == "Id"]
    return tuple(Path((field.name,), 0) for field in fields if field.type not in COMPUTED)


def _matching(table: Table, candidates: Iterable[Row], test: Test | None, with_deleted: bool) -> list[Row]:
    return [row for row in candidates if (with_deleted or not table.is_deleted(row)) and (test is None or test(row))]


def _candidates(
    where: Condition | None, table: Table, paths: Paths, statement: str, with_deleted: bool
) -> Iterable[Row]:
    """The rows of an indexed key where the condition names one, else all rows. Deleted rows are in no index."""
    parts = where.conditions if isinstance(where, Junction) and where.word == "AND" else (where,)
    for part in parts:
        if isinstance(part, Comparison) and part.operator in ("=", "IN") and len(part.path.names) == 1:
            rows = _by_key(part, table, paths, statement, with_deleted)
            if rows is not None:
                return rows
    return list(table.rows.values())


def _by_key(part: Comparison, table: Table, paths: Paths, statement: str, with_deleted: bool) -> list[Row] | None:
    at = table.schema.at(part.path.names[0])
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


def _ordered(rows: list[Row], order: tuple[Ordering, ...], paths: Paths) -> list[Row]:
    for term in reversed(order):
        _, value_of = paths.reader(term.path)
        pairs = [(folded(value_of(row)), row) for row in rows]
        filled = sorted((pair for pair in pairs if pair[0] is not None), key=_first, reverse=term.descending)
        empty = [row for value, row in pairs if value is None]
        rows = [row for _, row in filled] + empty if term.nulls_last else empty + [row for _, row in filled]
    return rows


def _first(pair: tuple[Value, Row]) -> Any:
    return pair[0]
