"""The delivery of a run's batches: several at a time, one stage after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import pyarrow as pa
from attrs import evolve

from connector_sdk.delivery.batch_queue import BatchQueue
from connector_sdk.delivery.context import RunContext, StageContext
from connector_sdk.delivery.deliver import deliver
from connector_sdk.delivery.throttle import ConcurrencyLimit
from connector_sdk.delivery.withhold import find_claimed_records, find_rejected_keys
from connector_sdk.delivery.workers import run_workers
from connector_sdk.state.records import BatchState, JournalledBatch

_LARGE = 5_000
"""The number of rows in a batch from which on its thread returns freed memory to the machine afterwards.

Otherwise Arrow and the system's allocator each keep some memory for every thread.
"""


def deliver_all(run: RunContext, batches: Iterable[JournalledBatch], parallelism: int) -> None:
    """Deliver all batches that have no outcomes yet; a stage starts when the one before it is done.

    With parallelism 1, batches keep row order: a retry is sent before later batches.

    Raises the first error that stopped the run, or `Cancelled` when it was stopped from outside. Before that, answers
    to batches in flight are recorded within a time limit. The resumed run settles what is left.
    """
    run = evolve(run, concurrency=ConcurrencyLimit(parallelism))
    waiting = (batch for batch in batches if batch.state is not BatchState.DONE)
    open_ = sorted(waiting, key=lambda batch: (batch.stage, batch.ranges[0]))
    for _, of_stage in groupby(open_, key=lambda batch: batch.stage):
        run.stop.check()
        stage_batches = tuple(of_stage)
        _deliver_stage(_open_stage(run, stage_batches), stage_batches, parallelism)


def _open_stage(run: RunContext, batches: Sequence[JournalledBatch]) -> StageContext:
    """Return the context of a stage. Stages after the first one depend on what became of rows before them."""
    first = batches[0]
    stage = StageContext(run, run.rows.open_stage(batches))
    if first.stage and run.rekeyed:
        stage = evolve(stage, rejected_keys=find_rejected_keys(run.journal, first.run))
    if first.stage and not run.settle_only:
        stage = evolve(stage, claimed_records=find_claimed_records(run.journal, stage.rows, batches))
    return stage


def _deliver_stage(stage: StageContext, batches: Sequence[JournalledBatch], parallelism: int) -> None:
    queue = BatchQueue(batches, stage.run.stop, in_order=parallelism == 1)

    def work() -> bool:
        batch = queue.take()
        if batch is None:
            return False
        try:
            queue.finish(batch, deliver(stage, batch))
            if batch.rows >= _LARGE:
                pa.default_memory_pool().release_unused()
                pa.system_memory_pool().release_unused()
        except BaseException as error:
            queue.fail(error)
        return True

    run_workers(work, lambda: queue.ready, parallelism, stage.run)
    queue.check()
