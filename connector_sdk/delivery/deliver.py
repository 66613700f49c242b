"""The delivery of one batch: record the intent, write, record the outcomes, and handle a failure of the whole batch."""

from __future__ import annotations

import logging
import traceback

from attrs import evolve

from connector_sdk.contract.batch import Action
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConnectorError, NotExecuted, RunStopped, Stale
from connector_sdk.contract.outcome import NOT_EXECUTED, Executed, Kind, Unknown, WriteResult
from connector_sdk.delivery.attempt import BatchAttempt
from connector_sdk.delivery.context import BatchDelivery, StageContext
from connector_sdk.delivery.outcomes import (
    record_rejected,
    record_results,
    record_unknown,
    record_unprocessed,
    record_withheld,
    reject_orphans,
)
from connector_sdk.delivery.recover import settle
from connector_sdk.delivery.retry import Failure, call_with_retry
from connector_sdk.delivery.split import cut, split_in_half
from connector_sdk.delivery.withhold import find_withheld
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.records import BatchState, JournalledBatch

log = logging.getLogger(__name__)


def deliver(stage: StageContext, batch: JournalledBatch) -> tuple[JournalledBatch, ...]:
    """Send a batch and record its outcomes; return the batches that its retried rows went into.

    Raises `RunStopped` when the run cannot continue. The resumed run then settles the batch.
    """
    run = stage.run
    if run.settle_only:
        return _settle_abandoned(BatchDelivery(stage, batch, stage.rows.read(batch)))
    size = run.batch_sizes.too_large(batch.rows)
    if size is not None and batch.state is BatchState.PLANNED and batch.action not in (Action.REPLACE, Action.MERGE):
        return run.journal.record(batch, LEDGER_SCHEMA.empty_table(), cut(batch, size))
    if batch.round:
        pause = run.pace.backoff(batch.round)
        log.info("Rows that failed are tried again (try %d) in %.2f s: %s", batch.round + 1, pause, batch.label)
        run.stop.wait(pause)
    delivery = BatchDelivery(stage, batch, stage.rows.read(batch))
    stay = find_withheld(delivery)
    if stay is not None:
        return record_withheld(delivery, stay)
    if delivery.rows.missing is not None:
        return reject_orphans(delivery, delivery.rows.missing)
    try:
        answer = call_with_retry(
            lambda: _send_or_settle(delivery), batch.label, run.pace, run.budget,
            lambda seconds: _wait(delivery, seconds),
        )  # fmt: skip
    except Failure as failure:
        traceback.clear_frames(failure.__traceback__)  # tenacity's frame refers to the failure
        return _handle_failure(delivery, failure)
    if isinstance(answer, Unknown):
        return record_unknown(delivery, answer)
    return record_results(delivery, answer)


def _send_or_settle(delivery: BatchDelivery) -> WriteResult | Unknown:
    """Settle the batch if it is in doubt, or send it; raises `Failure` when neither gives an answer."""
    run = delivery.run
    with run.concurrency.one(run.stop.halted):
        try:
            return _get_answer(delivery)
        except Failure as failure:
            if failure.classification.overloaded:
                run.concurrency.halve()
            raise


def _wait(delivery: BatchDelivery, seconds: float) -> None:
    """Sleep before the next try.

    Once the run stops, only a batch with an anchor gets another try, because the destination can be asked about it.
    """
    run, batch = delivery.run, delivery.batch
    asks = delivery.in_doubt and run.journal.anchors(batch.run, batch.number)
    (run.stop.wait_for_answer if asks else run.stop.wait)(seconds)


def _get_answer(delivery: BatchDelivery) -> WriteResult | Unknown:
    if delivery.in_doubt:
        settled = settle(delivery)
        if settled is NOT_EXECUTED:
            _record_not_executed(delivery)
        elif isinstance(settled, WriteResult) or not delivery.run.may_repeat(delivery.batch.action):
            assert isinstance(settled, WriteResult | Unknown)
            return settled
    return _send(delivery)


