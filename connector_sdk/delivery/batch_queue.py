"""The batches of a stage that wait to be sent: those of one lane one after another, all others in any order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from connector_sdk.contract.errors import Cancelled
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.state.records import JournalledBatch


class Queue:
    """Batches that wait. The first error stops the run: nothing is taken any more.

    A lane that has a batch ready or in flight is taken, and its other batches wait behind that one. `in_order` is for
    one batch at a time: lanes then mean nothing, and what is tried again does not wait behind what comes after it.
    """

    def __init__(self, batches: Iterable[JournalledBatch], stop: Stopping, *, in_order: bool = False) -> None:
        self._changed = threading.Condition()
        self._ready: deque[JournalledBatch] = deque()
        self._behind: dict[int, deque[JournalledBatch]] = {}
        self._in_flight = 0
        self._stop = stop
        self._in_order = in_order
        self._error: BaseException | None = None
        for each in batches:
            self._add(each)

    @property
    def ready(self) -> int:
        """How many batches could be taken now."""
        with self._changed:
            return len(self._ready)

    def take(self) -> JournalledBatch | None:
        """The next batch; None when there is none and none can come."""
        with self._changed:
            while not self._ready and self._in_flight and not self._stop.halted.is_set():
                self._changed.wait(0.2)
            self._stop.heed()
            if self._stop.halted.is_set() or not self._ready:
                return None
            self._in_flight += 1
            return self._ready.popleft()

    def done(self, batch: JournalledBatch, more: Iterable[JournalledBatch]) -> None:
        """A batch has its outcomes; its rows that are tried again wait in `more`."""
        with self._changed:
            self._in_flight -= 1
            if self._in_order:
                self._ready.extendleft(reversed(tuple(more)))
            else:
                for each in more:
                    self._add(each)
                self._free(batch.lane)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The run cannot go on."""
        with self._changed:
            self._in_flight -= 1
            if self._error is None or isinstance(self._error, Cancelled):
                self._error = error
            self._stop.halt()
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what stopped the run, if anything did."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._stop.halted.is_set():
                raise Cancelled

    def _add(self, batch: JournalledBatch) -> None:
        if batch.lane is None or self._in_order:
            self._ready.append(batch)
        elif batch.lane in self._behind:
            self._behind[batch.lane].append(batch)
        else:
            self._behind[batch.lane] = deque()
            self._ready.append(batch)

    def _free(self, lane: int | None) -> None:
        """Let the next batch of a lane go."""
        if lane is None:
            return
        if self._behind[lane]:
            self._ready.append(self._behind[lane].popleft())
        else:
            del self._behind[lane]
