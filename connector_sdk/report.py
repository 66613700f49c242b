"""What runs have done: the counts that must add up, and what observers are told."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from connector_sdk.outcome import Outcome


@frozen
class RowCounts:
    """Rows of a run. Always: read + removed = unchanged + planned, and planned is the sum of the five outcomes.

    `removed` counts the rows that left the model and for which the sync does something; in mode `all`, what the
    destination holds and the model does not.
    """

    read: int = 0
    removed: int = 0
    unchanged: int = 0
    planned: int = 0
    succeeded: int = 0
    rejected: int = 0
    skipped: int = 0
    unprocessed: int = 0
    unknown: int = 0


@frozen
class ActionCounts:
    """What was done, in records. `deactivated` counts what left a list that was replaced as a whole (mode `all`)."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    cleared: int = 0
    merged: int = 0
    deactivated: int = 0


@frozen
class CallCounts:
    """API calls of a run; `remaining` is what the last answer said is left of the quota, None if it did not."""

    made: int = 0
    remaining: int | None = None


@frozen
class RunReport:
    """One run, finished or stopped. `exit` is the code with which a command that did only this run would end."""

    run: str
    sync: str
    resumed: bool
    state: str
    exit: int
    rows: RowCounts
    actions: ActionCounts
    calls: CallCounts
    seconds: float
    message: str = ""


@frozen
class RunStart:
    """A run that is about to begin. `at` is ISO 8601 in UTC."""

    run: str
    sync: str
    resumed: bool
    at: str


@frozen
class BatchReport:
    """A batch whose rows have outcomes now; `remaining` counts planned rows of the run that have none yet."""

    run: str
    number: int
    rows: int
    outcomes: Mapping[Outcome, int] = field(factory=dict)
    remaining: int = 0
