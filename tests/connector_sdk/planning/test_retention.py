"""The state folder does not fill up: when a run ends, it removes what has no use any more, and nothing else."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import Keep, Mode, Project, RunStopped
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun
from connector_sdk.state.database import open_database
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import UNGUARDED, Bench, Rows, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}
A_DAY_AGO = time.time() - 25 * 3600


class Forgetful(Bench):
    """Keeps two runs, and others as long as a day."""

    def project(self, rows: Rows) -> Project:
        return evolve(super().project(rows), keep=Keep(days=1, runs=2))


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


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Forgetful]:
    made = Forgetful(tmp_path, people())
    yield made
    made.store.close()


def test_of_runs_that_are_older_than_is_kept_no_value_stays(forgetful: Forgetful) -> None:
    ran = [forgetful.run([{**ANN, "n": f"Ann {number}"}]).report.run for number in range(4)]
    assert state(forgetful, "ledgers") == sorted(f"{run}.parquet" for run in ran), "none of them is old"
    backdate_runs(forgetful)
    ran.append(forgetful.run([{**ANN, "n": "Ann 4"}]).report.run)
    assert state(forgetful, "ledgers") == sorted(f"{run}.parquet" for run in ran[-2:])
    assert state(forgetful, "calls") == sorted(f"{run}.db" for run in ran[-2:])
    assert state(forgetful, "plans") == []
    assert sorted(_runs(forgetful)) == sorted(ran[-2:])


def test_a_run_whose_rows_are_held_stays_until_they_are_settled(forgetful: Forgetful) -> None:
    forgetful.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"))
    forgetful.store.add_fault(Fault(FaultKind.CUT_AFTER))
    holding = forgetful.run([ANN], first_run=FirstRun.SEND).report.run
    for _ in range(3):
        backdate_runs(forgetful)
        forgetful.run([ANN, BOB])
    project = forgetful.project([ANN])
    assert [each.key for each in held_rows(project, holding)] == ["1"]
    assert f"{holding}.parquet" in state(forgetful, "ledgers")
    resolve(project, holding, Settlement(Decision.SENT))
    forgetful.run([ANN, BOB])
    assert f"{holding}.parquet" not in state(forgetful, "ledgers")
    assert forgetful.store.execution_counts("notes") == {"1": 1, "2": 1}


def test_nobody_else_can_read_what_runs_leave_whatever_the_umask(bench: Bench) -> None:
    root = bench.folder / ".connector"
    root.mkdir()
    root.chmod(0o755)
    before = os.umask(0)
    try:
        bench.run([ANN])
        bench.plan([ANN, BOB], save=True)
        bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
        bench.run_open([ANN, BOB])
    finally:
        os.umask(before)
    assert all(state(bench, each) for each in ("plans", "snapshots", "schemas", "ledgers", "calls"))
    assert [each for each in root.rglob("*") if each.is_file() and not _is_private(each, root)] == []


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

    monkeypatch.setattr("connector_sdk.lifecycle.finish.retain", refuse)
    assert bench.run([ANN]).report.state == "finished"
    assert "not permitted" in caplog.text
    assert bench.run([ANN]).ledger == {}


def backdate_runs(bench: Bench) -> None:
    journal = open_database(bench.folder / ".connector" / "state.db")
    journal.execute("update run set created = '2020-01-01T00:00:00+00:00'")
    journal.close()


def _is_private(file: Path, root: Path) -> bool:
    """Return whether a file, or a folder on the way to it, is closed to all other users."""
    way = [file, *(each for each in file.parents if each.is_relative_to(root) and each != root)]
    return any(stat.S_IMODE(each.stat().st_mode) & 0o077 == 0 for each in way)


def _runs(bench: Bench) -> list[str]:
    journal = open_database(bench.folder / ".connector" / "state.db")
    found = [run for (run,) in journal.execute("select id from run").fetchall()]
    journal.close()
    return found
