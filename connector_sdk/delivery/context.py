"""What the steps of delivery work with: the context of the run, that of the stage, and the batch on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import pyarrow as pa
from attrs import define, field, frozen

from connector_sdk.contract.batch import Action, Options
from connector_sdk.contract.connection import Connection
from connector_sdk.contract.outcome import Outcome
from connector_sdk.delivery.error_cache import ErrorCache
from connector_sdk.delivery.retry import Budget, Pace
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.delivery.throttle import BatchSizeLimit, ConcurrencyLimit
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import Observers
from connector_sdk.state.journal import Journal
from connector_sdk.state.plan_file import BatchRows, MatchRule
from connector_sdk.state.records import BatchState, JournalledBatch


class StageRows(Protocol):
    """A reader of the rows of a stage, safe to use from any thread."""

    def read(self, batch: JournalledBatch) -> BatchRows:
        """Return the rows of a batch."""
        ...

    def columns(self, batch: JournalledBatch, names: Sequence[str]) -> pa.Table:
        """Return some columns of the rows of a batch, as they were planned."""
        ...


class PlanRows(Protocol):
    """The rows of a frozen plan."""

    def open_stage(self, batches: Sequence[JournalledBatch]) -> StageRows:
        """Prepare the rows of a stage; `batches` are its open batches."""
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
class RunContext:
    """What belongs to the delivery of a whole run.

    - `anchors_first`: the API anchors a batch before executing it, so a batch without an anchor was not executed.
    - `batch_size`: the most rows in a batch of retried rows.
    - `split_retries`: whether rows that failed for a passing reason are retried in this run.
    - `stop`: whether the run stops, and how long it then waits for answers.
    - `at_least_once`: whether records that may have been created are sent again if the destination cannot tell.
    - `settle_only`: whether nothing is sent, and batches in doubt are only settled. Those of an `unreachable` account
      cannot be.
    - `rekeyed`: whether removals depend on the key's new record being accepted.
    - `scrub`: the function that takes known secrets out of the destination's texts.
    - `match_rule`: how rows are matched again; None if they are not.
    - `concurrency` and `batch_sizes`: the limits on batches in flight and on their rows.
    - `keep`: how each thread holds the sync's lock and the connection while it lives, which may be longer than the run.
    """

    destination: Destination
    connection: Connection
    options: Options
    journal: Journal
    rows: PlanRows
    errors: ErrorCache
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
    scrub: Callable[[str], str] = str
    match_rule: MatchRule | None = None
    concurrency: ConcurrencyLimit = field(factory=ConcurrencyLimit)
    batch_sizes: BatchSizeLimit = field(factory=BatchSizeLimit)
    keep: Callable[[], AbstractContextManager[object]] = nullcontext

    def may_repeat(self, action: Action) -> bool:
        """Return whether to repeat an action that may have been executed. A create is repeated only `at_least_once`."""
        return action is not Action.CREATE or self.at_least_once


def _no_texts() -> pa.Array:
    return pa.array([], pa.string())


@frozen
class StageContext:
    """What belongs to one stage of a run.

    `rejected_keys` are the keys of rows that earlier stages sent and that were not accepted. `claimed_records` are the
    records of removed rows to which earlier stages wrote other rows.
    """

    run: RunContext
    rows: StageRows
    rejected_keys: pa.Array = field(factory=_no_texts)
    claimed_records: pa.Array = field(factory=_no_texts)


@define
class BatchDelivery:
    """One batch on its way to the destination, with its rows.

    `batch` is its entry in the journal as it is now. `in_doubt`: this process or an earlier one may have executed it.
    """

    stage: StageContext
    batch: JournalledBatch
    rows: BatchRows
    in_doubt: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.in_doubt = self.batch.state is BatchState.SENDING

    @property
    def run(self) -> RunContext:
        """What belongs to the whole run."""
        return self.stage.run
