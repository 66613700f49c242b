"""Too little memory: the run says so, sends nothing, and is complete once there is more."""

from __future__ import annotations

import pyarrow as pa
import pytest

from connector_sdk import ExitCode, RunStopped
from connector_sdk.engines import sql

from .bench import Bench

ROWS = 20_000


@pytest.fixture
def rows() -> pa.Table:
    numbers = [str(number) for number in range(ROWS)]
    return pa.table({"k": numbers, "e": numbers, "n": [number * 20 for number in numbers]})


def test_a_comparison_without_enough_memory_stops_before_anything_is_sent(
    bench: Bench, rows: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "MEMORY", "1MB")
    with pytest.raises(RunStopped, match="make room in memory and on the disk, and run again") as stopped:
        bench.plan(rows)
    assert stopped.value.exit_code is ExitCode.STOPPED
    assert bench.store.execution_counts("people") == {}
    monkeypatch.undo()
    assert bench.plan(rows).rows.planned == ROWS
