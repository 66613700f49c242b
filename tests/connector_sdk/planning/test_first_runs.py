"""Runs without a snapshot, snapshots of another target, and starting over."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import ExitCode, Match, Mode, Removal, RunStopped
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Store

from .bench import Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}


@pytest.fixture
def inserting(bench: Bench) -> Bench:
    """An insert of people."""
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    return bench


def test_an_insert_without_a_snapshot_stops_and_says_what_to_choose(inserting: Bench) -> None:
    with pytest.raises(RunStopped, match="has no record of what it sent") as stopped:
        inserting.run([ANN])
    assert stopped.value.exit_code is ExitCode.GUARD
    assert "--first-run send" in stopped.value.hint
    assert "--first-run baseline" in stopped.value.hint
    assert inserting.names() == {}


def test_the_plan_of_a_first_insert_is_shown_with_that_stop(inserting: Bench) -> None:
    (finding,) = inserting.plan([ANN]).findings
    assert finding.level == "stop"
    assert inserting.plan([ANN], first_run=FirstRun.SEND).findings == ()


def test_send_sends_every_row(inserting: Bench) -> None:
    assert inserting.run([ANN, BOB], first_run=FirstRun.SEND).report.actions.created == 2
    assert inserting.run([ANN, BOB]).ledger == {}


def test_baseline_takes_the_present_rows_as_sent(inserting: Bench) -> None:
    ran = inserting.run([ANN], first_run=FirstRun.BASELINE)
    assert ran.ledger == {"1": "skipped BASELINE"}
    assert ran.report.exit == 0
    assert inserting.run([ANN, BOB]).ledger == {"2": "succeeded"}
    assert set(inserting.names()) == {"b"}


def test_a_first_run_that_accepts_nothing_is_a_first_run_all_the_same(inserting: Bench) -> None:
    inserting.run([{**ANN, "k": ""}], first_run=FirstRun.SEND)
    assert inserting.run([ANN]).ledger == {"1": "succeeded"}


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE])
def test_keyed_modes_need_no_word(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode)
    bench.store.put("people", external_id="a", name="-")
    assert bench.run([ANN]).ledger == {"1": "succeeded"}


def test_a_baseline_of_an_upsert_sends_later_changes(bench: Bench) -> None:
    bench.store.put("people", external_id="a", name="Ann")
    bench.run([ANN], first_run=FirstRun.BASELINE)
    assert bench.run([ANN]).ledger == {}
    assert bench.run([{**ANN, "n": "Anna"}]).report.actions.updated == 1
    assert bench.names() == {"a": "Anna"}


def test_start_over_forgets_what_was_sent_and_removes_nothing(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    ran = bench.run([ANN], start_over=True)
    assert ran.ledger == {"1": "succeeded"}
    assert set(bench.names()) == {"a", "b"}
    assert bench.run([ANN]).ledger == {}


def test_starting_an_insert_over_needs_a_word_again(inserting: Bench) -> None:
    inserting.run([ANN], first_run=FirstRun.SEND)
    with pytest.raises(RunStopped, match="has no record"):
        inserting.run([ANN], start_over=True)
    inserting.run([ANN], start_over=True, first_run=FirstRun.BASELINE)
    assert inserting.run([ANN]).ledger == {}
    assert len(inserting.names()) == 1


def _another_account(bench: Bench, path: Path) -> None:
    bench.store = Store.at(path)
    bench.settings = {"path": str(path)}


def _another_match_field(bench: Bench, _path: Path) -> None:
    bench.change(mode=Mode.UPDATE, match=Match("badge", "e"))


def _another_object(bench: Bench, _path: Path) -> None:
    bench.change(objects=("accounts",), match=Match("number", "e"))


def _another_primary_key(bench: Bench, _path: Path) -> None:
    bench.primary_key = ("e",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_another_account, "account"),
        (_another_match_field, "match field"),
        (_another_object, "objects"),
        (_another_primary_key, "primary key"),
    ],
)
def test_another_target_stops_the_run_and_removes_nothing(bench: Bench, tmp_path: Path, change, told: str) -> None:
    bench.change(on_removed=Removal.CLEAR)
    bench.run([ANN, BOB])
    before, rows = bench.names(), [{**ANN, "n": "Anna"}]
    change(bench, tmp_path / "other.db")
    for attempt in (bench.run, bench.plan):
        with pytest.raises(
            RunStopped, match=rf"another target before, according to state\.db: .*{told} was"
        ) as stopped:
            attempt(rows)
        assert stopped.value.exit_code is ExitCode.GUARD
        assert "--start-over" in stopped.value.hint
    assert bench.names() in (before, {})


def test_a_target_that_lacks_a_part_in_the_state_stops_the_run_and_says_where_it_was_read(bench: Bench) -> None:
    bench.run([ANN])
    with sqlite3.connect(bench.folder / ".connector" / "state.db") as database:
        database.execute("update sync set target = replace(target, 'match field', 'natch field')")
    with pytest.raises(
        RunStopped, match=r"according to state\.db: match field was 'not recorded' and is 'external_id'"
    ):
        bench.run([ANN])


def test_another_target_is_written_after_starting_over(bench: Bench, tmp_path: Path) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    _another_account(bench, tmp_path / "other.db")
    assert bench.run([ANN], start_over=True, accept={"account"}).ledger == {"1": "succeeded"}
    assert bench.names() == {"a": "Ann"}
    assert set(Store.at(tmp_path / "store.db").execution_counts("people").values()) == {1}


def test_update_and_upsert_share_what_was_sent(bench: Bench) -> None:
    bench.run([ANN])
    bench.change(mode=Mode.UPDATE)
    assert bench.run([ANN]).ledger == {}
    assert bench.run([{**ANN, "n": "Anna"}]).ledger == {"1": "succeeded"}


def test_an_insert_that_becomes_an_upsert_stops(inserting: Bench) -> None:
    inserting.run([ANN], first_run=FirstRun.SEND)
    inserting.sync = evolve(people(), name="people")
    with pytest.raises(RunStopped, match="mode was 'insert' and is 'upsert, update'"):
        inserting.run([ANN])
