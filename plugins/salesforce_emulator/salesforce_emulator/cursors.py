"""Query results that clients fetch page by page.

REST API Developer Guide, "Query": query locators expire after two days.
"""

from __future__ import annotations

from itertools import count
from threading import Lock

from salesforce_emulator.ids import ALPHABET
from salesforce_emulator.soql.running import Found

_MOST = 1000


class Cursors:
    """Query results with pages left, by cursor id."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: dict[str, Found] = {}
        self._numbers = count(1)

    def keep(self, found: Found) -> str:
        """Store a result that has more pages. Return its cursor id."""
        with self._lock:
            number = next(self._numbers)
            cursor = "0r8" + "5g" + "".join(ALPHABET[number // 62**place % 62] for place in range(9, -1, -1)) + "AAQ"
            self._found[cursor] = found
            while len(self._found) > _MOST:
                self._found.pop(next(iter(self._found)))
            return cursor

    def find(self, locator: str) -> tuple[str, Found, int] | None:
        """Return the cursor id, result and offset of a locator `<id>-<offset>`.

        Return None if it is stale or malformed.
        """
        cursor, _, offset = locator.partition("-")
        found = self._found.get(cursor)
        return (cursor, found, int(offset)) if found is not None and offset.isdigit() else None
