"""The entries of the journal, in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from connector_sdk.contract.batch import Action

Ranges = tuple[tuple[int, int], ...]
"""Rows of a plan, as half-open ranges in rising order."""


class RunState(StrEnum):
    """Where a run is. A run that is `running` without a process is open: it will be resumed."""

    PLANNING = "planning"
    SAVED = "saved"
    RUNNING = "running"
    FINISHED = "finished"
    ABANDONED = "abandoned"


ENDED = frozenset({RunState.FINISHED, RunState.ABANDONED})
"""The states of runs that have a ledger and that nothing happens to any more."""


class BatchState(StrEnum):
    """Where a batch is: `sending` means that it may have been executed."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"


@frozen
class NewBatch:
    """A batch to be journalled: rows of the plan with one object, action and shape.

    `round` counts how often these rows failed for a reason that may pass. Batches of one `lane` are never at the
    destination at the same time; None for those that nothing keeps apart. `found` has the record ids of rows which were
    looked up again, by their numbers: what the plan says of them is out of date. `submitted` counts how often the rows
    were submitted in other batches before; `repeated`: one of these submissions may have been executed, unanswered.
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
        """How many rows it has."""
        return sum(stop - start for start, stop in self.ranges)


@frozen
class JournalledBatch:
    """A batch as the journal knows it; `attempts` counts how often it was about to be sent.

    `submitted` counts how often its rows were handed to the destination, in other batches too, without the attempts
    that certainly executed nothing. `repeated`: they were handed over, or are to be, after a submission that may have
    been executed.
    """

    run: str
    number: int
    stage: int
    object_name: str
    action: Action
    shape: int
    ranges: Ranges
    state: BatchState
    attempts: int
    round: int
    lane: int | None = None
    found: Mapping[int, str] = field(factory=dict)
    submitted: int = 0
    repeated: bool = False

    @property
    def label(self) -> str:
        """What it is called in the log."""
        return f"batch {self.number} of run {self.run} ({self.rows} rows to {self.action} in {self.object_name})"

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def in_flight(self) -> bool:
        """Whether its rows may have been executed, and what became of them is not known."""
        return self.state is BatchState.SENDING or (self.repeated and self.state is BatchState.PLANNED)


@frozen
class JournalledRun:
    """A run as the journal knows it; `report` is JSON once it has ended or stopped.

    `session` names the session that works on it, or that was killed while it did, and `since` says when that took the
    run up. `planned` is what was planned, as JSON; both are None in runs of earlier versions.
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
    """What a sync left behind: its snapshot's file with a checksum, target and fingerprints, and the run that made it.

    `generation` counts the runs that changed it.
    """

    target: Mapping[str, str]
    fingerprints: Mapping[str, str]
    snapshot: str | None
    run: str
    generation: int
    checksum: int | None = None


@frozen
class RemovedRows:
    """Rows that a run removed at the destination, and how many were known before it. `at` is ISO 8601 in UTC."""

    at: str
    rows: int
    known: int


@frozen
class RemovedToday:
    """Rows that runs of the last 24 hours removed at the destination, and how many were known before the first."""

    rows: int = 0
    known: int = 0


@frozen
class CountedRows:
    """How many rows of a batch, or of a run, ended in one and the same way.

    `duplicate`: they may be at the destination twice, since they were sent again without an answer.
    """

    outcome: str
    action: str
    code: str
    advice: str
    duplicate: bool
    rows: int


@frozen
class BatchProgress:
    """How far a batch is: what its rows came to, None where it has no outcomes or was done by an earlier version.

    `first`: it was cut when the run was planned, and is no part of another batch.
    """

    number: int
    state: BatchState
    ranges: Ranges
    repeated: bool
    first: bool
    counts: tuple[CountedRows, ...] | None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def in_flight(self) -> bool:
        """See `JournalledBatch`."""
        return self.state is BatchState.SENDING or (self.repeated and self.state is BatchState.PLANNED)


UNNAMED = ""
"""The key under which rows are held together that may be at the destination, while nobody knows which they are."""


@frozen
class Held:
    """A row whose fate is unknown, and where a person can look; under `UNNAMED`, so many `rows` together."""

    key: str
    look: str
    rows: int = 1
