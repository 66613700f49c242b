"""The limits on batches in flight and on rows in a batch: lowered if the destination asks for it, and raised slowly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connector_sdk.contract.errors import Cancelled

log = logging.getLogger(__name__)

CLEAN = 10
"""The number of answers without a complaint after which a limit is raised."""


class ConcurrencyLimit:
    """The limit on batches in flight: `most` at first, fewer after a complaint.

    Batches that are in flight when the destination complains were sent before the limit fell, so their complaints count
    as one. The limit is not halved again until that many answers have come.
    """

    def __init__(self, most: int = 1) -> None:
        self._changed = threading.Condition()
        self._most = self._allowed = most
        self._in_flight = 0
        self._clean = 0
        self._sent_before = 0

    @contextmanager
    def one(self, halt: threading.Event) -> Iterator[None]:
        """Hold a slot, waiting until one is free. Raises `Cancelled` if `halt` is set first."""
        self._enter(halt)
        answered = 0
        try:
            yield
            answered = 1
        finally:
            self._leave(answered)

    def halve(self) -> None:
        """Halve the limit after the destination has reported overload."""
        with self._changed:
            self._clean = 0
            if not self._sent_before:
                self._allowed = max(1, self._allowed // 2)
                self._sent_before = self._in_flight
                log.info("The destination is overloaded: at most %d batches are in flight from now on", self._allowed)

    def _enter(self, halt: threading.Event) -> None:
        with self._changed:
            while self._in_flight >= self._allowed:
                if halt.is_set():
                    raise Cancelled
                self._changed.wait(0.2)
            self._in_flight += 1

    def _leave(self, answered: int) -> None:
        with self._changed:
            self._in_flight -= 1
            self._sent_before = max(0, self._sent_before - 1)
            self._clean += answered
            if self._clean >= CLEAN and self._allowed < self._most:
                self._allowed, self._clean = self._allowed + 1, 0
            self._changed.notify_all()


class BatchSizeLimit:
    """The limit on the rows of a batch, None until a batch was too large; safe to use from any thread.

    Only a batch that is sent for the first time and fails as a whole shows that its size was wrong. In other batches
    one row may be too large by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed: int | None = None
        self._clean = 0

    def too_large(self, rows: int) -> int | None:
        """Return the size of the pieces into which a batch of `rows` must be cut; None if it may be sent."""
        with self._lock:
            return self._allowed if self._allowed is not None and rows > self._allowed else None

    def lower(self, rows: int) -> None:
        """Lower the limit to `rows`, because more were too many."""
        with self._lock:
            self._allowed = rows if self._allowed is None else min(self._allowed, rows)
            self._clean = 0

    def clean(self, rows: int) -> None:
        """Count a batch of `rows` that succeeded."""
        with self._lock:
            if self._allowed is None or rows < self._allowed:
                return
            self._clean += 1
            if self._clean == CLEAN:
                self._allowed, self._clean = self._allowed + self._allowed // 4 + 1, 0
