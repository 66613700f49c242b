"""Row locks: which transaction holds which record.

Salesforce Help, "Record Locking Cheat Sheet": a write locks its record and the parents that it names.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from threading import Condition
from typing import Any

from attrs import define, field

from salesforce_emulator.errors import RowFault

Claim = frozenset[str]


class LockTable:
    """The record locks of an org, with counters of granted and refused locks."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._holders: dict[str, Transaction] = {}
        self.reset()

    def reset(self) -> None:
        """Reset the counters."""
        self._granted = 0
        self._refused: Counter[str] = Counter()
        self._contended: Counter[str] = Counter()

    def count_refused(self, object_name: str) -> None:
        """Count a row that did not get its locks."""
        with self._changed:
            self._refused[object_name] += 1

    def stats(self) -> dict[str, Any]:
        """Return the number of granted locks, the refused rows by object, and the contended records."""
        with self._changed:
            return {
                "granted": self._granted,
                "refused": dict(self._refused),
                "contended": dict(self._contended.most_common(100)),
            }

    def take(self, owner: Transaction, claims: Sequence[Claim], wait: float) -> list[Claim]:
        """Lock the records of each claim, waiting up to `wait` seconds.

        Return for each claim the records that other transactions hold. A claim gets all of its locks or none.
        """
        with self._changed:
            deadline = time.monotonic() + wait
            contended = self._try(owner, claims)
            while any(contended) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
                contended = self._try(owner, claims)
            for held in contended:
                self._contended.update(held)
            return contended

    def _try(self, owner: Transaction, claims: Sequence[Claim]) -> list[Claim]:
        found: list[Claim] = []
        for claim in claims:
            held = frozenset(one for one in claim if self._holders.get(one, owner) is not owner)
            found.append(held)
            if not held:
                self._granted += len(claim - self._holders.keys())
                self._holders |= dict.fromkeys(claim, owner)
                owner.held |= claim
        return found

    def release(self, owner: Transaction) -> None:
        """Release all locks of a transaction."""
        with self._changed:
            for record_id in owner.held:
                del self._holders[record_id]
            owner.held.clear()
            self._changed.notify_all()


@define(eq=False)
class Transaction:
    """One holder of locks."""

    held: set[str] = field(factory=set)


def unable(held: Claim) -> RowFault:
    """Return the error for records that another transaction holds."""
    ids = ",".join(sorted(held))
    message = f"unable to obtain exclusive access to this record or {len(held)} records: {ids}"
    return RowFault("UNABLE_TO_LOCK_ROW", message)
