"""The classes of the journal's entries."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from connector_sdk.contract.batch import Action

Ranges = tuple[tuple[int, int], ...]
"""Rows of a plan, as half-open ranges in ascending order."""


class RunState(StrEnum):
    """The state of a run. A run that is `running` without a process is open: the next run resumes it."""

    PLANNING = "planning"
    SAVED = "saved"
    RUNNING = "running"
    FINISHED = "finished"
    ABANDONED = "abandoned"


ENDED = frozenset({RunState.FINISHED, RunState.ABANDONED})
"""The final states of a run. Such a run has a ledger."""


class BatchState(StrEnum):
    """The state of a batch. `sending` means that the destination may have executed it."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"


@frozen
class NewBatch:
    """A batch before it enters the journal: rows of the plan with one object, action and shape.

    `round` counts how often these rows failed for a transient reason. Batches of one `lane` are never sent at the same
    time; None if the batch may be sent beside any other. `found` maps the numbers of re-matched rows to their record
    ids, which replace those in the plan. `submitted` counts how often the rows were submitted, also in earlier batches,
    except for attempts that certainly executed nothing. `repeated` is true if one of these submissions may have been
    executed although it was not answered.
    """

    stage: int
    object_name: str
    action: Action
    shape: int
    ranges: Ranges
    round: int = 0
    lane: int | None = None
    found: Mapping[int, str] = field(factory=dict)
    submitted: int = 0
    repeated: bool = False

    @property
    def rows(self) -> int:
        """The number of its rows."""
        return sum(stop - start for start, stop in self.ranges)


@frozen
class JournalledBatch(NewBatch):
    """A batch in the journal. `attempts` counts how often it was about to be sent."""

    run: str = field(kw_only=True)
    number: int = field(kw_only=True)
    state: BatchState = field(kw_only=True)
    attempts: int = field(kw_only=True)

    @property
    def label(self) -> str:
        """Its name in the log."""
        return f"batch {self.number} of run {self.run} ({self.rows} rows to {self.action} in {self.object_name})"

    @property
    def in_flight(self) -> bool:
        """Whether its rows may have been executed and have no outcome yet."""
        return self.state is BatchState.SENDING or (self.repeated and self.state is BatchState.PLANNED)


@frozen
class JournalledRun:
    """A run in the journal. `report` is JSON once the run has ended or stopped.

    `session` names the session that works on the run, or that was killed while it did. `since` is when this session
    began to work on it. `planned` has the planned counts as JSON. All three are None in runs of earlier versions.
    """

    id: str
    sync: str
    state: RunState
    created: str
    account: str
    config: str
    report: str | None
    session: str | None = None
    since: str | None = None
    planned: str | None = None


@frozen
class SyncState:
    """The state of a sync after its last run: its snapshot's file and checksum, its target and its fingerprints.

    `run` is the run that wrote this state. `generation` counts the runs that changed it.
    """

    target: Mapping[str, str]
    fingerprints: Mapping[str, str]
    snapshot: str | None
    run: str
    generation: int
    checksum: int | None = None


@frozen
class RemovedRows:
    """How many rows a run removed at the destination, and how many were known before it. `at` is ISO 8601 in UTC."""

    at: str
    rows: int
    known: int


@frozen
class RemovedToday:
    """How many rows the runs of the last 24 hours removed, and how many were known before the first of these runs."""

    rows: int = 0
    known: int = 0


@frozen
class CountedRows:
    """How many rows of a batch or run have the same outcome, action, code and advice.

    `duplicate` is true if the rows may be at the destination twice, because they were sent again after a lost answer.
    """

    outcome: str
    action: str
    code: str
    advice: str
    duplicate: bool
    rows: int


@frozen
class BatchProgress:
    """The progress of a batch. `counts` is None if it has no outcomes, or if an earlier version recorded them.

    `first` is true if the plan made the batch. Other batches take rows of an earlier batch.
    """

    number: int
    state: BatchState
    ranges: Ranges
    repeated: bool
    first: bool
    counts: tuple[CountedRows, ...] | None

    @property
    def rows(self) -> int:
        """The number of its rows."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def in_flight(self) -> bool:
        """Whether its rows may have been executed and have no outcome yet; see `JournalledBatch`."""
        return self.state is BatchState.SENDING or (self.repeated and self.state is BatchState.PLANNED)


UNKNOWN_KEY = ""
"""The key that stands for several held rows if the run cannot know which rows they are."""


@frozen
class HeldRow:
    """A held row. `hint` says where to look for it. Under `UNKNOWN_KEY`, the entry stands for several `rows`."""

    key: str
    hint: str
    rows: int = 1
