"""Test doubles of a host and of attempts, which record what a destination does outside a run.

host, run = RecordingHost(), RecordingRun()
connection = destination.connect(config, host)
result = destination.write_batch(connection, batch, options, run.attempt(batch))
assert run.anchors[0].step == "created"
"""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from attrs import define, field, frozen

from connector_sdk import Anchor, Batch, Call, Cancelled


@define
class RememberedToken:
    """A `TokenStore` in memory."""

    text: str | None = field(default=None, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False, eq=False)

    def load(self) -> str | None:
        """Return the text that was saved last."""
        return self.text

    def save(self, text: str) -> None:
        """Store `text`."""
        self.text = text

    def forget(self) -> None:
        """Delete the stored text."""
        self.text = None

    def exclusive(self) -> AbstractContextManager[object]:
        """Return a lock that keeps other threads out."""
        return self._lock


@define
class RecordingHost:
    """A `Host` that records the calls and the secrets that a destination reports."""

    tokens: RememberedToken = field(factory=RememberedToken)
    calls: list[Call] = field(factory=list)
    hidden: list[str] = field(factory=list, repr=False)

    def call_finished(self, call: Call) -> None:
        """Record a call."""
        self.calls.append(call)

    def hide(self, secret: str) -> None:
        """Record a secret."""
        self.hidden.append(secret)


@define
class RecordingRun:
    """The anchors of a run, oldest first. Once `cancelled` is set, waits raise `Cancelled`.

    Each wait takes at most `longest` seconds, even if the destination asks for more. This keeps tests fast.
    """

    anchors: list[Anchor] = field(factory=list)
    longest: float = 0.02
    cancelled: threading.Event = field(factory=threading.Event)

    def attempt(self, batch: Batch, number: int = 1) -> RecordedAttempt:
        """Return attempt `number` to write or to recover `batch`."""
        return RecordedAttempt(self, batch.number, number)


@frozen
class RecordedAttempt:
    """An `Attempt` that stores its anchors in a `RecordingRun`."""

    run: RecordingRun
    batch: int
    number: int

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All anchors of this batch."""
        return tuple(each for each in self.run.anchors if each.batch == self.batch)

    def anchor(self, step: str, **handle: str) -> None:
        """Record what identifies the batch. Raises `TypeError` if a value is not text."""
        wrong = {name: value for name, value in handle.items() if not isinstance(value, str)}
        if wrong:
            raise TypeError(f"an anchor holds text, not {wrong}")
        self.run.anchors.append(
            Anchor(batch=self.batch, attempt=self.number, step=step, handle=handle, at=datetime.now(UTC).isoformat())
        )

    def run_anchors(self) -> tuple[Anchor, ...]:
        """Return all anchors of the run."""
        return tuple(self.run.anchors)

    def wait(self, seconds: float, reason: str = "") -> None:
        """Sleep, at most `longest` seconds. Raises `Cancelled` if the run is canceled."""
        if self.run.cancelled.is_set():
            raise Cancelled
        time.sleep(min(seconds, self.run.longest))
