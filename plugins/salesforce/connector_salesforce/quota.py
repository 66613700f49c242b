"""The day's API calls of the org: how many are left, as answers tell it, and how many of them are for others."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

from connector_salesforce.failure import CallFailed
from connector_sdk import Executed

CALLS_KEPT = "API_CALLS_KEPT"
"""Our code for a call that was not made, since it is one of those for others."""

_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


class Quota:
    """Lets calls through as long as more are left than are kept for others; safe to use from any thread.

    Answers tell of themselves late, and those of the Bulk API perhaps not at all, so each call is taken off before it
    is made, and of what was told and what was counted the lower number holds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self._kept = 0

    @property
    def left(self) -> int | None:
        """How many are left; None when no answer has told."""
        return self._left

    def keep(self, calls: int) -> None:
        """From now on leave so many calls to others."""
        with self._lock:
            self._kept = calls

    def begin(self) -> None:
        """Forget what was told: calls become free as the hours pass, and the next answer tells."""
        with self._lock:
            self._left = None

    def take(self) -> None:
        """Take the call off that is about to be made. Raises `CallFailed` when it is one of those for others."""
        with self._lock:
            if self._left is None:
                return
            if self._kept and self._left <= self._kept:
                message = f"{self._left:,} API calls are left, and {self._kept:,} are for others"
                raise CallFailed(CALLS_KEPT, message, Executed.NO)
            self._left -= 1

    def told(self, left: int | None) -> None:
        """An answer said how many are left, or did not."""
        if left is None:
            return
        with self._lock:
            self._left = left if self._left is None else min(self._left, left)


def calls_left(headers: Mapping[str, str]) -> int | None:
    """What an answer says is left of the day's calls (REST API Developer Guide, "Limit Info Header")."""
    used = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
    return int(used[2]) - int(used[1]) if used else None
