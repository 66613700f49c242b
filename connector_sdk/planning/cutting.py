"""Cut the rows of a plan into batches: ranges of rows, by count, by what they lock and by estimated bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk.batch import Action
from connector_sdk.engines.embedded import name
from connector_sdk.planning.locking import Cut, cut_by_record
from connector_sdk.state.entries import NewBatch, Ranges

_CELL = 3
"""Bytes that a cell takes beside its text: quotes and a comma."""
_TYPED_CELL = 48
"""Bytes that a number, a date or a boolean takes at the most."""
_SIZES = {"BLOB": "octet_length({}) * 4 // 3 + 4", "VARCHAR": "strlen({})", "JSON": "strlen({})"}
"""SQL for the bytes of a value of those types that have no size of their own."""
_FILLED = 0.9
"""How much of the permitted size a batch is planned to have; the estimate does not know what will be escaped."""
_STARTS = 100_000
"""How many rows at which another record is locked are looked at together."""


@frozen
class Group:
    """Neighbouring rows of the plan that can travel together: one stage, object, action and list of columns.

    The first `locked` of them are sorted by the record that they lock. `rows_max` is how many fit a batch, where that
    is less than of others.
    """

    start: int
    rows: int
    stage: int
    object_name: str
    action: Action
    shape: int
    locked: int = 0
    rows_max: int | None = None

    @property
    def stop(self) -> int:
        """The row after the last one."""
        return self.start + self.rows

    def batch(self, ranges: Ranges, lane: int | None = None) -> NewBatch:
        """A batch of some of the rows."""
        return NewBatch(self.stage, self.object_name, self.action, self.shape, ranges, lane=lane)


def cut(
    connection: duckdb.DuckDBPyConnection,
    plan: str,
    columns: dict[str, str],
    groups: Sequence[Group],
    batch_size: int,
    bytes_max: int | None,
    locked: str | None = None,
) -> Iterator[NewBatch]:
    """The batches of a plan. `columns` are the columns that are sent, with their types in DuckDB.

    `locked` is SQL for the record that a row locks.
    """
    sizes = _Sizes(connection, plan, _row_size(columns), (bytes_max or 0) * _FILLED)
    for group in groups:
        if locked is not None and group.locked:
            yield from _in_lanes(connection, plan, group, batch_size, locked, sizes)
            continue
        size = min(batch_size, group.rows_max or batch_size)
        large = sizes.large(group, size)
        for start in range(group.start, group.stop, size):
            stop = min(start + size, group.stop)
            for piece in sizes.pieces(start, stop) if start in large else [(start, stop)]:
                yield group.batch((piece,))


def _in_lanes(
    connection: duckdb.DuckDBPyConnection, plan: str, group: Group, batch_size: int, locked: str, sizes: _Sizes
) -> Iterator[NewBatch]:
    """The batches of rows that lock records; those that are cut for their size go on in the lane of the whole."""
    starts = _starts(connection, plan, group, locked)
    cuts = list(cut_by_record(starts, group.start, group.locked, group.stop, batch_size))
    large = sizes.large_cuts(cuts)
    for number, each in enumerate(cuts):
        if number in large:
            yield from (group.batch((piece,), each.lane) for rows in each.ranges for piece in sizes.pieces(*rows))
        else:
            yield group.batch(each.ranges, each.lane)


def _starts(connection: duckdb.DuckDBPyConnection, plan: str, group: Group, locked: str) -> Iterator[memoryview]:
    """The rows of a group at which another record is locked than before, in rising order, some at a time."""
    inside = f"file_row_number >= {group.start} and file_row_number < {group.start + group.locked}"
    found = connection.cursor().sql(
        f"select min(file_row_number)::bigint as start from {plan} where {inside} group by {locked} order by start"
    )
    for batch in found.to_arrow_reader(_STARTS):
        if batch.num_rows:
            rows = batch.column("start")
            yield memoryview(rows.buffers()[1]).cast("q")[rows.offset : rows.offset + len(rows)]


def _row_size(columns: dict[str, str]) -> str:
    """SQL for the bytes that a row will take."""
    fixed = sum(_CELL if type_ in _SIZES else _TYPED_CELL for type_ in columns.values())
    sizes = [_SIZES[type_].format(name(column)) for column, type_ in columns.items() if type_ in _SIZES]
    return " + ".join([str(fixed), *(f"coalesce({each}, 0)" for each in sizes)])


@frozen
class _Sizes:
    """What rows take in bytes, by the estimate `of_row` (SQL), and how many bytes a batch may have: 0 for any."""

    connection: duckdb.DuckDBPyConnection
    plan: str
    of_row: str
    limit: float

    def large(self, group: Group, batch_size: int) -> frozenset[int]:
        """The first rows of the batches of `batch_size` rows that would be too large."""
        if not self.limit:
            return frozenset()
        of_batch = f"{group.start} + ((file_row_number - {group.start}) // {batch_size}) * {batch_size}"
        inside = f"file_row_number >= {group.start} and file_row_number < {group.stop}"
        return self._too_large(f"select {of_batch} as batch, {self.of_row} as bytes from {self.plan} where {inside}")

    def large_cuts(self, cuts: Sequence[Cut]) -> frozenset[int]:
        """The numbers of those cuts that would be too large."""
        if not self.limit:
            return frozenset()
        firsts = sorted((start, number) for number, each in enumerate(cuts) for start, _ in each.ranges)
        starts, numbers = zip(*firsts, strict=True)
        cuts_ = pa.table({"start": pa.array(starts, pa.int64()), "batch": pa.array(numbers, pa.int64())})
        self.connection.register("cuts", cuts_)
        inside = f"file_row_number >= {starts[0]} and file_row_number < {max(each.ranges[-1][1] for each in cuts)}"
        rows = f"select file_row_number as line, {self.of_row} as bytes from {self.plan} where {inside}"
        return self._too_large(f"select c.batch, r.bytes from ({rows}) r asof join cuts c on r.line >= c.start")

    def pieces(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Rows from `start` to `stop` in pieces that keep below the limit, a row at least each."""
        found = self.connection.execute(
            f"select {self.of_row} from {self.plan} where file_row_number >= {start} and file_row_number < {stop}"
            " order by file_row_number"
        ).fetchall()
        first, filled = start, 0
        for row, (size,) in enumerate(found, start=start):
            if row > first and filled + size > self.limit:
                yield first, row
                first, filled = row, 0
            filled += size
        yield first, stop

    def _too_large(self, sized: str) -> frozenset[int]:
        found = self.connection.execute(
            f"select batch from ({sized}) group by batch having sum(bytes) > {int(self.limit)}"
        ).fetchall()
        return frozenset(batch for (batch,) in found)
