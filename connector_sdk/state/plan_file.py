"""Read the rows of a batch from the frozen plan on disk."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.batch import Action, Batch, Column
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect
from connector_sdk.contract.spec import Mode
from connector_sdk.files.corruption import PLAN
from connector_sdk.state.records import JournalledBatch

FILE = "plan.parquet"

PLAN_SCHEMA = pa.schema([
    ("key", pa.string()), ("match", pa.string()), ("record_id", pa.string()), ("effect", pa.string()),
    ("action", pa.string()), ("object", pa.string()), ("outcome", pa.string()), ("code", pa.string()),
    ("message", pa.string()), ("advice", pa.string()),
])  # fmt: skip
"""The columns of every plan. Beside them are the values: `model.COLUMN` as compared, and `sent.FIELD` as converted.

`effect` is an `Effect`, and `action` an `Action`. A line with an `outcome` is decided already, and not sent.
"""

MERGE_TARGET = "merged_into"
"""The column, in plans that merge, with the record that a row's record is merged into; null if it is not merged."""
MISSING = "missing"
"""The column of a stage that is frozen again: why a row's reference could not be resolved; null if it could."""
CACHED_GROUPS = 4
"""How many decoded row groups the reader caches. Several threads read batches almost in order."""


@frozen
class BatchRows:
    """The rows of a batch as the plan froze them. The arrays have one entry per row.

    `rows` are row numbers in the plan. `effects` say why each row is sent: `left` means that the row left the model.
    If the batch replaces a target, rows that left have entries after those of the rows in `batch`.
    `missing` says why a row's reference could not be resolved; None if all could.
    """

    batch: Batch
    rows: pa.Array
    keys: pa.Array
    record_ids: pa.Array
    effects: pa.Array
    missing: pa.Array | None = None


@frozen
class RowReference:
    """Cells of the column `stored` that refer to a record which another row of the plan creates.

    The column `row` has the key of that other row; null if the cell itself is the value to send. If the other row was
    not accepted, the referring row is rejected with `code`. Its message is `missing`, followed by the cell's value.
    """

    stored: str
    row: str
    missing: str
    code: Code = Code.REFERENCE_NOT_FOUND


@frozen
class MatchRule:
    """How the record of a row is matched: `field` in `objects` has the value that the plan's column `stored` holds.

    Records may be converted to `homes`, which are objects of the sync, and to `successors`, which are not. For each
    home, the column `shape_in` has the shape of a row that updates such a record. The column `unfit_in` says why a row
    cannot be written to it, and is null if it can.
    """

    objects: tuple[str, ...]
    field: str
    stored: str
    homes: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()


def require_columns(schema: pa.Schema) -> None:
    """Raise `ArrowInvalid` if a file lacks a column that every plan has."""
    lacking = [each.name for each in PLAN_SCHEMA if schema.field(each.name).type != each.type]
    if lacking:
        raise pa.ArrowInvalid(f"the plan has other types in: {', '.join(lacking)}")


def shape_in(object_name: str) -> str:
    """Return the plan's column with the shape that a row has if it updates a record of an object."""
    return f"shape in {object_name}"


def unfit_in(object_name: str) -> str:
    """Return the plan's column that says why a row cannot be written to a record of an object; null if it can."""
    return f"unfit in {object_name}"


@frozen
class Layout:
    """How batches are built from plan rows. `stored` maps each field to the plan's column that holds its values.

    `shapes` are the lists of columns that rows are sent with. `references` are resolved before their stage begins.
    `sought` says how to match a row again; None if rows are not matched to records.
    """

    mode: Mode
    api: str
    match_field: str | None
    version: str | None
    shapes: Sequence[tuple[Column, ...]]
    stored: Mapping[str, str]
    references: tuple[RowReference, ...] = ()
    sought: MatchRule | None = None

    def column(self, object_name: str, field: str) -> str:
        """Return the plan's column that holds the values of a field, in batches of an object."""
        own = stored_name(object_name, field)
        return self.stored[own if own in self.stored else field]


def stored_name(object_name: str | None, field: str) -> str:
    """Return the name of a field in `Layout.stored`. If a sync has several objects, each has values of its own."""
    return field if object_name is None else f"{object_name}.{field}"


