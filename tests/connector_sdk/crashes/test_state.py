"""State that was lost, put back or points elsewhere: nothing is deleted, nothing is inserted twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve

from connector_sdk import ExitCode, Mode, Project, Removal, RunStopped
from connector_sdk.run import run
from connector_sdk.testing.reference import Store

from .scenarios import CASES, DESTINATIONS, PACE, Case, project, run_once

INSERT, UPSERT = CASES["insert-leased_job"], CASES["upsert-two_phase"]
GUARDED = evolve(UPSERT, on_removed=Removal.DELETE)


def write(folder: Path, rows: int, key: str = "key") -> None:
    keys = [f"k{number}" for number in range(rows)]
    pq.write_table(pa.table({key: keys, "text": keys}), folder / "model.parquet")


def keys(folder: Path, case: Case) -> list[str]:
    return sorted(record[case.key_field] for record in Store.at(folder / "store.db").records(case.object_name))


def set_default_guards(made: Project) -> Project:
    """Return the project with the default guards."""
    sync = evolve(made.syncs["sync"], guards=type(made.syncs["sync"].guards)())
    return evolve(made, syncs={"sync": sync})


def expect_guard_stop(act: Callable[[], object]) -> str:
    """Check that something stops with exit code 6, and return its message."""
    with pytest.raises(RunStopped) as raised:
        act()
    assert raised.value.exit_code is ExitCode.GUARD
    return str(raised.value)


def run_guarded(folder: Path, case: Case, **changes: object) -> None:
    made = set_default_guards(project(case, folder))
    sync = evolve(made.syncs["sync"], **changes)
    run(evolve(made, syncs={"sync": sync}), "sync", destinations=DESTINATIONS, pace=PACE)


@pytest.fixture(params=[INSERT, GUARDED], ids=["insert", "upsert"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """A sync that has run twice, in `tmp_path`, with a state of the week before put aside."""
    chosen: Case = request.param
    write(tmp_path, 20)
    run_once(chosen, tmp_path)
    shutil.copytree(tmp_path / ".connector", tmp_path / "last-week")
    write(tmp_path, 25)
    run_once(chosen, tmp_path)
    return chosen


def test_without_its_state_an_insert_stops_and_an_upsert_finds_its_records(case: Case, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".connector")
    if case.mode is Mode.INSERT:
        assert "--first-run" in expect_guard_stop(lambda: run_guarded(tmp_path, case))
    else:
        run_guarded(tmp_path, case)
    assert keys(tmp_path, case) == sorted(f"k{number}" for number in range(25))


def test_with_the_state_of_last_week_nothing_is_sent(case: Case, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".connector")
    shutil.move(tmp_path / "last-week", tmp_path / ".connector")
    assert "lacks its last 1 run" in expect_guard_stop(lambda: run_guarded(tmp_path, case))
    assert keys(tmp_path, case) == sorted(f"k{number}" for number in range(25))


def test_a_renamed_key_column_stops_the_run(case: Case, tmp_path: Path) -> None:
    write(tmp_path, 25, key="id")
    made = project(case, tmp_path)
    model = evolve(made.models["model"], primary_key=("id",))
    renamed = evolve(made, models={"model": model})
    said = expect_guard_stop(lambda: run(renamed, "sync", destinations=DESTINATIONS, pace=PACE))
    assert "primary key was 'key' and is 'id'" in said
    assert keys(tmp_path, case) == sorted(f"k{number}" for number in range(25))


def test_another_account_under_the_same_login_stops_the_run(case: Case, tmp_path: Path) -> None:
    Store.at(tmp_path / "store.db").become(account="another-org")
    write(tmp_path, 5)
    assert "account was" in expect_guard_stop(lambda: run_guarded(tmp_path, case))
    assert len(keys(tmp_path, case)) == 25


@pytest.mark.parametrize("rows", [0, 1, 11, 22])
def test_a_model_that_was_cut_deletes_nothing(tmp_path: Path, rows: int) -> None:
    write(tmp_path, 25)
    run_once(GUARDED, tmp_path)
    write(tmp_path, rows)
    said = expect_guard_stop(lambda: run_guarded(tmp_path, GUARDED))
    assert "--accept max_removed" in said
    assert keys(tmp_path, GUARDED) == sorted(f"k{number}" for number in range(25))


def test_a_snapshot_that_is_missing_stops_the_run_and_start_over_goes_on(case: Case, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".connector" / "snapshots")
    assert "--start-over" in expect_guard_stop(lambda: run_guarded(tmp_path, case))
    assert len(keys(tmp_path, case)) == 25
