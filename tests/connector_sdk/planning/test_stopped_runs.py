"""Runs that stop midway: what they report, and what can be read of their rows before they resume."""

from __future__ import annotations

import _thread
import logging
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, evolve, field

from connector_sdk import (
    Attempt,
    Batch,
    ConfigError,
    Connection,
    DeliveryOptions,
    ExitCode,
    FieldMapping,
    Find,
    Host,
    Mode,
    Options,
    Outcome,
    ReportState,
    RunReport,
    WriteResult,
    history,
)
from connector_sdk.contract.crashpoint import listen
from connector_sdk.delivery.retry import Pace
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from ..lifecycle.host_runs import heed_ctrl_c
from .bench import Bench, map_fields, people

IMPATIENT = Pace(attempts=1)


def rows(*keys: str) -> list[dict[str, str | None]]:
    return [{"k": key, "e": key, "n": f"text of {key}"} for key in keys]


def send_one_by_one(bench: Bench, parallelism: int = 1, api: str = "call") -> None:
    bench.change(delivery=DeliveryOptions(api=api, batch_size=1, parallelism=parallelism))


def ledger(bench: Bench, report: RunReport, **wanted: str) -> list[dict[str, Any]]:
    """Return the rows of a run as they can be read now, and check that they add up to those that were planned."""
    reader = history.rows(bench.project([]), report.run, **wanted)
    assert reader.schema.names == list(history.LEDGER_COLUMNS)
    lines: list[dict[str, Any]] = reader.read_all().to_pylist()
    if not wanted:
        counts = Counter(line["outcome"] for line in lines)
        assert len(lines) == report.rows.planned
        assert {each: counts[each] for each in Outcome} == {each: getattr(report.rows, each) for each in Outcome}
    return lines


def outcomes(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {line["key"]: f"{line['outcome']} {line['code'] or ''}".strip() for line in lines}


@define
class Gate:
    """Lets batches wait until so many of them are under way, and then until they are let go."""

    batches: int
    closed: threading.Event = field(factory=threading.Event)
    let_go: threading.Event = field(factory=threading.Event)
    under_way: int = 0
    met: threading.Barrier = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.met = threading.Barrier(self.batches + 1)

    def hooks(self) -> dict[str, Any]:
        """Return hooks that replace those of the reference destination."""

        def connect(config: Any, host: Host) -> Connection:
            live = plugin.connect(config, host)

            def close() -> None:
                assert not self.under_way, "the connection was closed beside a call"
                live.close()
                self.closed.set()

            return evolve(live, close=close)

        def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
            self.under_way += 1
            try:
                self.met.wait(30)
                self.let_go.wait(30)
                return plugin.write_batch(connection, batch, options, attempt)
            finally:
                self.under_way -= 1

        return {"connect": connect, "write_batch": write_batch}

    def act_once_met(self, act: Callable[[], object]) -> None:
        """Do something as soon as all batches are under way."""
        threading.Thread(target=lambda: (self.met.wait(30), act())).start()


@pytest.mark.rule("T2")
def test_a_stopped_run_reports_what_is_in_flight_and_its_rows_can_be_read(bench: Bench) -> None:
    send_one_by_one(bench)
    bench.store.add_fault(Fault(FaultKind.ROW, key="b", code="bad_value", times=9))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, skip=2))
    (report,) = bench.reports([*rows("a", "b", "c", "d"), *rows("e", "e")], pace=IMPATIENT)
    assert (report.state, report.exit, report.in_flight) == (ReportState.STOPPED, ExitCode.STOPPED, 1)
    assert (report.batches.planned, report.batches.done, report.batches.in_flight) == (4, 2, 1)

    lines = ledger(bench, report)
    assert [line["key"] for line in lines] == ["a", "b", "c", "d", "e", "e"]
    assert outcomes(lines) == {
        "a": "succeeded", "b": "rejected bad_value", "c": "unprocessed IN_FLIGHT", "d": "unprocessed NOT_SENT",
        "e": "rejected REPEATED_KEY",
    }  # fmt: skip
    assert [line["attempts"] for line in lines] == [1, 1, 1, 0, 0, 0]
    assert [line["batch"] for line in lines] == [1, 2, 3, 4, None, None]
    assert all(line["advice"] for line in lines if line["code"])
    assert outcomes(ledger(bench, report, outcome="unprocessed")).keys() == {"c", "d"}
    assert outcomes(ledger(bench, report, key="c")) == {"c": "unprocessed IN_FLIGHT"}
    assert {(each.code, each.outcome, each.rows) for each in report.codes} == {
        ("bad_value", "rejected", 1), ("REPEATED_KEY", "rejected", 2), ("IN_FLIGHT", "unprocessed", 1),
        ("NOT_SENT", "unprocessed", 1),
    }  # fmt: skip
    assert history.show(bench.project([]), report.run) == report


