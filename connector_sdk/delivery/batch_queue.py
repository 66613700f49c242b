"""The queue of a stage's batches: batches of one lane are sent one after another, all others in any order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from connector_sdk.contract.errors import Cancelled
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.state.records import JournalledBatch


class BatchQueue:
    """The batches that wait. After the first error, `take` returns no more batches.

    A lane is busy while one of its batches is ready or in flight; its other batches wait behind that one. With
    `in_order`, which is for one batch at a time, lanes mean nothing, and a retry goes ahead of later batches.
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
        """The number of batches that can be taken now."""
        with self._changed:
            return len(self._ready)

    def take(self) -> JournalledBatch | None:
        """Return the next batch; None if there is none and none can follow."""
        with self._changed:
            while not self._ready and self._in_flight and not self._stop.halted.is_set():
                self._changed.wait(0.2)
            self._stop.heed()
            if self._stop.halted.is_set() or not self._ready:
                return None
            self._in_flight += 1
            return self._ready.popleft()

    def finish(self, batch: JournalledBatch, more: Iterable[JournalledBatch]) -> None:
        """Take note that a batch has its outcomes, and queue `more`, the batches of its retried rows."""
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
        """Stop the run because of an error."""
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
        """Queue the next batch of a lane, or free the lane."""
        if lane is None:
            return
        if self._behind[lane]:
            self._ready.append(self._behind[lane].popleft())
        else:
            del self._behind[lane]