class PlanReader:
    """The reader of a frozen plan, safe to use from any thread. Raises `RunStopped` if the file is damaged.

    `first` is the number of the file's first row in the plan.
    """

    def __init__(self, path: Path, layout: Layout, first: int = 0) -> None:
        self._path = path
        with PLAN.reading(self._path):
            self._file = pq.ParquetFile(self._path)
            require_columns(self._file.schema_arrow)
        self._layout = layout
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, pa.Table] = OrderedDict()
        metadata = self._file.metadata
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        self._starts = [first + sum(sizes[:number]) for number in range(len(sizes) + 1)]
        stored = set(layout.stored.values())
        self._columns = ["key", "record_id", "effect", *sorted(stored)]
        self._columns += [each for each in (MERGE_TARGET, MISSING) if each in self._file.schema_arrow.names]

    def read(self, batch: JournalledBatch) -> BatchRows:
        """Read the rows of a batch."""
        with PLAN.reading(self._path):
            return self._read(batch)

    def columns(self, batch: JournalledBatch, names: Sequence[str]) -> pa.Table:
        """Read further columns of the rows of a batch, which are not sent."""
        with PLAN.reading(self._path), self._lock:
            return self._table(batch, lambda number: self._read_row_group(number, names))

    def _table(self, batch: JournalledBatch, group: Callable[[int], pa.Table]) -> pa.Table:
        pieces = [piece for start, stop in batch.ranges for piece in self._slices(start, stop, group)]
        return pa.concat_tables(pieces).combine_chunks()

    def _read(self, batch: JournalledBatch) -> BatchRows:
        table = self._table(batch, self._group)
        if batch.found:
            ids = pa.array(batch.found.values(), pa.string())
            again = ids.take(pc.index_in(_numbers(batch), pa.array(batch.found, pa.int64())))
            place = table.schema.get_field_index("record_id")
            table = table.set_column(place, "record_id", pc.coalesce(again, table.column(place)))
        columns = self._layout.shapes[batch.shape]
        sent = table
        if batch.action is Action.REPLACE:
            sent = table.filter(pc.not_equal(table.column("effect"), Effect.LEFT.value)).combine_chunks()
        rows = sent.select([self._layout.column(batch.object_name, each.field) for each in columns])
        rows = rows.rename_columns([each.field for each in columns])
        made = Batch(
            run=batch.run,
            number=batch.number,
            object_name=batch.object_name,
            action=batch.action,
            mode=self._layout.mode,
            api=self._layout.api,
            columns=columns,
            rows=rows,
            record_ids=_array(sent, "record_id"),
            match_field=self._layout.match_field,
            version=self._layout.version,
            merge_into=_array(table, MERGE_TARGET) if batch.action is Action.MERGE else None,
        )
        missing = _array(table, MISSING) if MISSING in self._columns else None
        return BatchRows(
            made,
            _numbers(batch),
            _array(table, "key"),
            _array(table, "record_id"),
            _array(table, "effect"),
            missing if missing is not None and missing.null_count < len(missing) else None,
        )

    def _slices(self, start: int, stop: int, group: Callable[[int], pa.Table]) -> list[pa.Table]:
        pieces = []
        number = bisect_right(self._starts, start) - 1
        while start < stop:
            first, end = self._starts[number : number + 2]
            pieces.append(group(number).slice(start - first, min(stop, end) - start))
            start, number = end, number + 1
        return pieces

    def _group(self, number: int) -> pa.Table:
        with self._lock:
            if number not in self._cache:
                self._cache[number] = self._read_row_group(number, self._columns)
                while len(self._cache) > CACHED_GROUPS:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(number)
            return self._cache[number]

    def _read_row_group(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Read a row group. Call it with `_lock` held: two threads at once would make Arrow read freed memory."""
        return self._file.read_row_group(number, columns=columns, use_threads=False)


def _numbers(batch: JournalledBatch) -> pa.Array:
    """Return the row numbers of a batch: positions in the plan, counted from 0."""
    return pa.concat_arrays([pa.arange(start, stop) for start, stop in batch.ranges])


def _array(table: pa.Table, column: str) -> pa.Array:
    chunks = table.column(column)
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
