"""The threads of a run: how they begin, and how long they are waited for together."""

from __future__ import annotations

import _thread
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from connector_sdk import Action, Batch, BatchReport, Cancelled, RunStopped, WriteResult, hookimpl
from connector_sdk.delivery import workers
from connector_sdk.delivery.stopping import WHEN_INTERRUPTED, WHEN_STOPPED, SignalEvent, Stopping
from connector_sdk.hooks.observers import Observers

from ..lifecycle.host_runs import heed_ctrl_c
from .scripted import Bench, Scripted, results

SLACK = 1.0
"""Seconds beside the bound: for a look at the threads, and for them to end."""


@pytest.mark.rule("C5")
@pytest.mark.parametrize("threads", [1, 4, 50])
def test_all_calls_that_hang_have_one_bound_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("connector_sdk.delivery.stopping.time", clock)
    monkeypatch.setattr("connector_sdk.delivery.workers.time", clock)

    class Never:
        def is_set(self) -> bool:
            return False

        def wait(self, seconds: float) -> bool:
            now[0] += seconds
            return False

    stop = Stopping(drain=8)
    hanging = workers._Workers(
        lambda: False, lambda: 0, threads, bench.make_run(Scripted(lambda batch: None), stop=stop)
    )  # type: ignore[arg-type,return-value]
    hanging._ends.extend([Never() for _ in range(threads)])  # type: ignore[misc]
    stop.halt()
    hanging.drain()
    assert 8 <= now[0] <= 8 + SLACK


@pytest.mark.rule("C5")
def test_answers_that_come_one_after_another_within_the_bound_are_all_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call is answered when the outcome of the one after it is on record."""
    count = 6
    bench.plan(Action.CREATE, *[(number, number + 1) for number in range(2 * count)])
    together, stop = threading.Barrier(count), Stopping(drain=60)
    recorded = [threading.Event() for _ in range(count)]

    class Recorded:
        @hookimpl
        def batch_finished(self, batch: BatchReport) -> None:
            recorded[batch.number - 1].set()

    def act(batch: Batch) -> WriteResult:
        together.wait(60)
        stop.halt()
        assert batch.number == count or recorded[batch.number].wait(60)
        return results(batch, {})

    with pytest.raises(Cancelled):
        bench.send(Scripted(act), parallelism=count, stop=stop, observers=Observers([Recorded()]))
    assert bench.outcomes() == {f"row{number}": "succeeded" for number in range(count)}
    assert not any(each.in_flight for each in bench.journal.batches("r1"))


@pytest.mark.rule("C5")
def test_a_host_that_cancels_gives_a_minute_and_a_signal_gives_seconds() -> None:
    for cancel, bound in ((threading.Event(), WHEN_STOPPED), (SignalEvent(), WHEN_INTERRUPTED)):
        stop = Stopping(cancel)
        cancel.set()
        stop.heed()
        assert bound - SLACK * 30 < stop.left <= bound
    stop = Stopping(cancel, drain=1_000)
    stop.heed()
    assert stop.left > WHEN_STOPPED


@pytest.mark.rule("C5")
def test_ctrl_c_while_a_thread_is_waited_for_does_not_make_it_one_that_has_ended(bench: Bench) -> None:
    """Python takes a thread for ended when joining it is broken off; the run must wait for its call all the same."""
    bench.plan(Action.CREATE, (0, 1))
    stop, called = Stopping(drain=60), threading.Event()

    def act(batch: Batch) -> WriteResult:
        called.set()
        assert stop.halted.wait(60)
        called.clear()
        assert not called.wait(0.3)  # more than it takes to look at the threads
        return results(batch, {})

    threading.Thread(target=lambda: (called.wait(60), _thread.interrupt_main())).start()
    with heed_ctrl_c(), pytest.raises(Cancelled):
        bench.send(Scripted(act), stop=stop)
    assert isinstance(stop.interruption, KeyboardInterrupt)
    assert bench.outcomes() == {"row0": "succeeded"}


@pytest.mark.rule("C5")
def test_a_thread_has_its_share_of_the_lock_before_it_begins(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 1))
    taken: list[str] = []

    @contextmanager
    def keep() -> Iterator[None]:
        taken.append(threading.current_thread().name)
        yield
        taken.append(threading.current_thread().name)

    bench.send(Scripted(lambda batch: results(batch, {})), keep=keep)
    assert taken == [threading.main_thread().name, "writer-0"]


@pytest.mark.rule("C5")
def test_a_run_goes_on_with_the_threads_that_it_gets(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plan(Action.UPSERT, *[(number, number + 1) for number in range(4)])
    allow(monkeypatch, 2)
    with caplog.at_level(logging.WARNING):
        bench.send(Scripted(lambda batch: results(batch, {})), parallelism=4)
    assert set(bench.outcomes().values()) == {"succeeded"}
    assert "continues with 2 threads: can't start new thread" in caplog.text


@pytest.mark.rule("C5")
def test_a_run_that_gets_no_thread_stops_before_it_sends_anything(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.plan(Action.UPSERT, (0, 1))
    allow(monkeypatch, 0)
    plugin = Scripted(lambda batch: results(batch, {}))
    with pytest.raises(RunStopped, match="no thread can be started"):
        bench.send(plugin)
    assert plugin.sent == []


def allow(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Let so many threads of a run begin, as a machine that has no more of them."""
    start, left = threading.Thread.start, [threads]

    def begin(thread: threading.Thread) -> None:
        if thread.name.startswith("writer-"):
            if not left[0]:
                raise RuntimeError("can't start new thread")
            left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", begin)
