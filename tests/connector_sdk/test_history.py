from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector_sdk import RunReport, RunStopped, history
from connector_sdk.testing.reference import Fault, FaultKind

from .planning.bench import Bench
from .planning.conftest import bench

__all__ = ["bench"]

ROWS = [{"k": "1", "e": "a", "n": "Ann"}, {"k": "2", "e": "b", "n": "Bob"}]


@pytest.fixture
def opened(bench: Bench) -> RunReport:
    """A run that was stopped before it sent anything, and whose plan is damaged."""
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    report = bench.run_open(ROWS)
    assert history.rows(bench.project(ROWS), report.run).read_all().column("code").to_pylist() == ["NOT_SENT"] * 2
    (bench.folder / ".connector" / "plans" / report.run / "plan.parquet").write_bytes(b"damaged")
    return report


def find_ledger(bench: Bench, run: str) -> Path:
    return bench.folder / ".connector" / "ledgers" / f"{run}.parquet"


def test_the_rows_of_an_open_run_whose_plan_is_damaged_are_refused_with_a_way_out(
    bench: Bench, opened: RunReport
) -> None:
    with pytest.raises(RunStopped, match=rf"the frozen plan .*{opened.run}.* cannot be read: .*--abandon"):
        history.rows(bench.project(ROWS), opened.run)


def test_a_run_that_ends_while_its_rows_are_read_has_those_of_its_ledger(bench: Bench, opened: RunReport) -> None:
    """A run writes its ledger, records its end, and deletes its plan; the rows may be read in between."""
    bench.change(name="others")
    ended = bench.run(ROWS).report
    shutil.copy(find_ledger(bench, ended.run), find_ledger(bench, opened.run))
    lines = history.rows(bench.project(ROWS), opened.run).read_all()
    assert lines.column("outcome").to_pylist() == ["succeeded", "succeeded"]
