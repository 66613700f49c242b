"""The ledger: what became of every row of a run, as one queryable file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from connector_sdk.files.private import make_file, on_disk

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
        ("possible_duplicate", pa.bool_()),
    ]
)
"""The columns of a ledger. `row` is the row's number in the plan; `batch` is null for rows that were never sent.

`attempts` counts how often a row was submitted: handed to the destination, over all retries, halves and resumptions of
the run. A request that executed nothing because it was refused as a whole counts just where that is the row's outcome.
`possible_duplicate`: the row was sent again although an earlier submission may have been executed, and that may have
had an effect twice; of an upsert, that it cannot be told whether it created a record.
"""


def with_all_columns(outcomes: pa.Table) -> pa.Table:
    """Return lines that an earlier version wrote with the columns that it did not know, null."""
    if outcomes.schema == LEDGER_SCHEMA:
        return outcomes
    have = outcomes.column_names
    rows = outcomes.num_rows
    columns = [outcomes.column(each.name) if each.name in have else pa.nulls(rows, each.type) for each in LEDGER_SCHEMA]
    return pa.table(columns, schema=LEDGER_SCHEMA)


def write_ledger(path: Path, outcomes: Iterator[pa.Table]) -> None:
    """Write a ledger from tables with `LEDGER_SCHEMA`; it appears whole or not at all."""
    import pyarrow.parquet as pq  # a list of runs comes sooner without it

    fresh = path.with_suffix(".new")
    make_file(fresh)
    with pq.ParquetWriter(fresh, LEDGER_SCHEMA, compression="lz4", use_dictionary=_REPEATING) as writer:
        for table in outcomes:
            writer.write_table(table)
    on_disk(fresh)
    fresh.replace(path)
    on_disk(path.parent)


def combine_tables(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same lines in tables of `_ROW_GROUP` of them and more: many small ones cost more than their rows."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= _ROW_GROUP:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


_ROW_GROUP = 20_000
_REPEATING = ["outcome", "action", "object", "code", "message", "fields", "advice", "batch", "attempts"]
