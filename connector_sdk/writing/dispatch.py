"""Deliver the batches of a run, several at a time, stage after stage."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from connector_sdk.errors import Cancelled
from connector_sdk.state.entries import BatchState, JournalledBatch
from connector_sdk.writing.context import Writing
from connector_sdk.writing.deliver import deliver

_GRACE = 3.0
"""Seconds that batches in flight get to stop by themselves when a run is interrupted."""


def deliver_all(writing: Writing, batches: Iterable[JournalledBatch], parallelism: int) -> None:
    """Bring all batches that have no outcomes yet to their outcomes; a stage starts when the one before is done.

    Raises what stopped the run first; `Cancelled` when it was halted from outside. No batch is awaited then: what is
    in flight is settled when the run is resumed.
    """
    open_ = sorted((each for each in batches if each.state is not BatchState.DONE), key=lambda each: each.stage)
    for number, stage in groupby(open_, key=lambda each: each.stage):
        batches_ = tuple(stage)
        if number and writing.rekeyed:
            writing = evolve(writing, refused=_refused_keys(writing, batches_[0].run))
        _deliver_stage(writing, batches_, parallelism)


def _refused_keys(writing: Writing, run: str) -> pa.Array:
    """The keys of rows that were sent and not accepted."""
    tables = (
        table.filter(pc.not_equal(table.column("outcome"), "succeeded")) for table in writing.journal.outcomes(run)
    )
    return pa.concat_arrays([pa.array([], pa.string()), *(each.column("key").combine_chunks() for each in tables)])


def _deliver_stage(writing: Writing, batches: Iterable[JournalledBatch], parallelism: int) -> None:
    queue = _Queue(batches, writing.halt)

    def work() -> None:
        while (batch := queue.take()) is not None:
            try:
                queue.done(deliver(writing, batch))
            except BaseException as error:
                queue.fail(error)

    _run_threads(work, min(parallelism, queue.size), writing)
    queue.check()


def _run_threads(work: Callable[[], None], count: int, writing: Writing) -> None:
    """Run `work` in `count` threads until they end, or until a grace period after the run was halted.

    The threads are daemons: one that is stuck in a call must not keep the process from ending.
    """
    threads = [threading.Thread(target=work, name=f"writer-{number}", daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and not writing.halt.is_set():
            thread.join(0.2)
            if writing.cancel.is_set():
                writing.halt.set()
    for thread in threads:
        thread.join(_GRACE / max(1, count))


class _Queue:
    """Batches that wait to be sent. The first error empties it and halts the run."""

    def __init__(self, batches: Iterable[JournalledBatch], halt: threading.Event) -> None:
        self._changed = threading.Condition()
        self._waiting = deque(batches)
        self._in_flight = 0
        self._halt = halt
        self._error: BaseException | None = None
        self.size = len(self._waiting)

    def take(self) -> JournalledBatch | None:
        """The next batch; None when there is none and none can come."""
        with self._changed:
            while not self._waiting and self._in_flight and not self._halt.is_set():
                self._changed.wait(0.2)
            if self._halt.is_set() or not self._waiting:
                return None
            self._in_flight += 1
            return self._waiting.popleft()

    def done(self, more: Iterable[JournalledBatch]) -> None:
        """A batch has its outcomes; its rows that are tried again wait in `more`."""
        with self._changed:
            self._in_flight -= 1
            self._waiting.extend(more)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The run cannot go on."""
        with self._changed:
            self._in_flight -= 1
            if self._error is None or isinstance(self._error, Cancelled):
                self._error = error
            self._halt.set()
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what stopped the run, if anything did."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._halt.is_set():
                raise Cancelled
