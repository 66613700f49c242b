"""An independent audit: which calls arrived, and how often each row was executed."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

from attrs import define

_KEPT = 50
_ID = re.compile(r"(?=[0-9A-Za-z]*[0-9])[0-9a-z][0-9A-Za-z]{14}([0-9A-Za-z]{3})?\Z")
_KEY = re.compile(r"(/sobjects/[^/]+/[^/]+)/(?!describe).+")
_LOCATOR = re.compile(r"(?<!/jobs)(/query|/queryAll)/[^/]+\Z")


def path_pattern(path: str) -> str:
    """Return a path with placeholders for ids, keys and locators: `/services/async/58.0/job/{id}/batch/{id}`."""
    plain = _LOCATOR.sub(r"\1/{locator}", path.rstrip("/"))
    if "/composite/" not in plain:
        plain = _KEY.sub(r"\1/{key}", plain)
    return "/".join("{id}" if _ID.match(part) else part for part in plain.split("/"))


@define(eq=False)
class Incoming:
    """One request. `status` is None until the response starts."""

    at: float
    method: str
    path: str
    status: int | None = None


class Audit:
    """Counters of calls by path pattern, and of attempted and executed rows by object and key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Reset all counters."""
        self._calls: Counter[str] = Counter()
        self._executed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._attempted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._merges: list[dict[str, Any]] = []
        self._last: deque[Incoming] = deque(maxlen=_KEPT)

    def call(self, method: str, path: str) -> Incoming:
        """Count one request."""
        incoming = Incoming(time.time(), method, path)
        with self._lock:
            self._calls[f"{method} {path_pattern(path)}"] += 1
            self._last.append(incoming)
        return incoming

    def last(self) -> list[Incoming]:
        """Return the most recent requests, newest first."""
        with self._lock:
            return list(reversed(self._last))

    def row(self, object_name: str, key: str, executed: bool) -> None:
        """Count one row."""
        self._attempted[object_name][key] += 1
        if executed:
            self._executed[object_name][key] += 1

    def undo(self, object_name: str, key: str) -> None:
        """Remove a row from the executed rows, because it was rolled back."""
        self._executed[object_name][key] -= 1
        self._executed[object_name] += Counter()

    def merge(self, object_name: str, master: str, merged: Sequence[str]) -> None:
        """Record an executed merge."""
        with self._lock:
            self._merges.append({"object": object_name, "master": master, "merged": list(merged)})

    def stats(self) -> dict[str, Any]:
        """Return the counters."""
        with self._lock:
            counted: dict[str, Any] = {
                "calls": dict(self._calls),
                "executed": {name: dict(keys) for name, keys in list(self._executed.items())},
                "attempted": {name: dict(keys) for name, keys in list(self._attempted.items())},
            }
            return {**counted, "merges": list(self._merges)} if self._merges else counted
