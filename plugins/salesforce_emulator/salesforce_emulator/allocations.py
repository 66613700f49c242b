"""Allocations of the org: what `/limits` answers and what refuses calls.

REST API Developer Guide, "Limits"; Salesforce Developer Limits and Allocations Quick Reference, "API Request Limits":
daily allocations count the last 24 hours, hourly ones begin anew every hour.
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
    """What was used of one allocation, and when; uses of one second are one entry."""

    def __init__(self, name: str, limit: Limit, now: float) -> None:
        self.max = limit.max
        self._rolls = name.startswith("Daily")
        self._starts_anew = name.startswith("Hourly")
        self._ends = now + _HOUR
        self._used = limit.max - limit.left
        self._begun = int(now) - 1
        self._log: deque[tuple[int, int]] = deque([(self._begun, self._used)])

    def left(self, now: float) -> int:
        """What may still be used."""
        while self._rolls and self._log and self._log[0][0] <= now - _DAY:
            self._used -= self._log.popleft()[1]
        if self._starts_anew and now >= self._ends:
            self._ends += (now - self._ends) // _HOUR * _HOUR + _HOUR
            self._used = 0
        return self.max - self._used

    def used_at(self, moment: float, now: float) -> int:
        """What was used until a moment, what the org began with included."""
        used = self.max - self.left(now)
        for at, count in reversed(self._log):
            if at <= max(moment, self._begun):
                break
            used -= count
        return used

    def add(self, count: int, now: float) -> None:
        """Use some."""
        self._used += count
        if not self._rolls:
            return
        if self._log and self._log[-1][0] == int(now):
            count += self._log.pop()[1]
        self._log.append((int(now), count))


class Allocations:
    """Counts what the org may still use."""

    def __init__(self, org: Org, clock: Clock) -> None:
        self._lock = Lock()
        self._clock = clock
        self._limits: Mapping[str, Limit] = org.limits
        self._uses = {name: _Use(name, limit, clock.now()) for name, limit in org.limits.items()}

    def adopt(self, before: Mapping[str, Limit], after: Mapping[str, Limit]) -> None:
        """Go on with changed limits; those that did not change keep what is left."""
        with self._lock:
            kept = {name: self._uses[name] for name, limit in after.items() if before.get(name) == limit}
            now = self._clock.now()
            self._uses = {name: kept.get(name) or _Use(name, limit, now) for name, limit in after.items()}
            self._limits = after

    def take(self, name: str, count: int = 1) -> bool:
        """Use up `count` of an allocation; False where less is left. What the org file does not name is unlimited."""
        with self._lock:
            use, now = self._uses.get(name), self._clock.now()
            if use is None:
                return True
            if use.left(now) < count:
                return False
            use.add(count, now)
            return True

    def use(self, name: str, count: int) -> None:
        """Let others use up `count` of an allocation, or what is left of it. Raises KeyError."""
        with self._lock:
            if name not in self._uses:
                raise KeyError(f"the org has no allocation {name}")
            use, now = self._uses[name], self._clock.now()
            use.add(min(count, use.left(now)), now)

    def usage(self, lag: float) -> str:
        """`api-usage=24/15000`: the header Sforce-Limit-Info, which lags so many seconds behind."""
        with self._lock:
            use, now = self._uses.get(API_REQUESTS), self._clock.now()
            return "api-usage=0/0" if use is None else f"api-usage={use.used_at(now - lag, now)}/{use.max}"

    def shown(self) -> dict[str, Any]:
        """The answer of `/limits`, in the order of names; parts of an allocation stand within it."""
        with self._lock:
            now = self._clock.now()
            return {
                name: _describe_limit(limit, self._uses[name].left(now)) for name, limit in sorted(self._limits.items())
            }


def _describe_limit(limit: Limit, left: int) -> dict[str, Any]:
    parts = {name: _describe_limit(part, part.left) for name, part in limit.parts.items()}
    return {"Max": limit.max, "Remaining": left, **parts}
