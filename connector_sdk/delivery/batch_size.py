"""The number of rows that a batch may have: lowered when a batch was too large, and raised again slowly."""

from __future__ import annotations

import threading

CLEAN = 10
"""The number of batches of the allowed size that must succeed before a larger one is tried."""


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
