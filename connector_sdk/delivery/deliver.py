"""The delivery of one batch: record the intent, write, record the outcomes, and handle a failure of the whole batch."""

from __future__ import annotations

import logging

from attrs import define, evolve, field

from connector_sdk.contract.batch import Action
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConnectorError, NotExecuted, RunStopped, Stale
from connector_sdk.contract.outcome import NOT_EXECUTED, Executed, Kind, Unknown, WriteResult
from connector_sdk.delivery.attempt import BatchAttempt
from connector_sdk.delivery.context import DeliveryContext
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
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import BatchState, JournalledBatch

log = logging.getLogger(__name__)


def deliver(context: DeliveryContext, batch: JournalledBatch) -> tuple[JournalledBatch, ...]:
    """Send a batch and record its outcomes; return the batches that its retried rows went into.

    Raises `RunStopped` when the run cannot continue. The resumed run then settles the batch.
    """
    if context.settle_only:
        return _settle_abandoned(context, batch)
    size = context.sizes.too_large(batch.rows)
    if size is not None and batch.state is BatchState.PLANNED and batch.action not in (Action.REPLACE, Action.MERGE):
        return context.journal.record(batch, LEDGER_SCHEMA.empty_table(), cut(batch, size))
    if batch.round:
        pause = context.pace.backoff(batch.round)
        log.info("Rows that failed are tried again (try %d) in %.2f s: %s", batch.round + 1, pause, batch.label)
        context.stop.wait(pause)
    sending = _Sending(context, batch, context.rows.read(batch))
    stay = find_withheld(context, batch, sending.rows)
    if stay is not None:
        return record_withheld(context, batch, sending.rows, stay)
    if sending.rows.missing is not None:
        return reject_orphans(context, batch, sending.rows, sending.rows.missing)
    try:
        answer = call_with_retry(sending.send_or_settle, batch.label, context.pace, context.budget, sending.wait)
    except Failure as failure:
        return _handle_failure(sending, failure)
    if isinstance(answer, Unknown):
        return record_unknown(context, sending.batch, sending.rows, answer)
    return record_results(context, sending.batch, sending.rows, answer)


@define
class _Sending:
    """A batch that is being sent. `doubt`: this process or an earlier one may have executed it already."""

    context: DeliveryContext
    batch: JournalledBatch
    rows: BatchRows
    doubt: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.doubt = self.batch.state is BatchState.SENDING

    def send_or_settle(self) -> WriteResult | Unknown:
        """Settle the batch if it is in doubt, or send it; raises `Failure` when neither gives an answer."""
        with self.context.slots.one(self.context.stop.halted):
            try:
                return self._answer()
            except Failure as failure:
                if failure.classification.overloaded:
                    self.context.slots.halve()
                raise

    def wait(self, seconds: float) -> None:
        """Sleep before the next try.

        Once the run stops, only a batch with an anchor gets another try, because the destination can be asked about it.
        """
        stop = self.context.stop
        asks = self.doubt and self.context.journal.anchors(self.batch.run, self.batch.number)
        (stop.wait_for_answer if asks else stop.wait)(seconds)

    def _answer(self) -> WriteResult | Unknown:
        if self.doubt:
            settled = settle(self.context, self.batch, self.rows, self.batch.attempts)
            if settled is NOT_EXECUTED:
                self._record_not_executed()
            elif isinstance(settled, WriteResult) or not self.context.may_repeat(self.batch.action):
                assert isinstance(settled, WriteResult | Unknown)
                return settled
        return self._send()

    def _record_not_executed(self) -> None:
        self.batch = self.context.journal.not_executed(self.batch)
        self.doubt = False

    def _send(self) -> WriteResult:
        context = self.context
        context.stop.check()
        self.batch = context.journal.intend(self.batch, repeated=self.doubt)
        self.doubt = True
        attempt = BatchAttempt(context, self.batch, self.batch.attempts)
        crashpoint("before write_batch")
        try:
            result = context.destination.write_batch(context.connection, self.rows.batch, context.options, attempt)
        except (ConnectorError, Stale):
            raise
        except Exception as error:
            raise self._failure(error) from error
        crashpoint("after write_batch")
        return result

    def _failure(self, error: Exception) -> Failure:
        if isinstance(error, NotExecuted):
            known = self.context.knowledge.of_row(error.code, error.message, self.batch.action)
            after = known.retry_after if error.retry_after is None else error.retry_after
            classification = evolve(known, executed=Executed.NO, retry_after=after)
            failure = Failure(error.code, error.message, classification, split=error.split)
        else:
            classification = self.context.knowledge.of_exception("write_batch", error)
            failure = Failure(type(error).__name__, str(error), classification)
        if classification.executed is Executed.NO:
            self._record_not_executed()
        return failure


def _settle_abandoned(context: DeliveryContext, batch: JournalledBatch) -> tuple[JournalledBatch, ...]:
    """Find out what became of a batch, as far as that can be learned now, and send nothing."""
    rows = context.rows.read(batch)
    if not batch.in_flight:
        return record_unprocessed(context, batch, rows, "the run was abandoned")
    anchored = bool(context.journal.anchors(batch.run, batch.number))
    if batch.state is not BatchState.SENDING or not (anchored or context.anchors_first):
        return record_unknown(context, batch, rows, _BEFORE_THE_END)
    if anchored and context.unreachable:
        return record_unknown(context, batch, rows, Unknown("It was sent to another account, which is out of reach."))
    try:
        answer = call_with_retry(
            lambda: settle(context, batch, rows, batch.attempts), f"the answer to {batch.label}",
            context.pace, context.budget, context.stop.wait_for_answer,
        )  # fmt: skip
    except (Failure, RunStopped) as error:
        return record_unknown(
            context, batch, rows, Unknown(f"The destination could not say what became of it: {error}")
        )
    if isinstance(answer, WriteResult):
        return record_results(context, batch, rows, answer)
    if isinstance(answer, Unknown):
        return record_unknown(context, batch, rows, answer)
    batch = context.journal.not_executed(batch)
    if batch.repeated:
        return record_unknown(context, batch, rows, _BEFORE_THE_END)
    return record_unprocessed(context, batch, rows, "the run was abandoned")


_BEFORE_THE_END = Unknown("The answer was lost before the run was abandoned.")


def _handle_failure(sending: _Sending, failure: Failure) -> tuple[JournalledBatch, ...]:
    """Stop the run, split the batch to find the row to blame, or record that its rows were rejected."""
    if failure.classification.kind is Kind.FATAL and not failure.split:
        advice = failure.classification.advice or failure.classification.cause
        hint = advice or "see the calls of this run"
        raise RunStopped(f"{failure.code}: {failure.message}", hint=hint) from failure.__cause__
    batch = sending.batch
    if batch.rows > 1 and batch.action is not Action.REPLACE:
        return sending.context.journal.record(batch, LEDGER_SCHEMA.empty_table(), split_in_half(batch))
    if failure.classification.executed is Executed.NO:
        batch = evolve(batch, submitted=batch.submitted + 1)  # the refusal is the row's outcome
    return record_rejected(sending.context, batch, sending.rows, failure)
