"""Responses that are repeated for the same `Idempotency-Key`. Only the UI API honors this header.

User Interface API Developer Guide, "Idempotent Record Writes": the key is a UUID, and a response is kept for 30 days.
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
    """A request with a key. `answer` holds the status, headers and content of the response, or None before it."""

    user: str
    body: bytes
    at: float
    answer: tuple[int, dict[str, str], Any] | None = None


class Idempotency:
    """The requests and responses by idempotency key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, Kept] = {}

    def begin(self, key: str, user: str, body: bytes) -> Kept:
        """Return the request of a key: an earlier one with its answer, or a new one without. Raises ApiError."""
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
        """Free the key of a request that was not executed."""
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