@pytest.mark.rule("T2")
def test_a_run_that_stops_in_its_first_stage_has_the_rows_of_the_second_one_still_to_send(bench: Bench) -> None:
    mentor = FieldMapping(field="mentor", find=Find("people", "r", "external_id"))
    bench.change(fields=(*map_fields(name="n"), mentor), delivery=DeliveryOptions(batch_size=1, parallelism=1))
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended", skip=1))
    family = [{"k": key, "e": key, "n": key, "r": of} for key, of in [("a", None), ("b", None), ("c", "a")]]
    (report,) = bench.reports(family)
    assert outcomes(ledger(bench, report)) == {
        "a": "succeeded", "b": "unprocessed NOT_SENT", "c": "unprocessed NOT_SENT",
    }  # fmt: skip
    finished, fresh = bench.reports(family)
    assert (finished.rows.succeeded, fresh.rows.planned) == (3, 0)
    assert set(bench.store.execution_counts("people").values()) == {1}


@pytest.mark.rule("T2")
@pytest.mark.parametrize("mode", [Mode.INSERT, Mode.UPSERT])
def test_the_rows_of_a_run_that_was_killed_can_be_read_too(bench: Bench, mode: Mode) -> None:
    send_one_by_one(bench)
    if mode is Mode.INSERT:
        bench.sync = evolve(bench.sync, mode=mode, match=None, fields=map_fields(external_id="e", name="n"))
    kill(bench, "after record is committed", rows("a", "b", "c"))
    (report,) = history.runs(bench.project([]))
    assert (report.state, report.exit, report.rows.planned) == (ReportState.INTERRUPTED, ExitCode.STOPPED, 3)
    assert (report.rows.succeeded, report.rows.unprocessed, report.in_flight) == (1, 2, 0)
    assert report.batches.done == 1
    assert outcomes(ledger(bench, report)) == {
        "a": "succeeded", "b": "unprocessed NOT_SENT", "c": "unprocessed NOT_SENT",
    }  # fmt: skip


def kill(bench: Bench, point: str, model: list[dict[str, str | None]]) -> None:
    """Run the sync in a process of its own, which ends at a crash point."""
    child = os.fork()
    if child == 0:
        listen(lambda name: os._exit(0) if name == point else None)
        try:
            bench.run_open(model)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.rule("T2")
@pytest.mark.parametrize("point", ["before what is in flight is awaited", "after what is in flight was awaited"])
def test_a_run_that_is_killed_while_it_stops_goes_on_as_any_other(bench: Bench, point: str) -> None:
    send_one_by_one(bench, parallelism=2, api="leased_job")
    gate = Gate(1)  # two batches meet each other
    gate.let_go.set()
    bench.store.add_fault(Fault(FaultKind.REFUSED, call="post", code="suspended"))
    bench.store.add_fault(Fault(FaultKind.SLOW, times=20))
    bench.hooks |= gate.hooks()
    kill(bench, point, rows("a", "b", "c"))
    bench.hooks.clear()
    finished, fresh = bench.reports(rows("a", "b", "c"))
    assert (finished.rows.succeeded, fresh.rows.planned) == (3, 0)
    assert bench.store.execution_counts("people") == {"a": 1, "b": 1, "c": 1}


