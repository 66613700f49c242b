"""The batches of a plan: ranges of rows, cut by count, by the record that they lock and by estimated bytes."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.batch import Action
from connector_sdk.engines.sql import file, name
from connector_sdk.planning.batching.lanes import Cut, cut_by_record
from connector_sdk.state.records import NewBatch, Ranges

_CELL = 3
"""Bytes that a cell takes beside its text: quotes and a comma."""
_TYPED_CELLS = {"BOOLEAN": 5, "DATE": 12, "TINYINT": 4, "SMALLINT": 6, "INTEGER": 11, "BIGINT": 20, "FLOAT": 64}
_TYPED_CELL = 48
"""The most bytes that a boolean, a date or a number takes. No value of another type of fixed size takes more."""
_DECIMAL = re.compile(r"DECIMAL\((\d+),\d+\)")
_WIDEST_DOUBLE = 345
"""Bytes of the smallest number in plain notation: a point, 323 zeros and 17 digits after them."""
_SIZES = {
    "BLOB": "octet_length({0}) * 4 // 3 + 4",
    "VARCHAR": "strlen({0})",
    "JSON": "strlen({0})",
    "DOUBLE": f"if({{0}} <> 0 and abs({{0}}) < 1e-16, {_WIDEST_DOUBLE}, {_TYPED_CELL})",
}
"""SQL for the bytes of a value, for types of variable size."""
_FILLED = 0.9
"""The planned share of the permitted size of a batch; the estimate does not know what will be escaped."""
_AS_IT_IS = frozenset(("PLAIN", "RLE"))
"""The encodings of a Parquet column that takes no less than its values; RLE says which of them are null."""
_STARTS = 100_000
"""The number of rows at which another record is locked that are read together."""


@frozen
class Group:
    """Neighboring rows of the plan that may share a batch: one stage, object, action and list of columns.

    The first `locked` of them are sorted by the record that they lock. `rows_max` is the most rows in a batch of them,
    if that is fewer than in others.
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
        """The number of the row after the last one."""
        return self.start + self.rows

    def batch(self, ranges: Ranges, lane: int | None = None) -> NewBatch:
        """Return a batch of some of the rows."""
        return NewBatch(self.stage, self.object_name, self.action, self.shape, ranges, lane=lane)


def cut(
    connection: duckdb.DuckDBPyConnection,
    plan: Path,
    columns: dict[str, str],
    groups: Sequence[Group],
    batch_size: int,
    bytes_max: int | None,
    locked: str | None = None,
) -> Iterator[NewBatch]:
    """Yield the batches of a plan. `columns` are the columns that are sent, with their types in DuckDB.

    `locked` is SQL for the record that a row locks.
    """
    lines = file(plan, numbered=True)
    sizes = _Sizes(connection, plan, lines, columns, (bytes_max or 0) * _FILLED)
    for group in groups:
        if locked is not None and group.locked:
            yield from _in_lanes(connection, lines, group, batch_size, locked, sizes)
            continue
        size = min(batch_size, group.rows_max or batch_size)
        large = sizes.large(group, size)
        for start in range(group.start, group.stop, size):
            stop = min(start + size, group.stop)
            for piece in sizes.pieces(start, stop) if start in large else [(start, stop)]:
                yield group.batch((piece,))


def _in_lanes(
    connection: duckdb.DuckDBPyConnection, lines: str, group: Group, batch_size: int, locked: str, sizes: _Sizes
) -> Iterator[NewBatch]:
    """Yield the batches of rows that lock records. The pieces of a batch that is too large stay in its lane."""
    starts = _starts(connection, lines, group, locked)
    cuts = list(cut_by_record(starts, group.start, group.locked, group.stop, batch_size))
    large = sizes.large_cuts(cuts)
    for number, each in enumerate(cuts):
        if number in large:
            yield from (group.batch((piece,), each.lane) for rows in each.ranges for piece in sizes.pieces(*rows))
        else:
            yield group.batch(each.ranges, each.lane)


def _starts(connection: duckdb.DuckDBPyConnection, lines: str, group: Group, locked: str) -> Iterator[memoryview]:
    """Yield the rows of a group at which another record is locked than before: rising, in chunks."""
    inside = f"file_row_number >= {group.start} and file_row_number < {group.start + group.locked}"
    found = connection.cursor().sql(
        f"select min(file_row_number)::bigint as start from {lines} where {inside} group by {locked} order by start"
    )
    for batch in found.to_arrow_reader(_STARTS):
        if batch.num_rows:
            rows = batch.column("start")
            yield memoryview(rows.buffers()[1]).cast("q")[rows.offset : rows.offset + len(rows)]


