"""The end of a run that stops: nothing new is sent, and batches in flight get limited time for their answers."""

from __future__ import annotations

import threading
import time

from connector_sdk.contract.errors import Cancelled

WHEN_INTERRUPTED = 3.0
"""Seconds that batches in flight get when a signal ends this process."""

WHEN_STOPPED = 60.0
"""Seconds that batches in flight get when the run cannot continue, or a host cancels it."""

_LOOKS = 4
"""The smallest number of checks for a due answer within the time limit: no wait is longer than its share."""


class SignalEvent(threading.Event):
    """A `cancel` event that a signal sets which ends this process: only seconds are left, not a minute."""


class Stopping:
    """Whether a run stops, and how long it still waits; safe to use from any thread.

    `cancel` is set from outside to interrupt the run. `drain` is how many seconds batches in flight get, whatever stops
    the run; None for the usual time. The first reason to stop starts the clock, and a later one can only shorten the
    time. `interruption` is the exception raised from outside in the thread that runs, such as `KeyboardInterrupt`.
    """

    def __init__(self, cancel: threading.Event | None = None, drain: float | None = None) -> None:
        self.halted = threading.Event()
        self.interruption: BaseException | None = None
        self._cancel = cancel or threading.Event()
        self._drain = drain
        self._changed = threading.Condition()
        self._since, self._ends = float("-inf"), float("inf")

    def halt(self) -> None:
        """Stop because the run cannot continue."""
        self._stop(WHEN_STOPPED)

    def interrupt(self, interruption: BaseException) -> None:
        """Stop because of Ctrl-C, or because a host's signal handler raised another exception."""
        self.interruption = interruption
        self._stop(WHEN_INTERRUPTED)

    def heed(self) -> None:
        """Stop if the run was cancelled; callers check this regularly."""
        if self._cancel.is_set():
            self._stop(WHEN_INTERRUPTED if isinstance(self._cancel, SignalEvent) else WHEN_STOPPED)

    def end(self) -> None:
        """End all waits."""
        self._stop_within(0)

    @property
    def left(self) -> float:
        """The seconds that are left for answers; infinite while the run does not stop."""
        return max(0.0, self._ends - time.monotonic())

    def check(self) -> None:
        """Raise `Cancelled` once the run stops or was cancelled, so that nothing new is sent."""
        self.heed()
        if self.halted.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Sleep before something new is sent. Raises `Cancelled` as soon as the run stops."""
        if self.halted.wait(min(seconds, threading.TIMEOUT_MAX)):
            raise Cancelled

    def wait_for_answer(self, seconds: float) -> None:
        """Sleep before asking for an answer again. Raises `Cancelled` when the time limit is over.

        While the run stops, the sleep is shorter than `seconds`, so that an answer within the limit is found.
        """
        began = time.monotonic()
        with self._changed:
            while (now := time.monotonic()) < self._ends:
                share = (self._ends - self._since) / _LOOKS
                until = min(began + seconds, max(began, self._since) + share)
                if now >= until:
                    return
                self._changed.wait(min(until - now, threading.TIMEOUT_MAX))
        raise Cancelled

    def _stop(self, usual: float) -> None:
        self._stop_within(usual if self._drain is None else self._drain)

    def _stop_within(self, seconds: float) -> None:
        with self._changed:
            now = time.monotonic()
            if now + seconds < self._ends:
                self._since, self._ends = now, now + seconds
            self.halted.set()
            self._changed.notify_all()