@pytest.mark.rule("T2")
def test_rows_of_an_open_run_whose_plan_is_gone_are_told_as_far_as_the_journal_knows_them(bench: Bench) -> None:
    send_one_by_one(bench)
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, skip=1))
    (report,) = bench.reports(rows("a", "b", "c"), pace=IMPATIENT)
    shutil.rmtree(bench.folder / ".connector" / "plans" / report.run)
    found = [(line["key"], line["code"], line["message"]) for line in ledger(bench, report)]
    assert found[0] == ("a", None, None)
    assert [(key, code) for key, code, _ in found[1:]] == [(None, "IN_FLIGHT"), (None, "NOT_SENT")]
    assert all("lost with the frozen plan" in str(message) for _, _, message in found[1:])


@pytest.mark.rule("T2")
def test_a_run_that_has_no_rows_yet_says_so(bench: Bench) -> None:
    saved = bench.plan(rows("a"), save=True)
    with pytest.raises(ConfigError, match=rf"has no ledger: it is saved.*run people --plan {saved.run}"):
        history.rows(bench.project([]), saved.run)


@pytest.mark.rule("T2", "C5")
def test_answers_that_come_within_the_bound_are_recorded_and_the_connection_is_closed_after_the_last(
    bench: Bench,
) -> None:
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"))
    send_one_by_one(bench, parallelism=8)
    keys = [f"n{number}" for number in range(12)]
    gate, cancel = Gate(8), threading.Event()
    bench.hooks |= gate.hooks()
    gate.act_once_met(lambda: (cancel.set(), gate.let_go.set()))
    (report,) = bench.reports(rows(*keys), first_run=FirstRun.SEND, cancel=cancel, drain=30)
    assert (report.exit, report.rows.succeeded, report.in_flight) == (ExitCode.INTERRUPTED, 8, 0)
    assert gate.closed.is_set()
    bench.hooks.clear()
    finished, _ = bench.reports(rows(*keys))
    assert (finished.rows.succeeded, finished.held) == (12, 0)
    assert set(bench.store.execution_counts("notes").values()) == {1}


@pytest.mark.rule("T2", "C5")
def test_a_connection_is_not_closed_beside_a_call_that_hangs(bench: Bench) -> None:
    send_one_by_one(bench)
    gate, cancel = Gate(1), threading.Event()
    bench.hooks |= gate.hooks()
    gate.act_once_met(cancel.set)
    (report,) = bench.reports(rows("a", "b"), cancel=cancel, drain=0.1)
    assert (report.in_flight, report.rows.unprocessed) == (1, 2)
    assert outcomes(ledger(bench, report)) == {"a": "unprocessed IN_FLIGHT", "b": "unprocessed NOT_SENT"}
    assert not gate.closed.is_set()
    gate.let_go.set()
    assert gate.closed.wait(30)


@pytest.mark.rule("T2", "C5")
def test_ctrl_c_in_a_host_ends_a_run_as_cancelling_it_does(bench: Bench) -> None:
    send_one_by_one(bench, parallelism=3)
    gate = Gate(3)
    bench.hooks |= gate.hooks()
    gate.act_once_met(lambda: (_thread.interrupt_main(), gate.let_go.set()))
    with heed_ctrl_c(), pytest.raises(KeyboardInterrupt):
        bench.reports(rows("a", "b", "c"), drain=30)
    (report,) = history.runs(bench.project([]))
    assert (report.state, report.exit) == (ReportState.STOPPED, ExitCode.INTERRUPTED)
    assert (report.rows.succeeded, report.in_flight) == (3, 0)


