"""Rows whose fate is unknown wait until a person has said what became of them."""

from __future__ import annotations

import pytest

from connector_sdk import ConfigError, ExitCode, Level, Mode, OnHeld, RunReport, RunStopped, history
from connector_sdk.contract.crashpoint import listen
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import UNGUARDED, Bench, Ran, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}


@pytest.fixture
def lost(bench: Bench) -> Ran:
    """An insert whose answer was lost: Ann was created, and the run does not know."""
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="write"))
    ran = bench.run([ANN], first_run=FirstRun.SEND)
    assert ran.report.exit == ExitCode.HELD
    assert ran.ledger == {"1": "unknown ANSWER_LOST"}
    return ran


def test_a_held_row_is_skipped_and_others_go_on(bench: Bench, lost: Ran) -> None:
    ran = bench.run([ANN, BOB])
    assert ran.ledger == {"1": "skipped HELD", "2": "succeeded"}
    assert "connector resolve" in ran.line("1")["advice"]
    assert bench.store.execution_counts("people") == {"a": 1, "b": 1}


def test_a_row_that_was_sent_is_not_sent_again(bench: Bench, lost: Ran) -> None:
    project = bench.project([ANN])
    assert resolve(project, lost.report.run, Settlement(Decision.SENT)) == ("1",)
    assert bench.run([ANN, BOB]).ledger == {"2": "succeeded"}
    assert bench.run([ANN, BOB]).ledger == {}


def test_a_row_that_was_not_sent_is_sent(bench: Bench, lost: Ran) -> None:
    bench.store.delete("people", bench.records()["a"]["id"])
    resolve(bench.project([ANN]), lost.report.run, Settlement(Decision.NOT_SENT))
    assert bench.run([ANN]).ledger == {"1": "succeeded"}


def test_a_held_row_is_skipped_in_a_full_run_too(bench: Bench, lost: Ran) -> None:
    assert bench.run([ANN], full=True).ledger == {"1": "skipped HELD"}


def read_held_findings(bench: Bench, *rows: dict[str, str]) -> list[tuple[Level, str, str]]:
    """Return the findings of a plan about held rows: level, message and advice."""
    found = bench.plan(rows).findings
    return [(each.level, each.message, each.advice) for each in found if "held" in each.message]


@pytest.mark.rule("T1")
@pytest.mark.parametrize("rows", [[ANN], [ANN, BOB], []], ids=["skipped", "beside another", "nothing planned"])
def test_each_run_says_that_rows_are_held_until_they_are_settled(
    bench: Bench, lost: Ran, rows: list[dict[str, str]]
) -> None:
    bench.change(guards=UNGUARDED)
    assert lost.report.held == 1
    for _ in range(2):
        report = bench.run(rows).report
        assert (report.exit, report.held) == (ExitCode.HELD, 1)
        assert history.show(bench.project([]), report.run).held == 1
    resolve(bench.project([]), lost.report.run, Settlement(Decision.SENT))
    report = bench.run(rows).report
    assert (report.exit, report.held) == (ExitCode.OK, 0)


@pytest.mark.rule("T1")
def test_a_run_says_so_too_where_the_one_that_lost_the_answer_was_killed_before_it_could(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="write"))

    def kill(point: str) -> None:
        if point == "after finish is committed":
            raise KeyboardInterrupt

    listen(kill)
    try:
        with pytest.raises(KeyboardInterrupt):
            bench.run([ANN], first_run=FirstRun.SEND)
    finally:
        listen(None)
    report = bench.run([BOB]).report
    assert (report.exit, report.held, report.rows.succeeded) == (ExitCode.HELD, 1, 1)


@pytest.mark.rule("T1")
def test_a_plan_says_how_many_rows_are_held_and_how_they_are_settled(bench: Bench, lost: Ran) -> None:
    assert read_held_findings(bench, BOB) == [
        (
            Level.WARNING,
            "1 row is held: sent by an earlier run, and it is not known what became of it",
            "settle that with: connector resolve people",
        )
    ]
    plan = bench.plan([ANN, BOB])
    assert (plan.held, plan.skipped_as_held, plan.rows.planned) == (1, 1, 2)
    resolve(bench.project([]), "people", Settlement(Decision.NOT_SENT))
    assert read_held_findings(bench, BOB) == []


@pytest.mark.rule("T1")
def test_a_sync_that_ignores_held_rows_ends_as_if_there_were_none(bench: Bench, lost: Ran) -> None:
    bench.change(on_held=OnHeld.IGNORE)
    report = bench.run([ANN, BOB]).report
    assert (report.exit, report.held) == (ExitCode.OK, 1)
    assert [level for level, _, _ in read_held_findings(bench)] == [Level.INFO]
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="write"))
    report = bench.run([ANN, BOB, {"k": "3", "e": "c", "n": "Cid"}]).report
    assert (report.exit, report.held) == (ExitCode.ROWS_FAILED, 2)


@pytest.mark.rule("T1")
def test_what_keeps_a_run_from_going_on_counts_for_more(bench: Bench, lost: Ran) -> None:
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    (report,) = bench.reports([ANN, BOB])
    assert (report.exit, report.held) == (ExitCode.STOPPED, 1)
    bench.reports([ANN, BOB])
    bench.change(guards=type(UNGUARDED)(min_rows=5))
    with pytest.raises(RunStopped) as stopped:
        bench.run([ANN, BOB])
    assert stopped.value.exit_code is ExitCode.GUARD


@pytest.mark.rule("T1")
def test_a_run_that_starts_over_holds_nothing(bench: Bench, lost: Ran) -> None:
    report = bench.run([ANN], start_over=True, first_run=FirstRun.BASELINE).report
    assert (report.exit, report.held) == (ExitCode.OK, 0)


@pytest.mark.rule("T1")
def test_rows_that_several_runs_left_are_settled_by_the_name_of_their_sync(bench: Bench, lost: Ran) -> None:
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="write"))
    second: RunReport = bench.run([ANN, BOB]).report
    project = bench.project([])
    assert [each.key for each in held_rows(project, second.run)] == ["2"]
    assert [each.key for each in held_rows(project, "people")] == ["1", "2"]
    assert resolve(project, "people", Settlement(Decision.SENT)) == ("1", "2")
    assert bench.run([ANN, BOB]).report.exit == ExitCode.OK
    assert set(bench.store.execution_counts("people").values()) == {1}


@pytest.mark.rule("T1")
def test_what_is_no_run_and_no_sync_cannot_be_settled(bench: Bench, lost: Ran) -> None:
    with pytest.raises(ConfigError, match="there is no run or sync persons"):
        held_rows(bench.project([]), "persons")
    resolve(bench.project([]), "people", Settlement(Decision.SENT))
    with pytest.raises(ConfigError, match="people holds no rows"):
        resolve(bench.project([]), "people", Settlement(Decision.SENT))
