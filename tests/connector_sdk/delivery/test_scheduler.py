"""What is under way at the same time: batches of different lanes, and fewer of them where it is crowded."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from attrs import define, field

from connector_sdk import Action, Batch, Cancelled, NotExecuted, WriteResult
from connector_sdk.delivery.throttle import CLEAN, ConcurrencyLimit

from .scripted import Bench, Scripted, await_most, results


@define
class Watch:
    """Which groups of batches were under way, and how many at most at the same time."""

    lock: threading.Lock = field(factory=threading.Lock)
    now: Counter[object] = field(factory=Counter)
    most: Counter[object] = field(factory=Counter)
    begun: list[object] = field(factory=list)

    @contextmanager
    def busy(self, group: object) -> Iterator[None]:
        with self.lock:
            self.begun.append(group)
            self.now[group] += 1
            self.most[group] = max(self.most[group], self.now[group])
        try:
            time.sleep(0.02)
            yield
        finally:
            with self.lock:
                self.now[group] -= 1


def first_row(batch: Batch) -> int:
    return int(batch.rows.column("name")[0].as_py().removeprefix("row"))


def ranges(count: int, size: int = 2) -> list[tuple[int, int]]:
    return [(number * size, number * size + size) for number in range(count)]


def count_in_flight(plugin: Scripted, wanted: int) -> int:
    """Return how many batches are in flight, after a while in which they may become so many."""
    until = time.monotonic() + 0.1
    while plugin.in_flight < wanted and time.monotonic() < until:
        time.sleep(0.001)
    return plugin.in_flight


def of_lane(watch: Watch, lanes: list[int], codes: Callable[[Batch], dict[str, str]]) -> Callable[[Batch], WriteResult]:
    """Succeed but for rows with a code, and watch the lanes that are busy."""

    def act(batch: Batch) -> WriteResult:
        with watch.busy(lanes[first_row(batch) // 4]):
            return results(batch, codes(batch))

    return act


def test_batches_of_one_lane_are_never_under_way_at_the_same_time_and_others_are(bench: Bench) -> None:
    lanes = [1, 1, 2, 2, 3, 3, 3, 3]
    bench.plan(Action.UPSERT, *ranges(8, 4), lanes=lanes)
    watch = Watch()
    plugin = Scripted(of_lane(watch, lanes, lambda batch: {}))
    bench.send(plugin, parallelism=8)

    assert watch.most == {1: 1, 2: 1, 3: 1}
    assert watch.begun.count(3) == 4
    assert len(bench.outcomes()) == 32


def test_batches_of_no_lane_are_kept_apart_by_nothing(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *ranges(6, 4), lanes=[1, 1, 1, None, None, None])

    def act(batch: Batch) -> WriteResult:
        await_most(plugin, 4)
        return results(batch, {})

    plugin = Scripted(act)
    bench.send(plugin, parallelism=6)
    assert plugin.most_in_flight == 4


def test_threads_that_wait_for_answers_become_as_many_as_may_be_under_way(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *ranges(40))

    def act(batch: Batch) -> WriteResult:
        await_most(plugin, 10)
        return results(batch, {})

    plugin = Scripted(act)
    bench.send(plugin, parallelism=10)
    assert plugin.most_in_flight == 10


def test_what_one_batch_is_cut_into_is_sent_side_by_side(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 8))

    def act(batch: Batch) -> WriteResult:
        names = batch.rows.column("name").to_pylist()
        if len(names) > 1:
            return results(batch, dict.fromkeys(names, "locked"))
        await_most(plugin, 4)
        return results(batch, {})

    plugin = Scripted(act)
    bench.send(plugin, parallelism=4)
    assert plugin.most_in_flight == 4
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_rows_that_are_tried_again_stay_in_their_lane(bench: Bench) -> None:
    lanes = [1, 2, 3]
    bench.plan(Action.UPSERT, *ranges(3, 4), lanes=lanes)
    watch, failed = Watch(), set()

    def lock_once(batch: Batch) -> dict[str, str]:
        fresh = set(batch.rows.column("name").to_pylist()) - failed
        failed.update(fresh)
        return dict.fromkeys(fresh, "locked")

    bench.send(Scripted(of_lane(watch, lanes, lock_once)), parallelism=8)

    assert watch.most == {1: 1, 2: 1, 3: 1}
    assert watch.begun.count(1) == 3
    assert set(bench.outcomes().values()) == {"succeeded"}


def test_a_batch_that_is_halved_stays_in_its_lane(bench: Bench) -> None:
    bench.plan(Action.UPSERT, (0, 4), lanes=[1])
    watch = Watch()

    def act(batch: Batch) -> WriteResult:
        with watch.busy(1):
            if batch.rows.num_rows > 1:
                raise NotExecuted("too_large", "too large", split=True)
            return results(batch, {})

    bench.send(Scripted(act), parallelism=4)

    assert watch.most == {1: 1}
    assert len(bench.outcomes()) == 4


def test_lanes_survive_the_process(bench: Bench) -> None:
    bench.plan(Action.UPSERT, *ranges(3), lanes=[7, 7, None])
    assert [each.lane for each in bench.journal.batches("r1")] == [7, 7, None]


class TestCrowded:
    def test_batches_in_flight_are_halved_and_rise_again(self, bench: Bench) -> None:
        bench.plan(Action.UPSERT, *ranges(100))
        under_way: list[int] = []
        all_eight, calls = threading.Barrier(8), itertools.count()

        def act(batch: Batch) -> WriteResult:
            if next(calls) < 8:
                all_eight.wait()
                raise NotExecuted("busy", "too much at once")
            under_way.append(count_in_flight(plugin, 8))
            return results(batch, {})

        plugin = Scripted(act)
        bench.send(plugin, parallelism=8)

        assert max(under_way[:8]) <= 4, "halved once: what was under way was sent before"
        assert max(under_way[8:]) == 8
        assert set(bench.outcomes().values()) == {"succeeded"}

    def test_a_row_that_complains_does_so_for_its_batch(self, bench: Bench) -> None:
        bench.plan(Action.UPSERT, *ranges(30))
        under_way: list[int] = []
        all_four, calls = threading.Barrier(4), itertools.count()

        def act(batch: Batch) -> WriteResult:
            if next(calls) < 4:
                all_four.wait()
                return results(batch, {"row0": "busy"})
            under_way.append(count_in_flight(plugin, 4))
            return results(batch, {})

        plugin = Scripted(act)
        bench.send(plugin, parallelism=4)

        assert max(under_way[11:15]) <= 3
        assert set(bench.outcomes().values()) == {"succeeded"}


class TestSlots:
    def test_at_least_one_is_left(self) -> None:
        slots = ConcurrencyLimit(3)
        for _ in range(5):
            slots.halve()
        with slots.one(threading.Event()):
            pass

    def test_each_ten_answers_without_a_complaint_allow_one_more_up_to_the_most(self) -> None:
        halted, slots = threading.Event(), ConcurrencyLimit(2)
        halted.set()
        slots.halve()
        with slots.one(halted), pytest.raises(Cancelled), slots.one(halted):
            pass
        for _ in range(CLEAN * 3):
            with slots.one(halted):
                pass
        with slots.one(halted), slots.one(halted), pytest.raises(Cancelled), slots.one(halted):
            pass
