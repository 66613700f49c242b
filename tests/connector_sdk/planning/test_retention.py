"""The state folder does not fill up: what nobody can use any more goes when a run ends, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from connector_sdk import RunStopped
from connector_sdk.state.database import open_database

from .bench import UNGUARDED, Bench

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}
A_DAY_AGO = time.time() - 25 * 3600


def state(bench: Bench, folder: str) -> list[str]:
    return sorted(path.name for path in (bench.folder / ".connector" / folder).iterdir())


def age(bench: Bench, folder: str) -> None:
    for path in (bench.folder / ".connector" / folder).iterdir():
        os.utime(path, (A_DAY_AGO, A_DAY_AGO))


def test_a_saved_plan_that_has_expired_goes_with_the_next_run(bench: Bench) -> None:
    old, kept = bench.plan([ANN], save=True), bench.plan([ANN], save=True)
    journal = open_database(bench.folder / ".connector" / "state.db")
    journal.execute("update run set created = '2020-01-01T00:00:00+00:00' where id = ?", (old.run,))
    journal.close()
    ran = bench.run([ANN])
    assert state(bench, "plans") == [kept.run]
    assert set(_runs(bench)) == {kept.run, ran.report.run}


def test_the_calls_of_a_run_that_a_guard_stopped_go_after_a_day(bench: Bench) -> None:
    bench.change(guards=type(UNGUARDED)(min_rows=2))
    with pytest.raises(RunStopped, match="min_rows"):
        bench.run([ANN])
    (stopped,) = state(bench, "calls")
    bench.run([ANN, BOB])
    assert stopped in state(bench, "calls")
    age(bench, "calls")
    ran = bench.run([ANN, BOB])
    assert stopped not in state(bench, "calls")
    assert len(state(bench, "calls")) == 2
    assert f"{ran.report.run}.db" in state(bench, "calls")


def test_the_plan_of_a_process_that_was_killed_while_planning_goes_after_a_day(bench: Bench) -> None:
    bench.run([ANN])
    orphan = bench.folder / ".connector" / "plans" / "20200101-000000-0000000"
    (orphan / "spill").mkdir(parents=True)
    bench.run([ANN])
    assert state(bench, "plans") == [orphan.name]
    age(bench, "plans")
    bench.run([ANN])
    assert state(bench, "plans") == []


def test_two_snapshots_are_kept_and_nothing_that_was_half_written(bench: Bench) -> None:
    for number in range(4):
        bench.run([{**ANN, "n": str(number)}])
        (bench.folder / ".connector" / "snapshots" / "people" / f"20990101-{number}.new").touch()
    bench.run([BOB])
    kept = state(bench, "snapshots/people")
    assert len(kept) == 2
    assert all(Path(name).suffix == ".parquet" for name in kept)


def test_a_run_has_ended_though_old_files_cannot_be_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "not permitted")

    monkeypatch.setattr("connector_sdk.finish.retain", refuse)
    assert bench.run([ANN]).report.state == "finished"
    assert "not permitted" in caplog.text
    assert bench.run([ANN]).ledger == {}


def _runs(bench: Bench) -> list[str]:
    journal = open_database(bench.folder / ".connector" / "state.db")
    found = [run for (run,) in journal.execute("select id from run").fetchall()]
    journal.close()
    return found
