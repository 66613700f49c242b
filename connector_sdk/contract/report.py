"""The reports of runs: the counts that must add up, and what observers receive."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.outcome import Outcome


@frozen(kw_only=True)
class RowCounts:
    """Rows of a run. Always: read + removed = unchanged + planned, and planned is the sum of the five outcomes.

    `removed` counts the rows that left the model and that the sync acts on. In mode `all`, it counts what the
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


@frozen(kw_only=True)
class ActionCounts:
    """Records by what was done to them. `deactivated` counts entries removed by replacing a whole list (mode `all`)."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    cleared: int = 0
    merged: int = 0
    deactivated: int = 0


@frozen
class CallCounts:
    """API calls of a run. `remaining` is the rest of the quota as the last response gave it, None if it did not."""

    made: int = 0
    remaining: int | None = None


class ReportState(StrEnum):
    """The state of a run.

    `planning` and `running`: a process works on the run now. `saved`: its plan is kept and was not run yet. `stopped`:
    it could not continue, and its report says why. `interrupted`: its process ended without a report. `finished`: each
    row has its outcome. `abandoned`: it was given up. `not begun`: it ended before it wrote anything, for example
    because it was refused after an interrupted run was finished.
    """

    PLANNING = "planning"
    SAVED = "saved"
    RUNNING = "running"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    NOT_BEGUN = "not begun"


@frozen(kw_only=True)
class CodeCount:
    """The number of rows that ended with one error code, their outcome, and what to do about it."""

    code: str
    outcome: str
    rows: int
    advice: str


@frozen
class BatchCounts:
    """Batches of a run, including those that were split off from others."""

    planned: int = 0
    done: int = 0
    in_flight: int = 0


@frozen(kw_only=True)
class RunReport:
    """The report of one run. `exit` is the exit code of a command that did only this run.

    `started` is when the run began or was resumed (ISO 8601 in UTC). `seconds` is its duration since then, including
    login and planning. `held` counts the rows of the sync that wait for `connector resolve`, including those of
    earlier runs. `in_flight` counts the unprocessed rows that were sent and have no answer yet. `possible_duplicates`
    counts rows that may exist twice, or that may or may not have been created. `codes` are the ten most frequent
    reasons why rows were not accepted. While a run has not ended, rows without an outcome count as unprocessed, and
    the other rows decide `exit`.
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
    """Return a report from its JSON. The JSON of an earlier version may lack some parts."""
    parts: Mapping[str, Any] = {
        "rows": RowCounts(**kept["rows"]),
        "actions": ActionCounts(**kept["actions"]),
        "calls": CallCounts(**kept["calls"]),
        "codes": tuple(CodeCount(**each) for each in kept.get("codes", ())),
        "batches": BatchCounts(**kept.get("batches", {})),
    }
    return RunReport(**{**kept, **parts})


@frozen(kw_only=True)
class RunStart:
    """A run that is about to begin. `at` is ISO 8601 in UTC."""

    run: str
    sync: str
    resumed: bool
    at: str


@frozen(kw_only=True)
class BatchReport:
    """A batch whose rows have outcomes now. `remaining` counts the planned rows of the run that have none yet."""

    run: str
    number: int
    rows: int
    outcomes: Mapping[Outcome, int] = field(factory=dict)
    remaining: int = 0
