"""The calls in progress. An org limits how many long-running calls it serves at once.

Salesforce Developer Limits and Allocations, "Concurrent API Request Limits".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from salesforce_emulator.org.model import ConcurrentCalls

_APIS = ("/services/data/v", "/services/async/", "/services/Soap/")


class InFlight:
    """The start times of the calls in progress."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}

    def refuses(self, path: str, limit: ConcurrentCalls) -> bool:
        """Return whether a new call exceeds the limit of long-running calls."""
        if not path.startswith(_APIS):
            return False
        latest = time.monotonic() - limit.seconds
        return sum(since <= latest for since in list(self._since.values())) >= limit.max

    @contextmanager
    def one(self, path: str) -> Iterator[None]:
        """Count a call as in progress while it is served."""
        call = object()
        if path.startswith(_APIS):
            self._since[call] = time.monotonic()
        try:
            yield
        finally:
            self._since.pop(call, None)
