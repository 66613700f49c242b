"""Runs that are ended without their frozen plan: what they created is remembered where that is possible."""

from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import ExitCode, Mode, RunReport, RunStopped, history
from connector_sdk.run import FirstRun

from ..planning.bench import Bench, map_fields, people
from ..planning.conftest import bench
from ..planning.test_giving_up import KEYS, leave_run_open, lose_plan, rows, set_up_notes

__all__ = ["bench"]


def end_run(bench: Bench, **asked: Any) -> tuple[RunReport, RunReport]:
    """End the open run without its plan, and return its report and that of the run after it."""
    ended, fresh = bench.reports(rows(*KEYS), **asked)
    assert (ended.state, ended.exit, ended.rows.succeeded) == ("abandoned", ExitCode.HELD, 1)
    return ended, fresh


@pytest.fixture
def damaged(bench: Bench) -> Bench:
    """A sync of notes that has run, and an open run; its plan is lost, and the snapshot is damaged."""
    set_up_notes(bench)
    bench.run(rows("z"), first_run=FirstRun.SEND)
    leave_run_open(bench, "write")
    lose_plan(bench)
    (snapshot,) = (bench.folder / ".connector" / "snapshots" / "people").iterdir()
    snapshot.write_bytes(b"damaged")
    return bench


def test_a_run_stays_open_if_what_it_created_cannot_be_added_to_the_snapshot(damaged: Bench) -> None:
    for _ in range(2):
        with pytest.raises(RunStopped, match=r"the snapshot .* cannot be read: .*--start-over"):
            damaged.reports(rows(*KEYS), abandon=True)
        assert [each.state for each in history.runs(damaged.project([]))] == ["interrupted", "finished"]
    assert damaged.store.execution_counts("notes") == {"z": 1, "a": 1, "b": 1}


def test_starting_over_ends_it_without_the_snapshot(damaged: Bench) -> None:
    _, fresh = end_run(damaged, start_over=True, first_run=FirstRun.SEND)
    assert (fresh.state, fresh.rows.succeeded) == ("finished", 3)
    assert damaged.run(rows(*KEYS)).ledger == {}


def test_what_it_created_elsewhere_does_not_count_as_sent_to_the_present_object(bench: Bench) -> None:
    set_up_notes(bench)
    leave_run_open(bench, "write", first_run=FirstRun.SEND)
    lose_plan(bench)
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="k", name="n"))
    _, fresh = end_run(bench, abandon=True)
    assert (fresh.state, fresh.exit) == ("not begun", ExitCode.GUARD)
    assert bench.run(rows(*KEYS), first_run=FirstRun.SEND).ledger == dict.fromkeys(KEYS, "succeeded")
    assert bench.store.execution_counts("people") == dict.fromkeys(KEYS, 1)
