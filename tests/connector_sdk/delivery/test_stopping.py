"""A run that stops: nothing new is sent, and what is in flight gets one bound to bring its answers."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from attrs import define, field

from connector_sdk import Action, Attempt, Batch, Cancelled, NotExecuted, RunStopped, WriteResult
from connector_sdk.delivery.stopping import WHEN_INTERRUPTED, WHEN_STOPPED, SignalEvent, Stopping
from connector_sdk.state.records import BatchState

from .scripted import Bench, LostError, Scripted, results

ROWS = [(number, number + 1) for number in range(12)]


LOOKS = 40
"""Looks at a batch that a run which stops takes its time for: more than fit into what threads get to end."""


@define
class Polled(Scripted):
    """Batches that are sent, and polled: until `answered` says that they are done, and a while longer."""

    answered: threading.Event = field(factory=threading.Event)

    def write_batch(self, batch: Batch, attempt: Attempt) -> WriteResult:
        with self.lock:
            self.sent.append(batch.rows.column("name").to_pylist())
        attempt.anchor("job", job="j1")
        return self._answer(batch, attempt)

    def _answer(self, batch: Batch, attempt: Attempt) -> WriteResult:
        result = self.act(batch)
        while not self.answered.is_set():
            attempt.wait(0.01)
        for _ in range(LOOKS):
            attempt.wait(0.01)
        return result


@pytest.mark.rule("T2")
def test_a_run_that_cannot_go_on_records_what_is_in_flight_and_sends_nothing_more(bench: Bench) -> None:
    bench.plan(Action.CREATE, *ROWS)
    four, stop = threading.Barrier(4), Stopping()

    def act(batch: Batch) -> WriteResult:
        four.wait(30)
        if batch.rows.column("name").to_pylist() == ["row3"]:
            raise NotExecuted("quota", "used up")
        threading.Thread(target=lambda: (stop.halted.wait(30), plugin.answered.set())).start()
        return results(batch, {})

    plugin = Polled(act)
    with pytest.raises(RunStopped, match="quota"):
        bench.send(plugin, parallelism=4, stop=stop)

    assert sorted(plugin.sent) == [["row0"], ["row1"], ["row2"], ["row3"]]
    assert bench.outcomes() == {"row0": "succeeded", "row1": "succeeded", "row2": "succeeded"}
    assert not any(each.in_flight for each in bench.journal.batches("r1"))


@pytest.mark.rule("T2")
def test_a_run_that_is_cancelled_records_what_comes_within_the_bound(bench: Bench) -> None:
    bench.plan(Action.CREATE, *ROWS[:3])
    stop = Stopping(bench.cancel, drain=30)

    def act(batch: Batch) -> WriteResult:
        bench.cancel.set()
        threading.Thread(target=lambda: (stop.halted.wait(30), plugin.answered.set())).start()
        return results(batch, {})

    plugin = Polled(act)
    with pytest.raises(Cancelled):
        bench.send(plugin, stop=stop)
    assert plugin.sent == [["row0"]]
    assert bench.outcomes() == {"row0": "succeeded"}


@pytest.mark.rule("T2")
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPSERT])
def test_an_answer_that_does_not_come_within_the_bound_leaves_its_batch_in_flight(bench: Bench, action: Action) -> None:
    bench.plan(action, *ROWS[:3])

    def act(batch: Batch) -> WriteResult:
        bench.cancel.set()
        return results(batch, {})

    plugin = Polled(act)
    with pytest.raises(Cancelled):
        bench.send(plugin, drain=0)
    assert bench.outcomes() == {}
    first, *others = bench.journal.batches("r1")
    assert (first.state, first.in_flight) == (BatchState.SENDING, True)
    assert {each.state for each in others} == {BatchState.PLANNED}

    bench.cancel.clear()
    plugin.recover = lambda batch: results(batch, {})
    plugin.answered.set()
    plugin.act = lambda batch: results(batch, {})
    bench.send(plugin)
    assert set(bench.outcomes().values()) == {"succeeded"}
    assert plugin.sent == [["row0"], ["row1"], ["row2"]]


@pytest.mark.rule("T2")
def test_a_batch_whose_answer_is_lost_while_the_run_stops_is_asked_about_and_not_sent_again(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *ROWS[:2])
    together, stop = threading.Barrier(2), Stopping()

    def act(batch: Batch) -> WriteResult:
        together.wait(30)
        if batch.rows.column("name").to_pylist() == ["row1"]:
            raise NotExecuted("quota", "used up")
        stop.halted.wait(30)
        raise LostError("reset")

    plugin = Scripted(act, recover=lambda batch: results(batch, {}), anchors=True)
    with pytest.raises(RunStopped, match="quota"):
        bench.send(plugin, parallelism=2, stop=stop)
    assert (len(plugin.sent), plugin.recovered) == (2, 1)
    assert bench.outcomes() == {"row0": "succeeded"}


@pytest.mark.rule("T2")
def test_a_keyed_batch_that_cannot_be_asked_about_stays_in_flight(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *ROWS[:2])
    together, stop = threading.Barrier(2), Stopping()

    def act(batch: Batch) -> WriteResult:
        together.wait(30)
        if batch.rows.column("name").to_pylist() == ["row1"]:
            raise NotExecuted("quota", "used up")
        stop.halted.wait(30)
        raise LostError("reset")

    plugin = Scripted(act)
    with pytest.raises(RunStopped, match="quota"):
        bench.send(plugin, parallelism=2, stop=stop)
    assert len(plugin.sent) == 2
    assert bench.outcomes() == {}
    assert [each.in_flight for each in bench.journal.batches("r1")] == [True, False]


@pytest.mark.rule("T2")
def test_a_batch_that_proves_not_to_be_executed_while_the_run_stops_is_no_longer_in_flight(bench: Bench) -> None:
    bench.plan(Action.CREATE, *ROWS[:2])
    together, stop = threading.Barrier(2), Stopping()

    def act(batch: Batch) -> WriteResult:
        together.wait(30)
        if batch.rows.column("name").to_pylist() == ["row1"]:
            raise NotExecuted("quota", "used up")
        stop.halted.wait(30)
        raise LostError("reset")

    plugin = Scripted(act, anchors=True)
    with pytest.raises(RunStopped, match="quota"):
        bench.send(plugin, parallelism=2, stop=stop)
    assert (len(plugin.sent), plugin.recovered) == (2, 1)
    assert [(each.state, each.submitted) for each in bench.journal.batches("r1")] == [(BatchState.PLANNED, 0)] * 2


@pytest.mark.rule("T2")
def test_a_call_that_hangs_for_ever_keeps_neither_the_run_nor_what_others_answered(bench: Bench) -> None:
    bench.plan(Action.CREATE, *ROWS[:2])
    together, for_ever = threading.Barrier(2), threading.Event()

    def act(batch: Batch) -> WriteResult:
        together.wait(30)
        if batch.rows.column("name").to_pylist() == ["row1"]:
            for_ever.wait(60)
        bench.cancel.set()
        return results(batch, {})

    plugin = Scripted(act)
    with pytest.raises(Cancelled):
        bench.send(plugin, parallelism=2, drain=0.2)
    assert bench.outcomes() == {"row0": "succeeded"}
    for_ever.set()


@pytest.mark.rule("T2")
def test_a_sealed_journal_takes_no_answer_that_comes_later(bench: Bench) -> None:
    bench.plan(Action.CREATE, (0, 1))
    (batch,) = bench.journal.batches("r1")
    sent = bench.journal.intend(batch)
    bench.journal.seal()
    for change in (bench.journal.intend, bench.journal.not_executed):
        with pytest.raises(Cancelled):
            change(sent)
    bench.journal.report("r1", "{}")
    assert [each.state for each in bench.journal.batches("r1")] == [BatchState.SENDING]


class TestStopping:
    def test_the_bound_is_that_of_the_first_reason_unless_a_later_one_is_shorter(self) -> None:
        cancel = SignalEvent()
        stop = Stopping(cancel)
        assert stop.left == float("inf")
        stop.halt()
        assert WHEN_INTERRUPTED < stop.left <= WHEN_STOPPED
        cancel.set()
        stop.heed()
        assert stop.left <= WHEN_INTERRUPTED
        before = stop.left
        stop.heed()
        stop.halt()
        assert stop.left <= before

    def test_a_host_can_say_how_long_it_is(self) -> None:
        stop = Stopping(drain=1_000)
        stop.halt()
        assert 900 < stop.left <= 1_000

    def test_what_would_be_sent_next_is_not(self) -> None:
        stop = Stopping()
        stop.check()
        stop.wait(0)
        stop.halt()
        with pytest.raises(Cancelled):
            stop.wait(1_000)
        with pytest.raises(Cancelled):
            stop.check()

    def test_who_waits_for_an_answer_looks_for_it_several_times_within_the_bound(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [0.0]

        class Waited(threading.Condition):
            """A condition whose waits take no time: they move the clock."""

            def wait(self, timeout: float | None = None) -> bool:
                now[0] += timeout or 0
                return False

        monkeypatch.setattr("connector_sdk.delivery.stopping.time", SimpleNamespace(monotonic=lambda: now[0]))
        threads = SimpleNamespace(**{**vars(threading), "Condition": Waited})
        monkeypatch.setattr("connector_sdk.delivery.stopping.threading", threads)
        stop = Stopping(drain=8)
        stop.wait_for_answer(100)
        assert now == [100.0]
        stop.halt()
        for look in (102.0, 104.0, 106.0):
            stop.wait_for_answer(100)
            assert now == [look]
        with pytest.raises(Cancelled):
            stop.wait_for_answer(100)

    def test_who_waits_already_looks_soon_after_the_run_stops(self) -> None:
        stop = Stopping(drain=1)
        looked = threading.Event()
        waiting = threading.Thread(target=lambda: (stop.wait_for_answer(1_000), looked.set()))
        waiting.start()
        stop.halt()
        assert looked.wait(30)

    def test_an_end_wakes_everybody(self) -> None:
        stop, ended = Stopping(), threading.Event()

        def wait() -> None:
            try:
                stop.wait_for_answer(1_000)
            except Cancelled:
                ended.set()

        threading.Thread(target=wait).start()
        stop.halt()
        stop.end()
        assert ended.wait(30)
