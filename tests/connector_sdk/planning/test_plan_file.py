"""Rows of batches are read back from the frozen plan: any ranges, by several threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk import Action, Column, Mode, RunStopped
from connector_sdk.state.plan_file import CACHED_GROUPS, FILE, PLAN_SCHEMA, BatchRows, Layout, PlanReader
from connector_sdk.state.records import BatchState, JournalledBatch, Ranges

ROWS, GROUP = 1_000, 90
LAYOUT = Layout(
    Mode.UPSERT, "call", "b", None, ((Column("a"), Column("b")), (Column("b"),), ()), {"a": "model.x", "b": "model.x.y"}
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> PlanReader:
    """A plan of many row groups; one column's name begins with another's."""
    folder = tmp_path_factory.mktemp("plan")
    numbers = range(ROWS)
    table = pa.table(
        {
            "key": [f"k{n}" for n in numbers],
            "record_id": [f"r{n}" if n % 2 else None for n in numbers],
            "effect": ["new"] * ROWS,
            "model.x": [f"x{n}" for n in numbers],
            "model.x.y": pa.array(numbers, pa.int64()),
        }
    )
    for each in PLAN_SCHEMA:
        if each.name not in table.column_names:
            table = table.append_column(each, pa.nulls(ROWS, each.type))
    pq.write_table(table, folder / FILE, row_group_size=GROUP)
    return PlanReader(Path(folder, FILE), LAYOUT)


def _batch(ranges: Ranges, shape: int = 0) -> JournalledBatch:
    return JournalledBatch(
        0, "o", Action.UPSERT, shape, ranges, run="run", number=1, state=BatchState.PLANNED, attempts=0
    )


def _check(read: BatchRows, ranges: Ranges) -> None:
    wanted = [row for start, stop in ranges for row in range(start, stop)]
    assert read.rows.to_pylist() == wanted
    assert read.keys.to_pylist() == [f"k{n}" for n in wanted]
    assert read.record_ids.to_pylist() == [f"r{n}" if n % 2 else None for n in wanted]
    assert read.batch.rows.to_pydict() == {"a": [f"x{n}" for n in wanted], "b": wanted}


@st.composite
def _ranges(draw: st.DrawFn) -> Ranges:
    ends = sorted(draw(st.lists(st.integers(0, ROWS), min_size=2, max_size=8, unique=True)))
    return tuple(zip(ends[::2], ends[1::2], strict=False))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ranges())
def test_any_ranges_are_read_whole_and_in_order(reader: PlanReader, ranges: Ranges) -> None:
    _check(reader.read(_batch(ranges)), ranges)


@pytest.mark.parametrize(
    "ranges", [((0, ROWS),), ((89, 91),), ((0, 1), (999, 1000)), ((90, 180),), ((179, 181), (269, 271))]
)
def test_ranges_may_cross_row_groups(reader: PlanReader, ranges: Ranges) -> None:
    _check(reader.read(_batch(ranges)), ranges)


def test_a_shape_chooses_the_columns(reader: PlanReader) -> None:
    assert reader.read(_batch(((5, 7),), 1)).batch.rows.to_pydict() == {"b": [5, 6]}
    empty = reader.read(_batch(((5, 7),), 2))
    assert (empty.batch.rows.num_columns, empty.batch.record_ids.to_pylist()) == (0, ["r5", None])


def test_several_threads_read_the_same_plan(reader: PlanReader) -> None:
    ranges: list[Ranges] = [((start, start + 37), (start + 300, start + 350)) for start in range(0, 640, 8)]
    with ThreadPoolExecutor(8) as threads:
        for read, wanted in zip(threads.map(lambda each: reader.read(_batch(each)), ranges), ranges, strict=True):
            _check(read, wanted)


def test_several_threads_read_other_columns_beside_it(reader: PlanReader) -> None:
    """Two that read one file at once made Arrow use freed memory: this ended the process."""

    def read(number: int) -> None:
        ranges = ((number * 37 % ROWS, number * 37 % ROWS + 1),)
        _check(reader.read(_batch(ranges)), ranges)
        keys = reader.columns(_batch(ranges), ["key", "effect"]).column("key").to_pylist()
        assert keys == [f"k{ranges[0][0]}"]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(2_000)))


def test_only_some_row_groups_stay_in_memory(reader: PlanReader) -> None:
    reader.read(_batch(((0, ROWS),)))
    assert len(reader._cache) <= CACHED_GROUPS


def test_a_batch_knows_its_run_and_its_api(reader: PlanReader) -> None:
    read = reader.read(evolve(_batch(((0, 1),)), number=7))
    assert (read.batch.number, read.batch.api, read.batch.mode, read.batch.match_field) == (7, "call", Mode.UPSERT, "b")


@pytest.mark.parametrize("lacking", PLAN_SCHEMA.names)
def test_a_file_that_lacks_a_column_of_every_plan_is_no_plan(tmp_path: Path, lacking: str) -> None:
    table = PLAN_SCHEMA.empty_table()
    pq.write_table(table, tmp_path / FILE)
    PlanReader(tmp_path / FILE, LAYOUT)
    pq.write_table(table.drop_columns([lacking]), tmp_path / FILE)
    with pytest.raises(RunStopped, match="cannot be read"):
        PlanReader(tmp_path / FILE, LAYOUT)
