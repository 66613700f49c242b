from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector_sdk.state.ledger import LEDGER_SCHEMA, combine_tables, write_ledger


def test_the_lines_of_many_small_batches_are_written_together(tmp_path: Path) -> None:
    batches = (pa.Table.from_pylist([{"row": number}], LEDGER_SCHEMA) for number in range(1_000))
    write_ledger(tmp_path / "ledger.parquet", combine_tables(batches))
    ledger = pq.ParquetFile(tmp_path / "ledger.parquet")
    assert ledger.num_row_groups == 1
    assert ledger.read().column("row").to_pylist() == list(range(1_000))


def test_a_ledger_without_lines_has_its_columns(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger.parquet", combine_tables([]))
    assert pq.read_table(tmp_path / "ledger.parquet").schema.names == LEDGER_SCHEMA.names
