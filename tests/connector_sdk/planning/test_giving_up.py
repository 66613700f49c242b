"""Open runs that cannot be finished: of another account, without their plan. They can be ended, and nothing doubles."""

from __future__ import annotations

import shutil
from typing import Any, ClassVar

import pytest

from connector_sdk import ConfigError, ExitCode, Match, Mode, RunReport, RunStopped, history, hookimpl
from connector_sdk.contract.project import DeliveryOptions
from connector_sdk.delivery.retry import Pace
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import UNGUARDED, Bench, map_fields, people

IMPATIENT = Pace(attempts=1)
KEYS = ("a", "b", "c")


def rows(*keys: str, text: str = "text") -> list[dict[str, str | None]]:
    return [{"k": key, "e": key, "n": f"{text} of {key}"} for key in keys]


def set_up_notes(bench: Bench, api: str = "call") -> None:
    """Let the sync create notes, one to a batch."""
    delivery = DeliveryOptions(api=api, batch_size=1, parallelism=1)
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"), delivery=delivery)


def set_up_upserts(bench: Bench) -> None:
    """Let the sync upsert people, one to a batch."""
    bench.change(delivery=DeliveryOptions(api="call", batch_size=1, parallelism=1))


def leave_run_open(bench: Bench, call: str, **asked: Any) -> RunReport:
    """Leave a run of three batches open: one was accepted, the answer of one was lost, and one is planned."""
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call=call, skip=1))
    *_, report = bench.reports(rows(*KEYS), pace=IMPATIENT, **asked)
    assert (report.state, report.rows.succeeded, report.rows.unprocessed) == ("stopped", 1, 2)
    return report


def lose_plan(bench: Bench) -> None:
    for each in (bench.folder / ".connector" / "plans").iterdir():
        shutil.rmtree(each)


@pytest.mark.parametrize(("api", "call"), [("call", "write"), ("two_phase", "commit"), ("leased_job", "post")])
def test_a_run_of_another_account_is_ended_by_abandon_and_what_is_in_doubt_is_held(
    bench: Bench, api: str, call: str
) -> None:
    set_up_notes(bench, api)
    opened = leave_run_open(bench, call, first_run=FirstRun.SEND)
    bench.store.become(account="another")

    with pytest.raises(RunStopped, match=r"was writing to account .*--abandon") as refused:
        bench.run(rows(*KEYS))
    assert refused.value.exit_code is ExitCode.GUARD

    ended, fresh = bench.reports(rows(*KEYS), abandon=True)
    assert (ended.run, ended.state, ended.exit) == (opened.run, "abandoned", ExitCode.HELD)
    assert (ended.rows.succeeded, ended.rows.unknown, ended.rows.unprocessed) == (1, 1, 1)
    assert [each.key for each in held_rows(bench.project([]), opened.run)] == ["b"]
    assert (fresh.state, fresh.exit) == ("not begun", ExitCode.GUARD)
    assert "wrote to another target before" in fresh.message
    assert bench.store.execution_counts("notes") == {"a": 1, "b": 1}

    (begun,) = bench.reports(rows(*KEYS), start_over=True, first_run=FirstRun.SEND, accept={"account"})
    assert begun.rows.succeeded == 3


def test_starting_over_leaves_an_open_run_of_another_account_behind(bench: Bench) -> None:
    set_up_upserts(bench)
    leave_run_open(bench, "write")
    bench.store.become(account="another")
    with pytest.raises(RunStopped, match="--start-over --accept account"):
        bench.reports(rows(*KEYS), start_over=True)
    ended, fresh = bench.reports(rows(*KEYS), start_over=True, accept={"account"})
    assert (ended.state, ended.rows.unknown, fresh.state) == ("abandoned", 1, "finished")
    assert fresh.rows.succeeded == 3


def test_a_run_whose_plan_is_lost_is_ended_by_abandon_and_everything_is_sent_again(bench: Bench) -> None:
    """What the lost run had accepted is not known any more; a row that is back at its former value must be sent too."""
    set_up_upserts(bench)
    bench.run(rows(*KEYS, text="former"))
    opened = leave_run_open(bench, "write")
    lose_plan(bench)

    with pytest.raises(RunStopped, match=rf"the frozen plan .*{opened.run}.* cannot be read.*--abandon"):
        bench.run(rows(*KEYS))
    ended, fresh = bench.reports(rows(*KEYS, text="former"), abandon=True)
    assert (ended.run, ended.state, ended.exit) == (opened.run, "abandoned", ExitCode.ROWS_FAILED)
    assert (ended.rows.planned, ended.rows.succeeded, ended.rows.unknown, ended.rows.unprocessed) == (3, 1, 1, 1)
    assert "its frozen plan is lost" in ended.message
    assert fresh.rows.succeeded == 3
    assert bench.names() == {key: f"former of {key}" for key in KEYS}
    assert bench.run(rows(*KEYS, text="former")).ledger == {}


@pytest.fixture
def unnamed(bench: Bench) -> str:
    """A run that created one note for certain, another one perhaps, and whose plan is lost; it was ended."""
    set_up_notes(bench)
    opened = leave_run_open(bench, "write", first_run=FirstRun.SEND)
    lose_plan(bench)
    ended, fresh = bench.reports(rows(*KEYS), abandon=True)
    assert (ended.state, ended.exit, ended.rows.unknown) == ("abandoned", ExitCode.HELD, 1)
    assert (fresh.state, fresh.exit) == ("not begun", ExitCode.GUARD)
    assert "it is not known which" in fresh.message
    return opened.run