@frozen
class _Sizes:
    """The estimated bytes of rows, and the limit on the bytes of a batch: 0 for no limit.

    `lines` is the plan as a relation, `columns` what is sent of it.
    """

    connection: duckdb.DuckDBPyConnection
    plan: Path
    lines: str
    columns: dict[str, str]
    limit: float

    @property
    def of_row(self) -> str:
        """SQL for the bytes that a row will take."""
        texts = (_SIZES[type_].format(name(column)) for column, type_ in self.columns.items() if type_ in _SIZES)
        return " + ".join([str(self.of_cells), *(f"coalesce({each}, 0)" for each in texts)])

    @property
    def of_cells(self) -> int:
        """The bytes that a row takes beside its texts."""
        typed = (_estimate_cell(type_) for type_ in self.columns.values() if type_ not in _SIZES)
        return _CELL * len(self.columns) + sum(typed)

    def large(self, group: Group, batch_size: int) -> frozenset[int]:
        """Return the first rows of the batches of `batch_size` rows that would be too large."""
        if not self.limit or not self._may_be_large(group, batch_size):
            return frozenset()
        of_batch = f"{group.start} + ((file_row_number - {group.start}) // {batch_size}) * {batch_size}"
        inside = f"file_row_number >= {group.start} and file_row_number < {group.stop}"
        return self._too_large(f"select {of_batch} as batch, {self.of_row} as bytes from {self.lines} where {inside}")

    def _may_be_large(self, group: Group, batch_size: int) -> bool:
        """Return whether a batch may be too large, by the file's metadata alone: no row is read."""
        filled: defaultdict[int, float] = defaultdict(float)
        for first, stop, size in self._row_groups():
            last = min(stop, group.stop) - group.start
            for batch in range(max(first - group.start, 0) // batch_size, -(-last // batch_size)):
                filled[batch] += size
        return max(filled.values(), default=0) > self.limit

    def _row_groups(self) -> Iterator[tuple[int, int, float]]:
        """Yield, for each row group, its first row, the row after its last one, and the most bytes that it can take.

        Values that are stored compressed or in a dictionary have no known size.
        """
        metadata, stop = pq.read_metadata(self.plan), 0
        for each in map(metadata.row_group, range(metadata.num_row_groups)):
            first, stop = stop, stop + each.num_rows
            size: float = each.num_rows * self.of_cells
            for column in map(each.column, range(each.num_columns)):
                type_ = self.columns.get(column.path_in_schema)
                if type_ == "DOUBLE":
                    size += each.num_rows * _WIDEST_DOUBLE
                elif type_ in _SIZES:
                    as_it_is = _AS_IT_IS.issuperset(column.encodings)
                    size += column.total_uncompressed_size * (2 if type_ == "BLOB" else 1) if as_it_is else math.inf
            yield first, stop, size

    def large_cuts(self, cuts: Sequence[Cut]) -> frozenset[int]:
        """Return the numbers of the cuts that would be too large."""
        if not self.limit:
            return frozenset()
        firsts = sorted((start, number) for number, each in enumerate(cuts) for start, _ in each.ranges)
        starts, numbers = zip(*firsts, strict=True)
        cuts_ = pa.table({"start": pa.array(starts, pa.int64()), "batch": pa.array(numbers, pa.int64())})
        self.connection.register("cuts", cuts_)
        inside = f"file_row_number >= {starts[0]} and file_row_number < {max(each.ranges[-1][1] for each in cuts)}"
        rows = f"select file_row_number as line, {self.of_row} as bytes from {self.lines} where {inside}"
        return self._too_large(f"select c.batch, r.bytes from ({rows}) r asof join cuts c on r.line >= c.start")

    def pieces(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of the rows from `start` to `stop` that stay below the limit, with at least one row each."""
        found = self.connection.execute(
            f"select {self.of_row} from {self.lines} where file_row_number >= {start} and file_row_number < {stop}"
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


def _estimate_cell(type_: str) -> int:
    """Return the bytes of a cell of a type of fixed size.

    Beside its digits, a decimal has a sign, a point and a leading zero.
    """
    digits = _DECIMAL.fullmatch(type_)
    return int(digits[1]) + 3 if digits else _TYPED_CELLS.get(type_, _TYPED_CELL)
