"""The context that every step of delivery needs: the destination, the journal, the rows and the retry limits."""

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
from connector_sdk.delivery.batch_size import BatchSizeLimit
from connector_sdk.delivery.concurrency import ConcurrencyLimit
from connector_sdk.delivery.error_cache import ErrorCache
from connector_sdk.delivery.retry import Budget, Pace
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.state.journal import Journal
from connector_sdk.state.plan_file import BatchRows, MatchRule
from connector_sdk.state.records import JournalledBatch


class Rows(Protocol):
    """A reader of a frozen plan's rows, safe to use from any thread."""

    def begin(self, batches: Sequence[JournalledBatch]) -> None:
        """Prepare the rows of a stage; `batches` are its open batches."""
        ...

    def read(self, batch: JournalledBatch) -> BatchRows:
        """Return the rows of a batch."""
        ...

    def columns(self, batch: JournalledBatch, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows of a batch, as they were planned."""
        ...


class Progress:
    """A counter of remaining rows, for observers. The totals at the end come from the ledger."""

    def __init__(self, remaining: int) -> None:
        self._lock = threading.Lock()
        self._remaining = remaining

    def subtract(self, outcomes: Mapping[Outcome, int]) -> int:
        """Subtract finished rows, and return how many remain."""
        with self._lock:
            self._remaining -= sum(outcomes.values())
            return self._remaining


@frozen
class DeliveryContext:
    """Everything that the delivery of one run needs.

    - `anchors_first`: the API anchors a batch before executing it, so a batch without an anchor was not executed.
    - `batch_size`: the most rows in a batch of retried rows.
    - `split_retries`: whether rows that failed for a passing reason are retried in this run.
    - `stop`: whether the run stops, and how long it then waits for answers.
    - `at_least_once`: whether records that may have been created are sent again if the destination cannot tell.
    - `settle_only`: whether nothing is sent, and batches in doubt are only settled. Those of an `unreachable` account
      cannot be.
    - `rekeyed`: whether removals depend on the key's new record being accepted. `refused` has the keys that were not.
    - `taken`: the records of removed rows that another row was written to.
    - `scrub`: the function that takes known secrets out of the destination's texts.
    - `sought`: how rows are matched again; None if they are not.
    - `slots` and `sizes`: the limits on batches in flight and on their rows.
    - `keep`: how each thread holds the sync's lock and the connection while it lives, which may be longer than the run.
    """

    destination: Destination
    connection: Connection
    options: Options
    journal: Journal
    rows: Rows
    knowledge: ErrorCache
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
    sought: MatchRule | None = None
    slots: ConcurrencyLimit = field(factory=ConcurrencyLimit)
    sizes: BatchSizeLimit = field(factory=BatchSizeLimit)
    keep: Callable[[], AbstractContextManager[object]] = nullcontext

    def may_repeat(self, action: Action) -> bool:
        """Return whether to repeat an action that may have been executed. A create is repeated only `at_least_once`."""
        return action is not Action.CREATE or self.at_least_once
