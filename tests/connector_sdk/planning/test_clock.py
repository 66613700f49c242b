"""Clocks that jump: runs keep their order and what they left, and what waits for an age is not lost early."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import count
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import Keep, Project, RunStopped
from connector_sdk.history import runs
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, Rows, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
JUMPS = ([400, 0, 0, 0], [0, -400, -400, -400], [0, -400, 0, 0], [0, 400, 0, 0], [-20_000, 0, 400, -400])
"""Days that the clock is ahead of the right time in each of four runs."""

Jump = Callable[[float], None]


class Forgetful(Bench):
    """Keeps two runs, and others as long as 30 days."""

    def project(self, rows: Rows) -> Project:
        return evolve(super().project(rows), keep=Keep(days=30, runs=2))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Forgetful(tmp_path, people())
    yield made
    made.store.close()


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Set how many days the clock is ahead, wherever the product reads it."""
    ahead = [timedelta()]

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead[0]

    for module in ("lifecycle.begin", "state.batch_journal", "state.retention"):
        monkeypatch.setattr(f"connector_sdk.{module}.datetime", Jumping)
    return lambda days: ahead.__setitem__(0, timedelta(days=days))


def files(bench: Bench, folder: str) -> set[str]:
    return {path.stem for path in (bench.folder / ".connector" / folder).iterdir()}


def run_after_jump(bench: Bench, jump: Jump, days: float, number: int) -> str:
    jump(days)
    return bench.run([{**ANN, "n": f"Ann {number}"}]).report.run


@pytest.mark.parametrize("days", JUMPS)
def test_runs_keep_their_order_and_what_the_latest_left_whatever_the_clock_says(
    bench: Bench, jump: Jump, days: list[float]
) -> None:
    begun = [run_after_jump(bench, jump, each, number) for number, each in enumerate(days)]
    listed = [each.run for each in runs(bench.project([]))]
    assert listed == [each for each in reversed(begun) if each in listed]
    assert set(begun[-2:]) <= {*listed} & files(bench, "ledgers")
    assert files(bench, "snapshots/people") == set(begun[-2:])


@pytest.mark.parametrize("days", [-400, 400])
def test_a_run_that_stopped_goes_on_at_any_other_time(bench: Bench, jump: Jump, days: float) -> None:
    run_after_jump(bench, jump, 0, 1)
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    stopped = bench.run_open([{**ANN, "n": "Anna"}])
    jump(days)
    finished, fresh = bench.reports([{**ANN, "n": "Anna"}])
    assert (finished.run, finished.resumed, finished.rows.succeeded) == (stopped.run, True, 1)
    assert fresh.rows.planned == 0
    assert bench.names() == {"a": "Anna"}


def test_a_saved_plan_is_too_old_when_the_clock_jumped_forward_and_sends_nothing(bench: Bench, jump: Jump) -> None:
    saved = bench.plan([ANN], save=True)
    jump(2)
    with pytest.raises(RunStopped, match="24 hours"):
        bench.run([ANN], plan_id=saved.run)
    assert bench.names() == {}


def test_a_saved_plan_runs_once_when_the_clock_jumped_back(bench: Bench, jump: Jump) -> None:
    saved = bench.plan([ANN], save=True)
    jump(-400)
    bench.run([ANN], plan_id=saved.run)
    jump(0)
    with pytest.raises(Exception, match=saved.run):
        bench.run([ANN], plan_id=saved.run)
    assert bench.store.execution_counts("people") == {"a": 1}


@pytest.mark.parametrize("days", [-400, 400])
def test_every_wait_ends_however_the_clock_jumps_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    jumps, right = count(), time.time
    monkeypatch.setattr("time.time", lambda: right() + days * 86_400 * next(jumps))
    bench.store.add_fault(Fault(FaultKind.CUT_BEFORE, times=3))
    assert bench.run([ANN]).report.rows.succeeded == 1
