"""An exception from outside in the thread of a run, and one by a bug: both leave a report on record."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from connector_sdk import (
    Attempt,
    Batch,
    BatchReport,
    Connection,
    DeliveryOptions,
    ExitCode,
    Options,
    ReportState,
    RunReport,
    WriteResult,
    history,
    hookimpl,
)
from connector_sdk.delivery import workers
from connector_sdk.delivery.stages import StageRows
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from ..destinations import reference
from ..planning.bench import Bench
from .host_runs import (
    WAIT,
    Gate,
    count_executions,
    heed_ctrl_c,
    join_writers,
    note_close,
    rows,
    start,
    three_syncs,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with heed_ctrl_c():
        yield three_syncs(tmp_path)
    join_writers()


class EndedBySignal(Exception):
    """What a host may raise in a handler of its signals."""


Interrupting = Callable[[BaseException, Callable[[], None]], None]


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Interrupting:
    """Raise something in the main thread the next time that it looks at the threads of a run, as a signal would, just
    after something was done.
    """
    due: list[tuple[BaseException, Callable[[], None]]] = []
    wait = threading.Event.wait

    def look(event: threading.Event, timeout: float | None = None) -> bool:
        if due and threading.current_thread() is threading.main_thread():
            error, act = due.pop()
            act()
            raise error
        return wait(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", look)
    return lambda error, act: due.append((error, act))


@pytest.mark.rule("C5")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), EndedBySignal("time is up")])
def test_whatever_a_signal_raises_in_a_host_the_answers_are_recorded_before(
    bench: Bench, interrupting: Interrupting, error: BaseException
) -> None:
    gate = Gate(threading.Barrier(4 + 1))
    threading.Thread(target=lambda: (gate.met.wait(WAIT), interrupting(error, gate.let_go.set))).start()
    with pytest.raises(type(error)):
        start(bench.project(rows("ants")), "ants", destinations=gate.destinations(), drain=WAIT)
    (report,) = history.runs(bench.project([]))
    assert (report.state, report.exit) == (ReportState.STOPPED, ExitCode.INTERRUPTED)
    assert (report.rows.succeeded, report.in_flight) == (4, 0)


@pytest.mark.rule("C5")
def test_ctrl_c_while_a_run_stops_already_shortens_the_wait_and_loses_no_answer(
    bench: Bench, interrupting: Interrupting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run cannot continue, and waits a minute for three calls; the first Ctrl-C shortens the wait."""
    monkeypatch.setattr("connector_sdk.delivery.stopping.WHEN_INTERRUPTED", 30)
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    gate, seen = Gate(threading.Barrier(4)), threading.Event()

    class Observer:
        @hookimpl
        def run_finished(self, report: RunReport) -> None:
            seen.set()

    refuse_one = [True]
    lock = threading.Lock()

    def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        gate.met.wait(WAIT)
        with lock:
            is_refused, refuse_one[0] = refuse_one[0], False
        if not is_refused:
            assert gate.let_go.wait(WAIT)
        return plugin.write_batch(connection, batch, options, attempt)

    once = iter([KeyboardInterrupt()])

    def warn(*_: object) -> None:
        """Interrupt the run as soon as it says that it waits."""
        for each in once:
            interrupting(each, gate.let_go.set)

    monkeypatch.setattr(workers.log, "warning", warn)
    with pytest.raises(KeyboardInterrupt):
        start(
            bench.project(rows("ants")), "ants",
            destinations=reference(write_batch=write_batch), observers=[Observer()],
        )  # fmt: skip
    (report,) = history.runs(bench.project([]))
    assert (report.state, report.exit) == (ReportState.STOPPED, ExitCode.STOPPED)
    assert (report.rows.succeeded, report.in_flight) == (3, 0)
    assert seen.is_set()


@pytest.mark.rule("C5")
def test_a_second_ctrl_c_ends_a_run_at_once_with_a_report_on_record(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(threading.Barrier(4 + 1))

    threading.Thread(target=lambda: (gate.met.wait(WAIT), _thread.interrupt_main())).start()
    monkeypatch.setattr(workers.log, "warning", lambda *_: _thread.interrupt_main())  # the run says that it waits
    with pytest.raises(KeyboardInterrupt):
        start(bench.project(rows("ants")), "ants", destinations=gate.destinations(), drain=WAIT)
    (report,) = history.runs(bench.project([]))
    assert (report.state, report.exit, report.in_flight) == (ReportState.STOPPED, ExitCode.INTERRUPTED, 4)
    gate.let_go.set()


@pytest.mark.rule("C5")
def test_of_eight_slow_calls_those_that_are_answered_before_the_end_are_recorded_and_no_other_row_is_held(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes with all of them under way, and once more when five have their outcomes."""
    all_eight, stopping, hanging = threading.Barrier(8 + 1), threading.Event(), threading.Event()
    answered, returned, closed = list[int](), list[int](), list[int]()
    monkeypatch.setattr(workers.log, "warning", lambda *_: stopping.set())  # the run says that it waits

    class Observer:
        @hookimpl
        def batch_finished(self, batch: BatchReport) -> None:
            answered.append(batch.number)
            if len(answered) == 5:
                _thread.interrupt_main()

    def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        all_eight.wait(WAIT)
        assert (stopping if batch.number <= 5 else hanging).wait(WAIT)
        answer = plugin.write_batch(connection, batch, options, attempt)
        returned.append(batch.number)
        return answer

    connect = note_close(lambda: closed.append(len(returned)))
    bench.others["ants"] = evolve(bench.others["ants"], delivery=DeliveryOptions(batch_size=1, parallelism=8))
    project = bench.project([{"k": f"ants{number}", "n": "ant"} for number in range(12)])
    threading.Thread(target=lambda: (all_eight.wait(WAIT), _thread.interrupt_main())).start()
    with pytest.raises(KeyboardInterrupt):
        start(
            project, "ants",
            destinations=reference(connect=connect, write_batch=write_batch), observers=[Observer()], drain=WAIT,
        )  # fmt: skip
    (report,) = history.runs(project)
    assert (report.rows.succeeded, report.in_flight, report.rows.unprocessed) == (5, 3, 7)
    assert closed == []
    hanging.set()
    join_writers()
    assert closed == [8]
    finished, _ = start(project, "ants")
    assert (finished.rows.succeeded, finished.rows.unknown, finished.held) == (9, 3, 3)
    assert set(count_executions(bench, "ants").values()) == {1}


@pytest.mark.rule("C5")
def test_what_nobody_foresaw_while_a_run_delivers_leaves_a_report_of_what_was_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[RunReport] = []

    class Observer:
        @hookimpl
        def run_finished(self, report: RunReport) -> None:
            seen.append(report)

    read, left = StageRows.read, [2]

    def fail(self: StageRows, batch: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise TypeError("an unforeseen error")
        return read(self, batch)

    monkeypatch.setattr(StageRows, "read", fail)
    bench.others["ants"] = evolve(bench.others["ants"], delivery=DeliveryOptions(batch_size=1, parallelism=1))
    with pytest.raises(TypeError, match="an unforeseen error"):
        start(bench.project(rows("ants")), "ants", observers=[Observer()])
    (report,) = history.runs(bench.project([]))
    assert seen == [report]
    assert (report.state, report.exit, report.rows.succeeded) == (ReportState.STOPPED, ExitCode.BUG, 2)
    assert "an unforeseen error" in report.message
