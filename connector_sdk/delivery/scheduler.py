"""The delivery of a run's batches: several at a time, one stage after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import pyarrow as pa
from attrs import evolve

from connector_sdk.delivery.batch_queue import BatchQueue
from connector_sdk.delivery.concurrency import ConcurrencyLimit
from connector_sdk.delivery.context import DeliveryContext
from connector_sdk.delivery.deliver import deliver
from connector_sdk.delivery.withhold import claimed_records, rejected_keys
from connector_sdk.delivery.workers import run_workers
from connector_sdk.state.records import BatchState, JournalledBatch

_LARGE = 5_000
"""The number of rows in a batch from which on its thread returns freed memory to the machine afterwards.

Otherwise Arrow and the system's allocator each keep some memory for every thread.
"""


def deliver_all(context: DeliveryContext, batches: Iterable[JournalledBatch], parallelism: int) -> None:
    """Deliver all batches that have no outcomes yet; a stage starts when the one before it is done.

    With parallelism 1, batches keep row order: a retry is sent before later batches.

    Raises the first error that stopped the run, or `Cancelled` when it was stopped from outside. Before that, answers
    to batches in flight are recorded within a time limit. The resumed run settles what is left.
    """
    context = evolve(context, slots=ConcurrencyLimit(parallelism))
    waiting = (each for each in batches if each.state is not BatchState.DONE)
    open_ = sorted(waiting, key=lambda each: (each.stage, each.ranges[0]))
    for number, stage in groupby(open_, key=lambda each: each.stage):
        context.stop.check()
        batches_ = tuple(stage)
        if number and context.rekeyed:
            context = evolve(context, refused=rejected_keys(context, batches_[0].run))
        context.rows.begin(batches_)
        if number and not context.settle_only:
            context = evolve(context, taken=claimed_records(context, batches_))
        _deliver_stage(context, batches_, parallelism)


def _deliver_stage(context: DeliveryContext, batches: Sequence[JournalledBatch], parallelism: int) -> None:
    queue = BatchQueue(batches, context.stop, in_order=parallelism == 1)

    def work() -> bool:
        batch = queue.take()
        if batch is None:
            return False
        try:
            queue.finish(batch, deliver(context, batch))
            if batch.rows >= _LARGE:
                pa.default_memory_pool().release_unused()
                pa.system_memory_pool().release_unused()
        except BaseException as error:
            queue.fail(error)
        return True

    run_workers(work, lambda: queue.ready, parallelism, context)
    queue.check()
