"""Answers that are given again: `Idempotency-Key`, which the UI API alone honours.

User Interface API Developer Guide, "Idempotent Record Writes": a UUID; the answer is kept for 30 days.
"""

from __future__ import annotations

import uuid
from threading import Lock
from typing import Any

from attrs import define

from salesforce_emulator.clock import Clock
from salesforce_emulator.errors import ApiError

_SECONDS = 30 * 86_400


@define
class Kept:
    """A request that came with a key; `answer` is its status, headers and content as soon as there is one."""

    user: str
    body: bytes
    at: float
    answer: tuple[int, dict[str, str], Any] | None = None


class Idempotency:
    """What was answered to which key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, Kept] = {}

    def begin(self, key: str, user: str, body: bytes) -> Kept:
        """The request of a key: an earlier one with its answer, or a new one without. Raises ApiError."""
        named = _read(key)
        with self._lock:
            kept = self._kept.get(named)
            if kept is None or self._clock.now() - kept.at > _SECONDS:
                kept = self._kept[named] = Kept(user, body, self._clock.now())
                return kept
        if kept.user != user:
            raise ApiError(400, "IDEMPOTENCY_KEY_USED_DIFFERENT_USER", "The key was used by another user")
        if kept.body != body:
            raise ApiError(400, "IDEMPOTENCY_KEY_ALREADY_USED", "The key was used for another request")
        if kept.answer is None:
            raise ApiError(409, "IDEMPOTENCY_CONCURRENT_REQUEST", "A request with this key is being executed")
        return kept

    def forget(self, key: str) -> None:
        """A request that was not executed: its key may be used again."""
        with self._lock:
            self._kept.pop(_read(key), None)


def _read(key: str) -> str:
    try:
        read = uuid.UUID(key)
    except ValueError:
        read = None
    if read is None or read.version != 4:
        raise ApiError(400, "INVALID_IDEMPOTENCY_KEY", f"The idempotency key is no UUID of version 4: {key}")
    return str(read)
