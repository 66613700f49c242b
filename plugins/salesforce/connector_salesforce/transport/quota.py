"""Count the org's API calls of the day that are left, and keep some of them for others."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_sdk import Executed

CALLS_KEPT = "API_CALLS_KEPT"
"""Our code for a call that is not made, because it is kept for others."""

CALLS = "DailyApiRequests"
"""The name of the day's calls among the limits of an org."""

Ask = Callable[[], int | None]
"""A function that asks the org how many calls are left, or returns None if the org does not say."""

_USAGE = re.compile(r"api-usage=([0-9]{1,12})/([0-9]{1,12})(?![0-9])")
_SILENT_MOST, _SILENT_LEAST = 10, 2
"""Bounds for the number of answers without a count after which the org is asked.

It is asked after few of them if others make many calls.
"""
_STALE = 60.0
"""Seconds after which the org is asked, even if there were fewer such answers."""
_LAG = 300.0
"""Seconds by which Salesforce's count may be late (REST API Developer Guide, "Limits")."""


@frozen
class _Look:
    """How many calls were left when the org was asked, and how many we had made by then."""

    left: int
    taken: int


class Quota:
    """The day's calls. It refuses a call if no more are left than are kept for others.

    It is safe to use from any thread. Answers report late how many calls are left, and those of the Bulk API do not
    report it at all. Each call is therefore subtracted before it is made, and the lower of the reported and the counted
    number applies. The org is asked again before this run and others can have used up the calls that are not kept. One
    thread asks, and no other thread makes a call meanwhile. If the org does not say either, each call counts twice,
    because others may make as many.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._asking, self._clock = threading.Lock(), threading.Lock(), clock
        self._kept = self._taken = self._under_way = 0
        self.begin()

    @property
    def left(self) -> int | None:
        """How many calls are left, or None if no answer has said."""
        return self._left

    def keep(self, calls: int) -> None:
        """Keep so many calls for others from now on."""
        with self._lock:
            self._kept = calls

    def begin(self) -> None:
        """Forget what was reported. Calls become free as hours pass, and the next answer reports how many."""
        with self._lock:
            self._left: int | None = None
            self._look = _Look(0, 0)
            self._silent = self._heard = 0
            self._others, self._each = 0.0, 1
            self._trusted_at = self._heard_at = self._clock()

    def take(self, ask: Ask | None = None) -> None:
        """Subtract a call that is about to be made. If it is time, `ask` the org first. `release` ends the call.

        Raises `CallFailed` if the call is kept for others.
        """
        if ask is not None and self._is_due():
            self._ask(ask)
        with self._lock:
            if self._left is not None and self._kept and self._left <= self._kept:
                message = f"{max(self._left, 0):,} API calls are left, and {self._kept:,} are for others"
                raise CallFailed(CALLS_KEPT, message, Executed.NO)
            self._count()
            self._under_way += 1

    def release(self) -> None:
        """End a call that was taken."""
        with self._lock:
            self._under_way -= 1

    def report_left(self, left: int | None) -> None:
        """Accept how many calls are left by an answer, or None if the answer does not say."""
        with self._lock:
            if left is None:
                self._silent += 1
                return
            if self._left is None:
                self._look, self._trusted_at = _Look(left, self._taken), self._clock()
            self._left = left if self._left is None else min(self._left, left)
            self._silent, self._each, self._heard_at = 0, 1, self._clock()
            self._heard += 1

    def _count(self) -> None:
        self._taken += 1
        if self._left is not None:
            self._left -= self._each

    def _is_due(self) -> bool:
        """Return whether so few calls may be left by now that the org must be asked."""
        with self._lock:
            if not self._kept:
                return False
            if self._left is None:
                return self._silent >= _SILENT_MOST
            ours, before = self._left - self._kept, self._look.left - self._kept
            if ours <= 0:
                return self._clock() - self._trusted_at >= _LAG
            halved = ours <= before // 2 and before > 2 * _SILENT_LEAST
            waited = self._silent > 0 and self._clock() - self._heard_at >= _STALE
            return halved or waited or self._silent >= self._patience(ours)

    def _patience(self, ours: int) -> int:
        """Return after how many silent answers to ask the org, before half of our calls can be used up."""
        return max(_SILENT_LEAST, min(_SILENT_MOST, int(ours / (2 * (1 + self._others)))))

    def _ask(self, ask: Ask) -> None:
        with self._asking:
            if not self._is_due():
                return
            with self._lock:
                self._count()
                under_way, heard = self._under_way, self._heard
            said = ask()
            with self._lock:
                if said is not None:
                    self._believe(said - under_way)
                self._silent, self._heard_at = 0, self._clock()
                if self._left is not None:
                    self._note(self._left, told=said is not None or self._heard > heard)

    def _believe(self, left: int) -> None:
        """Accept how many calls the org says are left, without the calls under way.

        This number may be late. If it is higher than the counted one, it applies only if the last number that was
        accepted unchanged is at least `_LAG` old.
        """
        now = self._clock()
        if self._left is None or now - self._trusted_at >= _LAG:
            self._left, self._trusted_at = left, now
        self._left = min(self._left, left)

    def _note(self, left: int, *, told: bool) -> None:
        """Record how many calls are left now, and how many calls others made for each of ours."""
        ours = max(1, self._taken - self._look.taken)
        if told:
            self._others, self._each = max(0.0, (self._look.left - left - ours) / ours), 1
        else:
            self._others, self._each = max(1.0, self._others), 2
        self._look = _Look(left, self._taken)


def calls_left(headers: Mapping[str, str]) -> int | None:
    """Return how many of the day's calls are left according to an answer, or None if it does not say.

    REST API Developer Guide, "Limit Info Header".
    """
    used = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
    return int(used[2]) - int(used[1]) if used else None


def read_remaining(limits: Any, *names: str) -> int | None:
    """Return what is left of a limit, or None if the org's `limits` have no number for it.

    The first of its `names` that has a number applies (REST API Developer Guide, "Limits").
    """
    return next((left for name in names if (left := _read_number(limits, name, "Remaining")) is not None), None)


def read_allowed(limits: Any, name: str) -> int | None:
    """Return how much a limit of the org's `limits` allows, or None if they do not say."""
    return _read_number(limits, name, "Max")


def _read_number(limits: Any, name: str, of: str) -> int | None:
    limit = limits.get(name) if isinstance(limits, dict) else None
    number = limit.get(of) if isinstance(limit, dict) else None
    return number if type(number) is int else None
