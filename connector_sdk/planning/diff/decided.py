"""The rows that planning decided, as lines of a ledger and as counts by outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector_sdk.state.counts import count_rows
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.records import CountedRows

_NAMES = ["key", "outcome", "action", "object", "record_id", "code", "message", "advice"]
_COUNTED = ["outcome", "action", "code", "advice"]
_ROWS = 65_536


def read_decided_lines(plan: Path) -> Iterator[pa.Table]:
    """Yield the rows that planning decided as lines with `LEDGER_SCHEMA`, in the order of the plan."""
    start = 0
    for batch in pq.ParquetFile(plan).iter_batches(_ROWS, columns=_NAMES):
        numbered = batch.append_column("row", pa.arange(start, start + batch.num_rows))
        start += batch.num_rows
        decided = pa.Table.from_batches([numbered.filter(pc.is_valid(batch.column("outcome")))])
        rows = decided.num_rows
        columns = {name: decided.column(name) for name in ["row", *_NAMES]} | {
            "fields": pa.nulls(rows),
            "batch": pa.nulls(rows),
            "attempts": pa.repeat(0, rows),
            "possible_duplicate": pa.repeat(False, rows),
        }
        if rows:
            yield pa.table({each.name: columns[each.name].cast(each.type) for each in LEDGER_SCHEMA})


def count_decided(plan: Path) -> Iterator[CountedRows]:
    """Yield the numbers of rows that planning decided, by outcome, separately for each part of the plan."""
    for batch in pq.ParquetFile(plan).iter_batches(_ROWS, columns=_COUNTED):
        decided = pa.Table.from_batches([batch.filter(pc.is_valid(batch.column("outcome")))])
        if decided.num_rows:
            flags = pa.repeat(False, decided.num_rows)
            yield from count_rows(decided.append_column("possible_duplicate", flags))
