"""Allocations of the org: what `/limits` answers and what refuses calls.

REST API Developer Guide, "Limits"; Salesforce Developer Limits and Allocations Quick Reference, "API Request Limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from salesforce_emulator.clock import Clock
from salesforce_emulator.org.model import Limit, Org

API_REQUESTS = "DailyApiRequests"
BULK_BATCHES = "DailyBulkApiBatches"
_HOUR = 3_600


class Allocations:
    """Counts down what the org may still use."""

    def __init__(self, org: Org, clock: Clock) -> None:
        self._lock = Lock()
        self._clock = clock
        self._ends = clock.now() + _HOUR
        self._limits: Mapping[str, Limit] = org.limits
        self._max = {name: limit.max for name, limit in org.limits.items()}
        self._left = {name: limit.left for name, limit in org.limits.items()}

    def adopt(self, before: Mapping[str, Limit], after: Mapping[str, Limit]) -> None:
        """Go on with changed limits; those that did not change keep what is left."""
        with self._lock:
            for name in [name for name in before if name not in after]:
                del self._max[name], self._left[name]
            for name, limit in after.items():
                if before.get(name) != limit:
                    self._max[name], self._left[name] = limit.max, limit.left
            self._limits = after

    def take(self, name: str, count: int = 1) -> bool:
        """Use up `count` of an allocation; False where less is left. What the org file does not name is unlimited."""
        with self._lock:
            self._refill()
            left = self._left.get(name)
            if left is None:
                return True
            if left < count:
                return False
            self._left[name] = left - count
            return True

    def _refill(self) -> None:
        """Hourly allocations are whole again an hour after the org was made, and every hour from then on."""
        now = self._clock.now()
        if now < self._ends:
            return
        self._ends += (now - self._ends) // _HOUR * _HOUR + _HOUR
        self._left |= {name: most for name, most in self._max.items() if name.startswith("Hourly")}

    def usage(self) -> str:
        """`api-usage=24/15000`: the header Sforce-Limit-Info."""
        most = self._max.get(API_REQUESTS, 0)
        return f"api-usage={most - self._left.get(API_REQUESTS, 0)}/{most}"

    def shown(self) -> dict[str, Any]:
        """The answer of `/limits`, in the order of names; parts of an allocation stand within it."""
        with self._lock:
            self._refill()
            return {name: _shown(limit, self._left[name]) for name, limit in sorted(self._limits.items())}


def _shown(limit: Limit, left: int) -> dict[str, Any]:
    parts = {name: _shown(part, part.left) for name, part in limit.parts.items()}
    return {"Max": limit.max, "Remaining": left, **parts}
