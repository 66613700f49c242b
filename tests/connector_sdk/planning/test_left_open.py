"""Runs that were left open, given up or refused: nothing is sent twice, forgotten or filed under another name."""

from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import ConfigError, ExitCode, Mode, Removal, RunStopped
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import UNGUARDED, Bench, map_fields, people


def set_up_notes(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"))


def rows(*keys: str) -> list[dict[str, str | None]]:
    return [{"k": key, "e": key, "n": f"text of {key}"} for key in keys]


def stop_run(bench: Bench, *keys: str) -> None:
    """Run the sync, whose only call is refused for a reason that stops the run."""
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    report = bench.run_open(rows(*keys))
    assert (report.state, report.exit) == ("stopped", ExitCode.STOPPED)


def test_held_rows_that_are_settled_one_by_one_are_all_remembered(bench: Bench) -> None:
    set_up_notes(bench)
    keys = [f"customer-{number}" for number in range(4)]
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER))
    ran = bench.run(rows(*keys), first_run=FirstRun.SEND)
    assert ran.report.exit == ExitCode.HELD
    project = bench.project(rows(*keys))
    for key in keys:
        assert resolve(project, ran.report.run, Settlement(Decision.SENT), keys=[key]) == (key,)
    assert held_rows(project, ran.report.run) == ()
    assert bench.run(rows(*keys)).report.rows.unchanged == 4
    assert set(bench.store.execution_counts("notes").values()) == {1}


def test_a_run_that_was_open_when_the_object_changed_belongs_to_the_former_object(bench: Bench) -> None:
    set_up_notes(bench)
    stop_run(bench, "a", "b")
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="k", name="n"))
    finished, fresh = bench.reports(rows("a", "b"))
    assert (finished.state, fresh.state, fresh.exit) == ("finished", "not begun", ExitCode.GUARD)
    assert "another target" in fresh.message
    assert sorted(bench.store.execution_counts("notes")) == ["a", "b"]
    assert bench.store.execution_counts("people") == {}


def test_an_abandoned_run_sends_nothing_more(bench: Bench) -> None:
    stop_run(bench, "a", "b")
    *_, report = bench.reports([], abandon=True)
    assert bench.store.execution_counts("people") == {}
    assert report.rows.read == 0


def test_starting_over_forgets_nothing_before_the_new_plan_stands(bench: Bench) -> None:
    bench.run(rows("a", "b"))
    bench.change(fields=map_fields(name="misspelt"))
    with pytest.raises(ConfigError):
        bench.run(rows("a", "b"), start_over=True)
    bench.change(fields=map_fields(name="n"))
    assert bench.run(rows("a", "b")).report.rows.unchanged == 2


def test_a_baseline_is_taken_once(bench: Bench) -> None:
    set_up_notes(bench)
    bench.run(rows("a"), first_run=FirstRun.BASELINE)
    assert bench.run(rows("a", "b"), first_run=FirstRun.BASELINE).ledger == {"b": "succeeded"}


def test_a_saved_first_plan_says_itself_what_a_first_run_does(bench: Bench) -> None:
    set_up_notes(bench)
    undecided = bench.plan(rows("a"), save=True)
    with pytest.raises(RunStopped, match="no record of what it sent"):
        bench.run(rows("a"), plan_id=undecided.run)
    decided = bench.plan(rows("a"), save=True, first_run=FirstRun.SEND)
    assert bench.run(rows("a"), plan_id=decided.run).ledger == {"a": "succeeded"}


@pytest.mark.parametrize(
    ("wish", "named"),
    [({"full": True}, "--full"), ({"start_over": True}, "--start-over"), ({"first_run": FirstRun.BASELINE}, "--first")],
)
def test_what_a_saved_plan_cannot_fulfil_is_refused(bench: Bench, wish: dict[str, Any], named: str) -> None:
    saved = bench.plan(rows("a"), save=True)
    with pytest.raises(ConfigError, match=f"{named}.* does not go with --plan"):
        bench.run(rows("a"), plan_id=saved.run, **wish)
    assert bench.run(rows("a"), plan_id=saved.run).ledger == {"a": "succeeded"}


def test_a_guard_that_does_not_exist_is_no_guard_that_was_released(bench: Bench) -> None:
    with pytest.raises(ConfigError, match=r"max_changed.*did you mean --accept max_removed"):
        bench.run(rows("a"), accept=["max_removd"])
    with pytest.raises(ConfigError, match=r"there is no guard everything.*min_rows, max_removed"):
        bench.plan(rows("a"), accept=["everything"])


def test_a_guard_of_a_saved_plan_can_be_accepted_when_it_runs(bench: Bench) -> None:
    bench.run(rows("a"))
    bench.change(guards=type(UNGUARDED)(min_rows=5, max_removed=None, max_removed_per_day=None))
    saved = bench.plan(rows("a", "b"), save=True)
    with pytest.raises(RunStopped, match="--accept min_rows"):
        bench.run(rows("a", "b"), plan_id=saved.run)
    assert bench.run(rows("a", "b"), plan_id=saved.run, accept=["min_rows"]).ledger == {"b": "succeeded"}


def test_a_former_record_stays_while_its_row_is_refused_under_the_new_match_value(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([{"k": "1", "e": "m1", "n": "One"}, {"k": "2", "e": "m2", "n": "Two"}])
    bench.store.add_fault(Fault(FaultKind.ROW, key="n1", code="bad_value"))
    moved = [{"k": "1", "e": "n1", "n": "One"}, {"k": "2", "e": "n2", "n": "Two"}]
    ran = bench.run(moved, accept=["rekeyed"])
    assert ran.ledger["1"] == ["rejected bad_value", "unprocessed NOT_SENT"]
    assert set(bench.names()) == {"m1", "n2"}
    bench.run(moved, accept=["rekeyed"])
    assert set(bench.names()) == {"n1", "n2"}
