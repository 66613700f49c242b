"""The frozen plan on disk: what its columns are called, and how the rows of a batch are read back."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.batch import Batch, Column
from connector_sdk.damage import PLAN
from connector_sdk.spec import Mode
from connector_sdk.state.entries import JournalledBatch

FILE = "plan.parquet"
CACHED_GROUPS = 4
"""Row groups kept decoded: batches are read almost in order, by several threads."""


@frozen
class BatchRows:
    """The rows of a batch as they were frozen; the arrays have one entry per row.

    `rows` are row numbers in the plan, `effects` say why each row is sent (`left` for a row that left the model).
    """

    batch: Batch
    rows: pa.Array
    keys: pa.Array
    record_ids: pa.Array
    effects: pa.Array


@frozen
class Layout:
    """How batches are made of plan rows. `stored` maps each field to the plan's column that holds its values.

    `shapes` are the lists of columns that rows are sent with.
    """

    mode: Mode
    api: str
    match_field: str | None
    version: str | None
    shapes: Sequence[tuple[Column, ...]]
    stored: Mapping[str, str]


class PlanReader:
    """Reads rows of a frozen plan; safe to use from any thread. Raises `RunStopped` when the file is damaged."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._path = folder / FILE
        with PLAN.reading(self._path):
            self._file = pq.ParquetFile(self._path)
        self._layout = layout
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, pa.Table] = OrderedDict()
        metadata = self._file.metadata
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        self._starts = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
        stored = set(layout.stored.values())
        self._columns = ["key", "record_id", "effect", *sorted(stored)]

    def read(self, batch: JournalledBatch) -> BatchRows:
        """The rows of a batch."""
        with PLAN.reading(self._path):
            return self._read(batch)

    def _read(self, batch: JournalledBatch) -> BatchRows:
        pieces = [piece for start, stop in batch.ranges for piece in self._slices(start, stop)]
        table = pa.concat_tables(pieces).combine_chunks()
        columns = self._layout.shapes[batch.shape]
        rows = table.select([self._layout.stored[each.field] for each in columns])
        rows = rows.rename_columns([each.field for each in columns])
        made = Batch(
            batch.run, batch.number, batch.object_name, batch.action, self._layout.mode, self._layout.api, columns,
            rows, _array(table, "record_id"), self._layout.match_field, self._layout.version,
        )  # fmt: skip
        return BatchRows(
            made, _numbers(batch), _array(table, "key"), _array(table, "record_id"), _array(table, "effect")
        )

    def _slices(self, start: int, stop: int) -> list[pa.Table]:
        pieces = []
        for number, (first, end) in enumerate(zip(self._starts, self._starts[1:], strict=False)):
            if first < stop and start < end:
                low = max(start, first)
                pieces.append(self._group(number).slice(low - first, min(stop, end) - low))
        return pieces

    def _group(self, number: int) -> pa.Table:
        with self._lock:
            if number not in self._cache:
                self._cache[number] = self._file.read_row_group(number, columns=self._columns, use_threads=False)
                while len(self._cache) > CACHED_GROUPS:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(number)
            return self._cache[number]


def _numbers(batch: JournalledBatch) -> pa.Array:
    """The numbers of a batch's rows: their places in the plan, counted from 0."""
    return pa.concat_arrays([pa.array(range(start, stop), pa.int64()) for start, stop in batch.ranges])


def _array(table: pa.Table, column: str) -> pa.Array:
    chunks = table.column(column)
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
