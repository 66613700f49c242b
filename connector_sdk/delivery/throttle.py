"""The number of batches that may be in flight: halved when the destination is overloaded, and raised again slowly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connector_sdk.contract.errors import Cancelled

log = logging.getLogger(__name__)

CLEAN = 10
"""The number of answers without a complaint after which one more batch may be in flight."""


class ConcurrencyLimit:
    """The limit on batches in flight: `most` at first, fewer after a complaint.

    Batches that are in flight when the destination complains were sent before the limit fell, so their complaints count
    as one. The limit is not halved again until that many answers have come.
    """

    def __init__(self, most: int = 1) -> None:
        self._changed = threading.Condition()
        self._most = self._allowed = most
        self._under_way = 0
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
                self._sent_before = self._under_way
                log.info("The destination is crowded: at most %d batches are under way from now on", self._allowed)

    def _enter(self, halt: threading.Event) -> None:
        with self._changed:
            while self._under_way >= self._allowed:
                if halt.is_set():
                    raise Cancelled
                self._changed.wait(0.2)
            self._under_way += 1

    def _leave(self, answered: int) -> None:
        with self._changed:
            self._under_way -= 1
            self._sent_before = max(0, self._sent_before - 1)
            self._clean += answered
            if self._clean >= CLEAN and self._allowed < self._most:
                self._allowed, self._clean = self._allowed + 1, 0
            self._changed.notify_all()
