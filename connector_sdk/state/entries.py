"""The entries of the journal, in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from connector_sdk.batch import Action

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
    looked up again, by their numbers: what the plan says of them is out of date.
    """

    stage: int
    object_name: str
    action: Action
    shape: int
    ranges: Ranges
    round: int = 0
    lane: int | None = None
    found: Mapping[int, str] = field(factory=dict)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(stop - start for start, stop in self.ranges)


@frozen
class JournalledBatch:
    """A batch as the journal knows it; `attempts` counts how often it was sent."""

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

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(stop - start for start, stop in self.ranges)


@frozen
class JournalledRun:
    """A run as the journal knows it; `report` is JSON once it has ended or stopped."""

    id: str
    sync: str
    state: RunState
    created: str
    account: str
    config: str
    report: str | None


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


UNNAMED = ""
"""The key under which rows are held together that may be at the destination, while nobody knows which they are."""


@frozen
class Held:
    """A row whose fate is unknown, and where a person can look."""

    key: str
    look: str
