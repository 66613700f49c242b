from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector_sdk.planning.diff.decided import count_decided, read_decided_lines


def write_plan(path: Path, outcomes: list[str | None]) -> Path:
    """Write a plan of updates with these outcomes; the key of each row is its number."""
    rows = len(outcomes)
    text = {name: [None] * rows for name in ("object", "record_id", "code", "message", "advice")}
    columns = {"key": [str(row) for row in range(rows)], "outcome": outcomes, "action": ["update"] * rows, **text}
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)
    return path


def test_a_part_of_a_plan_without_decided_rows_adds_nothing(tmp_path: Path) -> None:
    """A plan is read in parts of 65,536 rows."""
    part = 65_536
    plan = write_plan(tmp_path / "plan.parquet", [None] * part + ["skipped", None, "rejected", "skipped"])
    assert sorted((each.outcome, each.rows) for each in count_decided(plan)) == [("rejected", 1), ("skipped", 2)]
    (lines,) = read_decided_lines(plan)
    assert lines.column("row").to_pylist() == [part, part + 2, part + 3]
    assert lines.column("key").to_pylist() == [str(part), str(part + 2), str(part + 3)]


def test_a_plan_that_decides_nothing_counts_nothing(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan.parquet", [None, None])
    assert list(count_decided(plan)) == []
    assert list(read_decided_lines(plan)) == []
