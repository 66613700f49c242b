"""The org's hourly allocation of events: how many are left, and what happens if there are too few.

Platform Events Developer Guide, "Platform Event Allocations"; REST API Developer Guide, "Limits".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field
from connector_salesforce import CallFailed, Org, read_allowed, read_remaining

from connector_salesforce_events.codes import USED_UP
from connector_sdk import Attempt, NotExecuted

WAITING = "waiting"
"""The step of the anchor of a waiting batch, of which nothing was sent yet."""

FIRST_PAUSE = 5.0
"""Seconds before Salesforce is asked again for the first time. The pauses grow from then on."""

_NAMES = ("HourlyPublishedPlatformEvents", "HourlyPublishedStandardVolumePlatformEvents")
_GROWTH, _STEPS = 1.6, 20
_LONGEST_PAUSE = 60.0
_LONGEST_AFTER_REFUSALS = 300.0
"""The number of seconds by which the figures of `/limits` may be late (REST API Developer Guide, "Limits")."""
_HOUR = timedelta(hours=1)


@define
class Allocation:
    """The events that a connection may still publish in this hour; safe to use from any thread.

    Salesforce is asked only if too few events seem to be left. To ask before each batch would double the calls.
    Salesforce's figures may be late, so a refusal outweighs them: the wait grows with each refusal in a row.
    """

    _org: Org
    _asked: bool = False
    _left: int | None = None
    _whole: int | None = None
    _refusals: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def take(self, events: int, attempt: Attempt, *, wait: bool) -> None:
        """Reserve events before they are published. With `wait`, wait until enough are left.

        Raises `NotExecuted` if too few are left and `wait` is false, or if the batch has more events than an hour
        allows. Its `split` says that a smaller batch could pass. `Cancelled` ends the wait.
        """
        if not self._refusals and ((self._asked and self._take(events)) or (self._ask() and self._take(events))):
            return
        if self._whole is not None and events > self._whole:
            message = f"the org publishes {self._whole:,} events in an hour, fewer than the {events:,} of this batch"
            raise NotExecuted(USED_UP, message, split=True)
        if not wait:
            raise self._too_few()
        attempt.anchor(WAITING)
        for pause in _pauses(self._refusals):
            attempt.wait(pause, f"the org publishes no {events:,} events more in this hour")
            if self._ask() and self._take(events):
                return

    def note_answer(self, *, accepted: bool, refused: bool) -> None:
        """Note that Salesforce accepted events of a request, or refused some because none are left."""
        with self._lock:
            if accepted:
                self._refusals = 0
            if refused:
                self._refusals += 1
                self._left, self._asked = 0, False

    def _ask(self) -> bool:
        """Ask Salesforce how many events are left, and return True. If it does not say, events are not counted."""
        try:
            left, whole = allocation_in(self._org.limits())
        except CallFailed:
            left, whole = None, None
        with self._lock:
            self._asked, self._left, self._whole = True, left, whole
        return True

    def _take(self, events: int) -> bool:
        with self._lock:
            if self._left is None:
                return True
            if self._left < events:
                return False
            self._left -= events
            return True

    def _too_few(self) -> NotExecuted:
        left = self._left or 0
        at = f"{datetime.now(UTC) + _HOUR:%H:%M} UTC"
        message = f"{left:,} events may still be published this hour; run again at {at} at the latest"
        return NotExecuted(USED_UP, message, split=left > 0)


def allocation_in(limits: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return how many events are left in this hour and how many an hour allows, each None if unknown."""
    for name in _NAMES:
        left = read_remaining(limits, name)
        if left is not None:
            return left, read_allowed(limits, name)
    return None, None


def _pauses(refusals: int) -> Iterator[float]:
    """Yield growing numbers of seconds to wait, without end. After refusals they begin higher."""
    longest = _LONGEST_AFTER_REFUSALS if refusals else _LONGEST_PAUSE
    pause = min(FIRST_PAUSE * _GROWTH ** min(max(refusals - 1, 0), _STEPS), longest)
    while True:
        yield pause
        pause = min(pause * _GROWTH, longest)