def test_rows_that_were_perhaps_created_and_have_no_name_hold_the_sync(bench: Bench, unnamed: str) -> None:
    (row,) = held_rows(bench.project([]), unnamed)
    assert row.key == ""
    assert "is lost with the plan" in row.hint
    for _ in range(2):
        with pytest.raises(RunStopped, match="--first-run send"):
            bench.run(rows(*KEYS))
    assert bench.store.execution_counts("notes") == {"a": 1, "b": 1}


@pytest.mark.rule("T1")
def test_a_plan_counts_rows_that_are_held_without_a_name(bench: Bench) -> None:
    set_up_notes(bench)
    bench.change(delivery=DeliveryOptions(api="call", batch_size=2, parallelism=1))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER))
    bench.reports(rows(*KEYS), pace=IMPATIENT, first_run=FirstRun.SEND)
    lose_plan(bench)
    ended, _ = bench.reports(rows(*KEYS), abandon=True)
    assert (ended.exit, ended.held) == (ExitCode.HELD, 2)
    assert "2 rows are held" in bench.plan(rows(*KEYS)).findings[0].message
    (row,) = held_rows(bench.project([]), "people")
    assert (row.key, row.rows) == ("", 2)
    report = bench.run(rows(*KEYS), first_run=FirstRun.BASELINE).report
    assert (report.exit, report.held) == (ExitCode.OK, 0)


def test_they_are_sent_once_somebody_says_so_but_not_what_is_known_to_be_there(bench: Bench, unnamed: str) -> None:
    ran = bench.run(rows(*KEYS), first_run=FirstRun.SEND)
    assert ran.ledger == {"b": "succeeded", "c": "succeeded"}
    assert held_rows(bench.project([]), unnamed) == ()
    assert bench.run(rows(*KEYS)).ledger == {}


def test_they_are_taken_as_sent_once_somebody_says_so(bench: Bench, unnamed: str) -> None:
    ran = bench.run(rows(*KEYS), first_run=FirstRun.BASELINE)
    assert ran.ledger == {"b": "skipped BASELINE", "c": "skipped BASELINE"}
    assert bench.run(rows(*KEYS, "d")).ledger == {"d": "succeeded"}


def test_they_can_be_settled_as_not_sent_but_not_as_sent(bench: Bench, unnamed: str) -> None:
    with pytest.raises(ConfigError, match="--first-run baseline"):
        resolve(bench.project([]), unnamed, Settlement(Decision.SENT))
    resolve(bench.project([]), unnamed, Settlement(Decision.NOT_SENT))
    assert bench.run(rows(*KEYS)).ledger == {"b": "succeeded", "c": "succeeded"}


def test_starting_over_needs_neither_the_plan_of_an_open_run_nor_the_snapshot(bench: Bench) -> None:
    set_up_upserts(bench)
    bench.run(rows(*KEYS, text="former"))
    leave_run_open(bench, "write")
    for each in (bench.folder / ".connector" / "snapshots" / "people").iterdir():
        each.write_bytes(b"damaged")
    (stopped,) = bench.reports(rows(*KEYS))
    assert (stopped.state, stopped.exit) == ("stopped", ExitCode.GUARD)
    assert "--start-over" in stopped.message
    ended, fresh = bench.reports(rows(*KEYS), start_over=True)
    assert (ended.state, fresh.state) == ("finished", "finished")
    assert fresh.rows.succeeded == 3
    lose_plan(bench)
    assert bench.run(rows(*KEYS)).ledger == {}


def test_the_report_of_a_run_that_was_finished_first_survives_a_new_one_that_cannot_begin(bench: Bench) -> None:
    set_up_upserts(bench)
    leave_run_open(bench, "write")
    bench.change(guards=type(UNGUARDED)(min_rows=5))
    finished, fresh = bench.reports(rows(*KEYS))
    assert (finished.resumed, finished.state, finished.rows.succeeded) == (True, "finished", 3)
    assert (fresh.run, fresh.state, fresh.exit) == ("", "not begun", ExitCode.GUARD)
    assert "--accept min_rows" in fresh.message


def test_observers_are_told_of_a_run_that_cannot_even_be_accounted_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        raise RunStopped("the journal cannot be read", hint="put it back")

    class Ends:
        reports: ClassVar[list[RunReport]] = []

        @hookimpl
        def run_finished(self, report: RunReport) -> None:
            self.reports.append(report)

    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    monkeypatch.setattr("connector_sdk.lifecycle.execute.stopped_report", unreadable)
    with pytest.raises(RunStopped, match="the journal cannot be read"):
        bench.run(rows(*KEYS), observers=[Ends()])
    (told,) = Ends.reports
    assert "the journal cannot be read" in told.message


def test_a_run_that_was_given_up_because_its_target_moved_has_no_ledger(bench: Bench) -> None:
    bench.sync = people(Mode.ALL, objects=("tags",), fields=map_fields(name="e", label="n"), match=Match("name", "e"))
    bench.store.add_fault(Fault(FaultKind.MOVED, call="replace"))
    bench.run(rows(*KEYS))
    _, given_up = history.runs(bench.project([]))
    with pytest.raises(ConfigError, match="has no ledger: it is abandoned"):
        history.rows(bench.project([]), given_up.run)


def test_a_plan_says_that_an_interrupted_run_would_be_finished_first(bench: Bench) -> None:
    set_up_upserts(bench)
    opened = leave_run_open(bench, "write")
    (finding,) = bench.plan(rows(*KEYS)).findings
    assert finding.level == "warning"
    assert opened.run in finding.message
    assert "--abandon" in finding.advice
    bench.run(rows(*KEYS))
    assert bench.plan(rows(*KEYS)).findings == ()
