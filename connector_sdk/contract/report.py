"""What runs have done: the counts that must add up, and what observers are told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.outcome import Outcome


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


class ReportState(StrEnum):
    """Where a run is.

    `planning` and `running`: a process works on it now. `saved`: a plan that was kept and not run yet. `stopped`: it
    could not go on, and its report says why. `interrupted`: its process ended without a word. `finished`: each row has
    its outcome. `abandoned`: it was given up. `not begun`: it was refused after an interrupted run was finished.
    """

    PLANNING = "planning"
    SAVED = "saved"
    RUNNING = "running"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    NOT_BEGUN = "not begun"


@frozen
class CodeCount:
    """How many rows ended with an error code, as what, and what to do about it."""

    code: str
    outcome: str
    rows: int
    advice: str


@frozen
class BatchCounts:
    """Batches of a run, those that were cut out of others included."""

    planned: int = 0
    done: int = 0
    in_flight: int = 0


@frozen
class RunReport:
    """One run. `exit` is the code with which a command that did only this run would end.

    `started` is when it began or was resumed (ISO 8601 in UTC), and `seconds` what it took from then, login and
    planning included. `held` counts the rows of the sync that wait for `connector resolve`, those of earlier runs too.
    `in_flight` counts rows, among the unprocessed ones, that were sent and have no answer yet.
    `possible_duplicates` counts rows that may be there twice, or of which it cannot be told whether they were created.
    `codes` are the ten most frequent reasons why rows were not accepted. In a run that has not ended, rows without an
    outcome count as unprocessed, and `exit` is what those with one would make it.
    """

    run: str
    sync: str
    resumed: bool
    state: ReportState = field(converter=ReportState)
    exit: int
    rows: RowCounts
    actions: ActionCounts
    calls: CallCounts
    seconds: float
    message: str = ""
    held: int = 0
    in_flight: int = 0
    possible_duplicates: int = 0
    codes: tuple[CodeCount, ...] = ()
    batches: BatchCounts = field(factory=BatchCounts)
    started: str = ""


def report_from(kept: Mapping[str, Any]) -> RunReport:
    """Return a report from its JSON, also from one of an earlier version, which says less."""
    parts: Mapping[str, Any] = {
        "rows": RowCounts(**kept["rows"]),
        "actions": ActionCounts(**kept["actions"]),
        "calls": CallCounts(**kept["calls"]),
        "codes": tuple(CodeCount(**each) for each in kept.get("codes", ())),
        "batches": BatchCounts(**kept.get("batches", {})),
    }
    return RunReport(**{**kept, **parts})


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