def _record_not_executed(delivery: BatchDelivery) -> None:
    delivery.batch = delivery.run.journal.not_executed(delivery.batch)
    delivery.in_doubt = False


def _send(delivery: BatchDelivery) -> WriteResult:
    run = delivery.run
    run.stop.check()
    delivery.batch = run.journal.intend(delivery.batch, repeated=delivery.in_doubt)
    delivery.in_doubt = True
    attempt = BatchAttempt(run, delivery.batch, delivery.batch.attempts)
    crashpoint("before write_batch")
    try:
        result = run.destination.write_batch(run.connection, delivery.rows.batch, run.options, attempt)
    except (ConnectorError, Stale):
        raise
    except Exception as error:
        raise _make_failure(delivery, error) from error
    crashpoint("after write_batch")
    return result


def _make_failure(delivery: BatchDelivery, error: Exception) -> Failure:
    """Return the failure of a batch whose hook raised `error`, and record that nothing was executed if that is so."""
    traceback.clear_frames(error.__traceback__)  # pluggy's frame refers to the error, and would keep the rows
    errors = delivery.run.errors
    if isinstance(error, NotExecuted):
        known = errors.of_row(error.code, error.message, delivery.batch.action)
        after = known.retry_after if error.retry_after is None else error.retry_after
        classification = evolve(known, executed=Executed.NO, retry_after=after)
        failure = Failure(error.code, error.message, classification, split=error.split)
    else:
        classification = errors.of_exception("write_batch", error)
        failure = Failure(type(error).__name__, str(error), classification)
    if classification.executed is Executed.NO:
        _record_not_executed(delivery)
    return failure


def _settle_abandoned(delivery: BatchDelivery) -> tuple[JournalledBatch, ...]:
    """Record what became of a batch of an abandoned run, as far as the destination can tell now. Send nothing.

    Return the batches that its undecided rows went into.
    """
    run, batch = delivery.run, delivery.batch
    if not batch.in_flight:
        return record_unprocessed(delivery, "the run was abandoned")
    anchored = bool(run.journal.anchors(batch.run, batch.number))
    if batch.state is not BatchState.SENDING or not (anchored or run.anchors_first):
        return record_unknown(delivery, _BEFORE_THE_END)
    if anchored and run.unreachable:
        return record_unknown(delivery, Unknown("It was sent to another account, which is out of reach."))
    try:
        answer = call_with_retry(
            lambda: settle(delivery), f"the answer to {batch.label}", run.pace, run.budget, run.stop.wait_for_answer
        )
    except (Failure, RunStopped) as error:
        return record_unknown(delivery, Unknown(f"The destination could not say what became of it: {error}"))
    if isinstance(answer, WriteResult):
        return record_results(delivery, answer)
    if isinstance(answer, Unknown):
        return record_unknown(delivery, answer)
    _record_not_executed(delivery)
    if delivery.batch.repeated:
        return record_unknown(delivery, _BEFORE_THE_END)
    return record_unprocessed(delivery, "the run was abandoned")


_BEFORE_THE_END = Unknown("The answer was lost before the run was abandoned.")


def _handle_failure(delivery: BatchDelivery, failure: Failure) -> tuple[JournalledBatch, ...]:
    """Stop the run, split the batch to find the row to blame, or record that its rows were rejected."""
    if failure.classification.kind is Kind.FATAL and not failure.split:
        advice = failure.classification.advice or failure.classification.cause
        hint = advice or "see the calls of this run"
        raise RunStopped(f"{failure.code}: {failure.message}", hint=hint) from failure.__cause__
    batch = delivery.batch
    if batch.rows > 1 and batch.action is not Action.REPLACE:
        return delivery.run.journal.record(batch, LEDGER_SCHEMA.empty_table(), split_in_half(batch))
    if failure.classification.executed is Executed.NO:
        delivery.batch = evolve(batch, submitted=batch.submitted + 1)  # the refusal is the row's outcome
    return record_rejected(delivery, failure)
