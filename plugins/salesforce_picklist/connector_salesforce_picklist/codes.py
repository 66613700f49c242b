"""The errors of picklist writes: those without a Salesforce code of their own, and those that every API has.

Salesforce reports transient errors in several wordings and under several codes, so the wording decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve
from connector_salesforce import CallFailed
from connector_salesforce import classify as of_salesforce

from connector_sdk import Classification, Executed, Kind, RowError

MANAGED = "CANNOT_MODIFY_MANAGED_OBJECT"
BUSY, NOT_STORED, NOT_WRITABLE = "PICKLIST_BUSY", "PICKLIST_NOT_STORED", "PICKLIST_NOT_WRITABLE"

_PASSING = re.compile(
    "background job|another picklist operation|Someone else is editing|Try (your change )?again later", re.IGNORECASE
)
PAUSES = (5.0, 15.0, 45.0, 120.0, 300.0)
"""Seconds to wait before the next attempt, by the number of the last one."""

_OWN: Mapping[str, Classification] = {
    BUSY: Classification(
        kind=Kind.TRANSIENT,
        executed=Executed.NO,
        cause="Salesforce is working on this picklist in the background, or a user is editing it.",
        advice="Nothing to do: it is tried again. Run again later if it stays so.",
    ),
    NOT_STORED: Classification(
        kind=Kind.FATAL,
        executed=Executed.MAYBE,
        cause="Salesforce accepted the list, but does not show the values as they were sent.",
        advice="Check in Setup whether a user changed them at the same time, and run again.",
    ),
    MANAGED: Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="The picklist came with a managed package, which locked the list or keeps its own values as they are.",
        advice="Keep the package's values and their labels in the model. A list that it has locked takes no others.",
    ),
    NOT_WRITABLE: Classification(
        kind=Kind.REJECTED,
        executed=Executed.NO,
        cause="The list as a whole breaks a rule for picklists.",
        advice="Correct what the message names; connector plan shows all of it.",
    ),
}


def classify(error: RowError | BaseException) -> Classification | None:
    """Classify an error, or return None if it is unknown."""
    if isinstance(error, RowError | CallFailed) and error.code in _OWN:
        known = _OWN[error.code]
        if isinstance(error, CallFailed):
            return evolve(known, executed=error.executed, retry_after=error.retry_after)
        return known
    return of_salesforce(error)


def as_transient(error: CallFailed, attempt: int) -> CallFailed:
    """Return a transient refusal as `PICKLIST_BUSY` with the seconds to wait, and any other error unchanged."""
    if not _PASSING.search(error.message):
        return error
    pause = PAUSES[min(attempt, len(PAUSES)) - 1]
    return CallFailed(BUSY, error.message, error.executed, status=error.status, retry_after=pause)
