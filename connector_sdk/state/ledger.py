"""The ledger: one queryable file with the outcome of every row of a run.

It is written once, when the run ends, from the outcomes in the journal (`batch_journal.py`).
"""

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

`attempts` counts how often a row was submitted to the destination, over all retries, splits and resumptions of the run.
A request that the destination refused as a whole executed nothing. It counts only if the refusal is the row's outcome.

`possible_duplicate` is true if the row was sent again although an earlier submission may have been executed, so that it
may have had its effect twice. For an upsert, it means that the run cannot know whether the row created a record.
"""


def with_all_columns(outcomes: pa.Table) -> pa.Table:
    """Return ledger lines with all columns of `LEDGER_SCHEMA`. Columns unknown to an earlier version are null."""
    if outcomes.schema == LEDGER_SCHEMA:
        return outcomes
    have = outcomes.column_names
    rows = outcomes.num_rows
    columns = [outcomes.column(each.name) if each.name in have else pa.nulls(rows, each.type) for each in LEDGER_SCHEMA]
    return pa.table(columns, schema=LEDGER_SCHEMA)


def write_ledger(path: Path, outcomes: Iterator[pa.Table]) -> None:
    """Write a ledger from tables with `LEDGER_SCHEMA`. The file appears complete or not at all."""
    import pyarrow.parquet as pq  # imported late: commands that need no ledger start faster

    fresh = path.with_suffix(".new")
    make_file(fresh)
    with pq.ParquetWriter(fresh, LEDGER_SCHEMA, compression="lz4", use_dictionary=_REPEATING) as writer:
        for table in outcomes:
            writer.write_table(table)
    on_disk(fresh)
    fresh.replace(path)
    on_disk(path.parent)


def combine_tables(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same lines in tables of at least `_ROW_GROUP` rows. Many small tables cost more than their rows."""
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
