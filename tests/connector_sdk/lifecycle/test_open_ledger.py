"""The ledger of a run that has not ended, from a plan that is read in parts of 65,536 rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk import Action
from connector_sdk.lifecycle.open_ledger import open_ledger
from connector_sdk.state.database import open_database
from connector_sdk.state.folder import StateFolder
from connector_sdk.state.journal import Journal
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.plan_file import FILE, PLAN_SCHEMA
from connector_sdk.state.records import NewBatch, RunState

PART = 65_536
ROWS = 3 * PART


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(open_database(tmp_path / "state.db"))
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    """A state folder with the plan of a run, in which the key of a row is its number."""
    made = StateFolder(tmp_path)
    made.plan("r1").mkdir(parents=True)
    columns = {each.name: pa.nulls(ROWS, each.type) for each in PLAN_SCHEMA}
    columns["key"] = pa.array(range(ROWS)).cast(pa.string())
    pq.write_table(pa.table({each.name: columns[each.name] for each in PLAN_SCHEMA}), made.plan("r1") / FILE)
    return made


def read_keys(folder: StateFolder, journal: Journal, *ranges: tuple[int, int]) -> list[int]:
    """Return the keys of the rows of a run that waits for these ranges, one to a batch."""
    journal.begin_run("r1", "sync", "acme", "hash")
    batches = [NewBatch(0, "people", Action.UPSERT, 0, (each,)) for each in ranges]
    journal.freeze("r1", batches, RunState.RUNNING)
    lines = open_ledger(folder, journal, "r1", [each.name for each in LEDGER_SCHEMA], {}).read_all()
    assert lines.column("key").to_pylist() == [str(row) for row in lines.column("row").to_pylist()]
    assert set(lines.column("code").to_pylist()) <= {"NOT_SENT"}
    return [int(key) for key in lines.column("key").to_pylist()]


@pytest.mark.parametrize(
    "ranges",
    [
        [(PART - 2, PART + 3)],
        [(PART - 2, 2 * PART + 3)],
        [(0, 2), (PART - 1, PART + 1), (2 * PART, 2 * PART + 2)],
        [(0, PART), (PART, 2 * PART)],
    ],
    ids=["across a border", "across a whole part", "in every part", "up to a border"],
)
def test_rows_without_an_outcome_are_listed_once_wherever_the_parts_of_the_plan_end(
    folder: StateFolder, journal: Journal, ranges: list[tuple[int, int]]
) -> None:
    expected = [row for start, stop in ranges for row in range(start, stop)]
    assert read_keys(folder, journal, *ranges) == expected


def test_a_part_of_the_plan_in_which_no_row_waits_has_no_line(folder: StateFolder, journal: Journal) -> None:
    assert read_keys(folder, journal, (1, 2), (ROWS - 1, ROWS)) == [1, ROWS - 1]
