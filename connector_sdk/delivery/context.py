"""What every step of writing needs: the destination, the journal, the rows, and how hard to try."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import pyarrow as pa
from attrs import field, frozen

from connector_sdk.contract.batch import Action, Options
from connector_sdk.contract.connection import Connection
from connector_sdk.contract.outcome import Outcome
from connector_sdk.delivery.batch_size import Sizes
from connector_sdk.delivery.concurrency import Slots
from connector_sdk.delivery.error_cache import ErrorKnowledge
from connector_sdk.delivery.retry import Budget, Pace
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.state.journal import Journal
from connector_sdk.state.plan_file import BatchRows, Sought
from connector_sdk.state.records import JournalledBatch


class Rows(Protocol):
    """Reads rows of a frozen plan; safe to use from any thread."""

    def begin(self, batches: Sequence[JournalledBatch]) -> None:
        """Make the rows of a stage ready; `batches` are those of it that are still open."""
        ...

    def read(self, batch: JournalledBatch) -> BatchRows:
        """The rows of a batch."""
        ...

    def columns(self, batch: JournalledBatch, names: Sequence[str]) -> pa.Table:
        """Some columns of the rows of a batch, as they were planned."""
        ...


class Progress:
    """Counts what is done, for observers; the ledger is what counts at the end."""

    def __init__(self, remaining: int) -> None:
        self._lock = threading.Lock()
        self._remaining = remaining

    def finished(self, outcomes: Mapping[Outcome, int]) -> int:
        """Take finished rows off, and answer how many remain."""
        with self._lock:
            self._remaining -= sum(outcomes.values())
            return self._remaining


@frozen
class Writing:
    """Everything that writing a run needs. `batch_size` bounds the batches made of rows that are tried again.

    `anchors_first`: a batch without an anchor was not executed. `at_least_once`: what may have been created is sent
    again where that cannot be told. `stop` says whether the run stops, and how long answers are awaited then. With
    `settle_only` nothing is sent any more: it is just found out what became of batches in doubt, as far as their
    account is not `unreachable`. `rekeyed`: removals
    depend on whether the key's new record was accepted; `refused` has the keys that were not. `taken` has the
    records of rows that left which others were written to. `scrub` takes known secrets out of what a destination
    says. `sought` says how records are looked up again, None where they are not. `slots` bound how many batches
    are under way, `sizes` how many rows they have. Each thread holds the sync's lock and the connection by `keep`
    while it lives, which may be longer than the run.
    """

    destination: Destination
    connection: Connection
    options: Options
    journal: Journal
    rows: Rows
    knowledge: ErrorKnowledge
    observers: Observers
    progress: Progress
    pace: Pace
    budget: Budget
    anchors_first: bool
    batch_size: int
    split_retries: bool
    stop: Stopping
    at_least_once: bool = False
    settle_only: bool = False
    unreachable: bool = False
    rekeyed: bool = False
    refused: pa.Array = field(factory=lambda: pa.array([], pa.string()))
    taken: pa.Array = field(factory=lambda: pa.array([], pa.string()))
    scrub: Callable[[str], str] = str
    sought: Sought | None = None
    slots: Slots = field(factory=Slots)
    sizes: Sizes = field(factory=Sizes)
    keep: Callable[[], AbstractContextManager[object]] = nullcontext

    def may_repeat(self, action: Action) -> bool:
        """Whether an action that may have been executed is repeated: that changes nothing, or the sync wants it."""
        return action is not Action.CREATE or self.at_least_once
