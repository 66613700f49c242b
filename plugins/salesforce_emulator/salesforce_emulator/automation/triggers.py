"""Triggers: their cost, their exceptions, and how many may run at once.

Apex Developer Guide, "Execution Governors and Limits".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock

from attrs import frozen

from salesforce_emulator.automation.rules import ObjectRules
from salesforce_emulator.errors import RowFault
from salesforce_emulator.org.model import ApexLimits
from salesforce_emulator.org.rules import Apex
from salesforce_emulator.schema import Row

TOO_MANY = RowFault("TOO_MANY_APEX_REQUESTS", "Unable to Process Request. Concurrent requests limit exceeded.")
_EVENTS = {"insert": "AfterInsert", "update": "AfterUpdate", "delete": "AfterDelete", "hardDelete": "AfterDelete"}


@frozen
class Fired:
    """A trigger that ran: its records, its operation, and whether a Bulk job caused it."""

    apex: Apex
    operation: str
    rows: Sequence[Row]
    asynchronous: bool

    @property
    def event(self) -> str:
        """The event of the trigger, such as `AfterInsert`."""
        return _EVENTS[self.operation]


def verdict(fired: Fired, limits: ApexLimits, rules: ObjectRules) -> RowFault | None:
    """Return the error with which a trigger ends its whole transaction, or None."""
    apex, count = fired.apex, len(fired.rows)
    thrown = next((one.message for one in rules.exceptions for row in fired.rows if one.test(row)), None)
    if thrown is not None:
        return exception(fired, thrown)
    soql = limits.soql_bulk if fired.asynchronous else limits.soql
    if math.ceil(count * apex.soql_per_row) > soql:
        return _failure(f"{apex.trigger}: System.LimitException: Too many SOQL queries: {soql + 1}")
    if count * apex.cpu_ms_per_row > (limits.cpu_ms_bulk if fired.asynchronous else limits.cpu_ms):
        return _failure(f"{apex.trigger}: System.LimitException: Apex CPU time limit exceeded")
    return None


def exception(fired: Fired, message: str) -> RowFault:
    """Return the error for an exception that a trigger did not catch."""
    return _failure(f"{fired.apex.trigger}: execution of {fired.event} caused by: {message}")


def lock_met(fired: Fired, lock: RowFault) -> RowFault:
    """Return the error for a locked parent that a trigger tried to update."""
    first = f"First exception on row 0 with id {fired.rows[0][0]}; first error: {lock.code}, {lock.message}: []"
    return exception(fired, f"System.DmlException: Update failed. {first}")


def _failure(message: str) -> RowFault:
    return RowFault("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


class Concurrency:
    """A counter of the calls that currently run triggers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running = 0

    def enter(self, most: int | None) -> bool:
        """Count a call that starts to run triggers. Return False if too many already do."""
        with self._lock:
            if most is not None and self._running >= most:
                return False
            self._running += 1
            return True

    def leave(self) -> None:
        """Count a call that stopped running triggers."""
        with self._lock:
            self._running -= 1
