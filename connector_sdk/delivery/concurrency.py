"""How many batches may be at the destination at the same time: halved where it is crowded, raised again slowly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connector_sdk.contract.errors import Cancelled

log = logging.getLogger(__name__)

CLEAN = 10
"""Answers without a complaint after which one more batch may be under way."""


class Slots:
    """The batches that may be under way: `most` at the beginning, fewer after a complaint.

    What is under way when the destination complains was sent before the number fell, so complaints about it count as
    one: the number is not halved again until that many answers have come.
    """

    def __init__(self, most: int = 1) -> None:
        self._changed = threading.Condition()
        self._most = self._allowed = most
        self._under_way = 0
        self._clean = 0
        self._sent_before = 0

    @contextmanager
    def one(self, halt: threading.Event) -> Iterator[None]:
        """Be under way, as soon as there is room. Raises `Cancelled` when `halt` is set before."""
        self._enter(halt)
        answered = 0
        try:
            yield
            answered = 1
        finally:
            self._leave(answered)

    def halve(self) -> None:
        """The destination complains that it is crowded."""
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
