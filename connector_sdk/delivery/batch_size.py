"""How many rows a batch may have: fewer once so many were too many together, and slowly more again."""

from __future__ import annotations

import threading

CLEAN = 10
"""Batches of the size that is allowed which succeed before a larger one is tried."""


class Sizes:
    """The rows that a batch may have at most, None as long as nothing was too large; safe to use from any thread.

    Only a batch that is sent for the first time and fails as a whole tells that its size was wrong: in the others a row
    may be too much by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed: int | None = None
        self._clean = 0

    def too_large(self, rows: int) -> int | None:
        """The rows of the batches into which one of `rows` is to be cut; None where it may be sent."""
        with self._lock:
            return self._allowed if self._allowed is not None and rows > self._allowed else None

    def lower(self, rows: int) -> None:
        """More than `rows` were too many."""
        with self._lock:
            self._allowed = rows if self._allowed is None else min(self._allowed, rows)
            self._clean = 0

    def clean(self, rows: int) -> None:
        """A batch of `rows` succeeded."""
        with self._lock:
            if self._allowed is None or rows < self._allowed:
                return
            self._clean += 1
            if self._clean == CLEAN:
                self._allowed, self._clean = self._allowed + self._allowed // 4 + 1, 0
