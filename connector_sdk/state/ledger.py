"""The ledger: what became of every row of a run, as one queryable file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector_sdk.state.folder import on_disk

LEDGER_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("key", pa.string()),
        ("outcome", pa.string()),
        ("action", pa.string()),
        ("object", pa.string()),
        ("record_id", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("fields", pa.string()),
        ("advice", pa.string()),
        ("batch", pa.int64()),
        ("attempts", pa.int64()),
    ]
)
"""The columns of a ledger. `row` is the row's number in the plan; `batch` is null for rows that were never sent."""


def write_ledger(path: Path, outcomes: Iterator[pa.Table]) -> None:
    """Write a ledger from tables with `LEDGER_SCHEMA`; it appears whole or not at all."""
    fresh = path.with_suffix(".new")
    with pq.ParquetWriter(fresh, LEDGER_SCHEMA, compression="lz4", use_dictionary=_REPEATING) as writer:
        for table in outcomes:
            writer.write_table(table)
    on_disk(fresh)
    fresh.replace(path)


_REPEATING = ["outcome", "action", "object", "code", "message", "fields", "advice", "batch", "attempts"]