@pytest.mark.rule("C6")
def test_a_connection_that_cannot_be_closed_costs_no_report(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("the socket is gone")

    bench.hooks["connect"] = lambda config, host: evolve(plugin.connect(config, host), close=fail)
    with caplog.at_level(logging.WARNING):
        assert bench.run(rows("a")).ledger == {"a": "succeeded"}
    assert "could not be closed: the socket is gone" in caplog.text


@pytest.mark.rule("T10")
def test_what_went_wrong_is_part_of_the_report_that_is_kept(bench: Bench) -> None:
    bench.store.add_fault(Fault(FaultKind.ROW, key="b", code="bad_value", times=9))
    ran = bench.run([*rows("a", "b"), *rows("e", "e")])
    assert [(each.code, each.outcome, each.rows) for each in ran.report.codes] == [
        ("REPEATED_KEY", "rejected", 2), ("bad_value", "rejected", 1),
    ]  # fmt: skip
    assert all(each.advice for each in ran.report.codes)
    (bench.folder / ".connector" / "ledgers" / f"{ran.report.run}.parquet").unlink()
    assert history.show(bench.project([]), ran.report.run) == ran.report


@pytest.mark.rule("T10")
def test_the_ten_most_frequent_reasons_are_kept(bench: Bench) -> None:
    def answer(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        names = batch.rows.column("name").to_pylist()
        codes = [name.removeprefix("text of ").partition("-")[0] for name in names]
        return WriteResult.of(["failed"] * len(names), code=codes)

    bench.hooks["write_batch"] = answer
    keys = [f"c{code:02}-{number}" for code in range(12) for number in range(20 - code)]
    report = bench.run(rows(*keys)).report
    assert [(each.code, each.rows) for each in report.codes] == [(f"c{code:02}", 20 - code) for code in range(10)]


@pytest.mark.rule("T10")
def test_rows_that_were_skipped_or_left_are_counted_by_their_reasons_too(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    report = bench.run(rows("a", "b")).report
    assert [(each.code, each.outcome, each.rows) for each in report.codes] == [("NO_RECORD", "skipped", 2)]
    assert bench.plan(rows("a", "b")).codes == report.codes


@pytest.mark.rule("T6")
@pytest.mark.parametrize("model", [rows("a"), []])
def test_a_run_takes_the_time_from_its_start_to_its_end_planning_included(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, model: list[dict[str, str | None]]
) -> None:
    now = [1_000.0]
    pass_time(monkeypatch, now, planning=50, finishing=7)
    assert bench.run(model).report.seconds == 57
    assert now == [1_057.0]


@pytest.mark.rule("T6")
def test_a_run_that_is_resumed_takes_the_time_of_this_session(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    now = [1_000.0]
    pass_time(monkeypatch, now, planning=50, finishing=7)
    (stopped,) = bench.reports(rows("a"))
    assert (stopped.state, stopped.seconds) == (ReportState.STOPPED, 50)
    finished, fresh = bench.reports(rows("a"))
    assert (finished.seconds, fresh.seconds) == (7, 57)
    assert history.show(bench.project([]), finished.run).seconds == 7


def pass_time(monkeypatch: pytest.MonkeyPatch, now: list[float], *, planning: float, finishing: float) -> None:
    """Let planning and the end of a run take their time, by the clock of the session."""
    from connector_sdk.lifecycle import finish, prepare, session

    def slow_down(act: Any, seconds: float) -> Any:
        def act_slowly(*given: Any, **more: Any) -> Any:
            now[0] += seconds
            return act(*given, **more)

        return act_slowly

    monkeypatch.setattr(prepare, "make_plan", slow_down(prepare.make_plan, planning))
    monkeypatch.setattr(finish, "write_ledger", slow_down(finish.write_ledger, finishing))
    monkeypatch.setattr(session.Stopwatch.__init__, "__defaults__", (lambda: now[0],))
