"""The allocations of the org, which `/limits` reports and which limit calls.

REST API Developer Guide, "Limits"; Salesforce Developer Limits and Allocations Quick Reference, "API Request Limits".
Daily allocations count the last 24 hours. Hourly allocations start again every hour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from threading import Lock
from typing import Any

from salesforce_emulator.clock import Clock
from salesforce_emulator.org.model import Limit, Org

API_REQUESTS = "DailyApiRequests"
BULK_BATCHES = "DailyBulkApiBatches"
_HOUR = 3_600
_DAY = 86_400


class _Use:
    """The use of one allocation over time. The log has one entry per second of use."""

    def __init__(self, name: str, limit: Limit, now: float) -> None:
        self.max = limit.max
        self._rolls = name.startswith("Daily")
        self._starts_anew = name.startswith("Hourly")
        self._ends = now + _HOUR
        self._used = limit.max - limit.left
        self._begun = int(now) - 1
        self._log: deque[tuple[int, int]] = deque([(self._begun, self._used)])

    def count_left(self, now: float) -> int:
        """Return how much of the allocation is left."""
        while self._rolls and self._log and self._log[0][0] <= now - _DAY:
            self._used -= self._log.popleft()[1]
        if self._starts_anew and now >= self._ends:
            self._ends += (now - self._ends) // _HOUR * _HOUR + _HOUR
            self._used = 0
        return self.max - self._used

    def count_used(self, moment: float, now: float) -> int:
        """Return how much was used until a moment, including what the org had used at its start."""
        used = self.max - self.count_left(now)
        for at, count in reversed(self._log):
            if at <= max(moment, self._begun):
                break
            used -= count
        return used

    def add(self, count: int, now: float) -> None:
        """Record the use of `count` units."""
        self._used += count
        if not self._rolls:
            return
        if self._log and self._log[-1][0] == int(now):
            count += self._log.pop()[1]
        self._log.append((int(now), count))


class Allocations:
    """What the org may still use of each allocation."""

    def __init__(self, org: Org, clock: Clock) -> None:
        self._lock = Lock()
        self._clock = clock
        self._limits: Mapping[str, Limit] = org.limits
        self._uses = {name: _Use(name, limit, clock.now()) for name, limit in org.limits.items()}

    def adopt(self, before: Mapping[str, Limit], after: Mapping[str, Limit]) -> None:
        """Apply changed limits. Unchanged limits keep their remaining units."""
        with self._lock:
            kept = {name: self._uses[name] for name, limit in after.items() if before.get(name) == limit}
            now = self._clock.now()
            self._uses = {name: kept.get(name) or _Use(name, limit, now) for name, limit in after.items()}
            self._limits = after

    def take(self, name: str, count: int = 1) -> bool:
        """Use up `count` units of an allocation. Return False if fewer are left.

        An allocation that the org file does not name is unlimited.
        """
        with self._lock:
            use, now = self._uses.get(name), self._clock.now()
            if use is None:
                return True
            if use.count_left(now) < count:
                return False
            use.add(count, now)
            return True

    def use(self, name: str, count: int) -> None:
        """Use up `count` units of an allocation as if by other clients, at most what is left. Raises KeyError."""
        with self._lock:
            if name not in self._uses:
                raise KeyError(f"the org has no allocation {name}")
            use, now = self._uses[name], self._clock.now()
            use.add(min(count, use.count_left(now)), now)

    def usage(self, lag: float) -> str:
        """Return the header Sforce-Limit-Info as of `lag` seconds ago, such as `api-usage=24/15000`."""
        with self._lock:
            use, now = self._uses.get(API_REQUESTS), self._clock.now()
            return "api-usage=0/0" if use is None else f"api-usage={use.count_used(now - lag, now)}/{use.max}"

    def describe(self) -> dict[str, Any]:
        """Return the answer of `/limits`, sorted by name. The parts of an allocation are nested in it."""
        with self._lock:
            now = self._clock.now()
            return {
                name: _describe_limit(limit, self._uses[name].count_left(now))
                for name, limit in sorted(self._limits.items())
            }


def _describe_limit(limit: Limit, left: int) -> dict[str, Any]:
    parts = {name: _describe_limit(part, part.left) for name, part in limit.parts.items()}
    return {"Max": limit.max, "Remaining": left, **parts}
