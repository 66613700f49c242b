"""The outcomes of a batch: what the destination says of its rows becomes lines of the ledger, column by column."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.errors import RunStopped
from connector_sdk.contract.outcome import Classification, Executed, Kind, Outcome, RowStatus, Unknown, WriteResult
from connector_sdk.contract.report import BatchReport
from connector_sdk.delivery.context import DeliveryContext
from connector_sdk.delivery.ledger_lines import table_of, uniform_table
from connector_sdk.delivery.rematch import Rematched, rematch
from connector_sdk.delivery.retry import Failure
from connector_sdk.delivery.split import remaining_batch, retry_batches
from connector_sdk.delivery.withhold import Stay
from connector_sdk.state.counts import count_rows
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import JournalledBatch, NewBatch

log = logging.getLogger(__name__)

_GONE = {
    Action.DELETE: "It was gone already.",
    Action.UPDATE: "The record is gone; the next run looks for one again.",
    Action.MERGE: "It is gone already, so nothing is left to merge.",
}
"""The advice for a row whose record no longer exists."""

_LOOKED_UP = ["new", "present", "rekeyed"]
"""The effects of rows whose record ids were looked up in this run."""


@frozen
class _Verdict:
    """The verdict on the rows that share a status and a code. Without an outcome, they are retried.

    - `stop`: why the run stops after recording; empty if it continues.
    - `rows_max`: the most rows in one batch when they are retried.
    - `rematch`: match the rows again first. The verdict applies only to rows that still match the same record.
    - `waits`: the destination waits until it accepts the rows, and then accepts all of them.
    - `doubted`: the rows may have been executed.
    """

    outcome: Outcome | None
    advice: str = ""
    stop: str = ""
    rows_max: int | None = None
    rematch: bool = False
    waits: bool = False
    doubted: bool = False


def record_results(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, result: WriteResult
) -> tuple[JournalledBatch, ...]:
    """Record the outcomes of a batch, and return new batches for the rows that may still succeed.

    Rows that now match another record are sent to that one. If a row failed in a way that concerns the whole run, this
    records the outcomes and then raises `RunStopped`.
    """
    result = _with_left(rows, result)
    if pc.all(pc.equal(result.rows.column("status"), RowStatus.SUCCEEDED.value)).as_py():
        outcomes = pa.repeat(Outcome.SUCCEEDED.value, batch.rows)
        context.sizes.clean(batch.rows)
        return _record(context, batch, table_of(batch, rows, result, outcomes, pa.nulls(batch.rows)), ())
    kinds, verdicts = _group_rows(context, batch, rows, result)
    outcomes = pa.array([verdict.outcome for verdict in verdicts], pa.string()).take(kinds)
    advice = pa.array([verdict.advice or None for verdict in verdicts], pa.string()).take(kinds)
    table = table_of(batch, rows, result, outcomes, advice)
    moved = _rematch_rows(context, batch, rows, kinds, verdicts)
    undecided = _keep_list_whole(batch, pc.is_null(outcomes))
    doubted = pc.and_(undecided, pa.array([verdict.doubted for verdict in verdicts]).take(kinds))
    most = [each.rows_max for each in verdicts if each.rows_max is not None]
    waits = any(each.waits for each in verdicts)
    certain, in_doubt = rows.rows.filter(pc.and_not(undecided, doubted)), rows.rows.filter(doubted)
    repeated = retry_batches(batch, certain, in_doubt, min([context.batch_size, *most]), whole=waits)
    if most and not batch.round and batch.action is not Action.MERGE and pc.all(undecided).as_py():
        context.sizes.lower(repeated[0].rows)
    if repeated:
        table = table.filter(pc.invert(undecided))
        _log_repeats(batch, result, undecided, len(repeated))
    if moved:
        table = _without_moved(batch, rows, table, moved)
    children = _record(context, batch, table, (*repeated, *moved.batches))
    for verdict in verdicts:
        if verdict.stop:
            raise RunStopped(verdict.stop, hint=verdict.advice or "see the ledger of this run")
    return children


def _log_repeats(batch: JournalledBatch, result: WriteResult, undecided: pa.BooleanArray, batches: int) -> None:
    """Log why rows are retried in batches of their own."""
    if log.isEnabledFor(logging.INFO):
        codes = {each or "not executed" for each in result.rows.column("code").filter(undecided).unique().to_pylist()}
        rows = pc.sum(undecided).as_py()
        log.info("%d rows of %s go on in %d batches: %s", rows, batch.label, batches, ", ".join(sorted(codes)))


def _rematch_rows(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, kinds: pa.Array, verdicts: Sequence[_Verdict]
) -> Rematched:
    """Match the rows again whose failure says that another record may have replaced theirs."""
    asking = [number for number, each in enumerate(verdicts) if each.rematch]
    return rematch(context, batch, rows, pc.is_in(kinds, pa.array(asking, kinds.type))) if asking else Rematched()


def _without_moved(batch: JournalledBatch, rows: BatchRows, table: pa.Table, moved: Rematched) -> pa.Table:
    """Return the outcomes without rows that are sent to another record, and with a reason for those that cannot be."""
    remaining_batch, tables = [moved.rows], []
    for outcome, code, reasons in (
        (Outcome.REJECTED, Code.RECORD_MOVED, moved.unfit),
        (Outcome.SKIPPED, Code.RECORD_KEPT, moved.kept),
    ):
        numbers = pa.array(reasons, pa.int64())
        said = pa.array(reasons.values(), pa.string()).take(pc.index_in(rows.rows, numbers))
        told = uniform_table(batch, rows, outcome, code, said, _advice(code))
        remaining_batch.append(numbers)
        tables.append(told.filter(pc.is_valid(said)))
    going = pc.is_in(table.column("row"), pa.concat_arrays(remaining_batch))
    return pa.concat_tables([table.filter(pc.invert(going)), *tables])


def _with_left(rows: BatchRows, result: WriteResult) -> WriteResult:
    """Return the result with a line for each value that left the replaced list; these share the fate of the list."""
    left = len(rows.rows) - result.rows.num_rows
    if not left:
        return result
    lines = result.rows
    accepted = lines.num_rows == 0 or pc.index(lines.column("status"), RowStatus.SUCCEEDED.value).as_py() >= 0
    shared = WriteResult.of([RowStatus.SUCCEEDED.value]).rows if accepted else lines.slice(0, 1)
    return WriteResult(pa.concat_tables([lines, *[shared] * left]))


def _keep_list_whole(batch: JournalledBatch, undecided: pa.BooleanArray) -> pa.BooleanArray:
    """Return the mask of rows to retry; of a list that replaces another one, all or none."""
    if batch.action is Action.REPLACE and pc.any(undecided).as_py():
        return pa.repeat(True, len(undecided))
    return undecided


def record_unknown(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, answer: Unknown
) -> tuple[JournalledBatch, ...]:
    """Record that the fate of a whole batch cannot be learned."""
    return _record_all(context, batch, rows, Outcome.UNKNOWN, Code.ANSWER_LOST, answer.hint, _advice(Code.ANSWER_LOST))


def record_rejected(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, failure: Failure
) -> tuple[JournalledBatch, ...]:
    """Record that the destination refused a batch that cannot be split: one row or a whole list."""
    advice = failure.classification.advice
    return _record_all(context, batch, rows, Outcome.REJECTED, failure.code, failure.message, advice)


def record_unprocessed(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, reason: str
) -> tuple[JournalledBatch, ...]:
    """Record that a batch will not be sent."""
    return _record_all(context, batch, rows, Outcome.UNPROCESSED, Code.NOT_SENT, reason, _advice(Code.NOT_SENT))


def record_withheld(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, stay: Stay
) -> tuple[JournalledBatch, ...]:
    """Record that the records of some rows stay; return a batch with the other rows."""
    table = uniform_table(batch, rows, stay.outcome, stay.code, stay.reason, _advice(stay.code))
    return _record(
        context, batch, table.filter(stay.kept), remaining_batch(batch, rows.rows.filter(pc.invert(stay.kept)))
    )


def reject_orphans(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, missing: pa.Array
) -> tuple[JournalledBatch, ...]:
    """Record which rows refer to a record that was not made, as `missing` says; return a batch with the other rows."""
    code = Code.PARENT_NOT_WRITTEN if batch.action is Action.MERGE else Code.REFERENCE_NOT_FOUND
    table = uniform_table(batch, rows, Outcome.REJECTED, code, missing, _advice(code))
    alone = pc.is_valid(missing)
    return _record(context, batch, table.filter(alone), remaining_batch(batch, rows.rows.filter(pc.invert(alone))))


def _advice(code: Code) -> str:
    return EXPLAINED[code].advice


def _group_rows(
    context: DeliveryContext, batch: JournalledBatch, rows: BatchRows, result: WriteResult
) -> tuple[pa.Array, list[_Verdict]]:
    """Group rows by status, code and age of their record ids; return each row's group, and each group's verdict."""
    status = result.rows.column("status").combine_chunks()
    code = pc.fill_null(result.rows.column("code").combine_chunks(), "")
    age = pc.if_else(pc.is_in(rows.effects, pa.array(_LOOKED_UP)), "fresh", "")
    joined = pc.binary_join_element_wise(status, age, code, "\t").dictionary_encode()
    verdicts = []
    for number, each in enumerate(joined.dictionary.to_pylist()):
        first = pc.index(joined.indices, number).as_py()
        message = result.rows.column("message")[first].as_py() or ""
        word, is_fresh, code_text = each.split("\t", 2)
        verdicts.append(_verdict(context, batch, RowStatus(word), code_text, message, is_fresh=bool(is_fresh)))
    return joined.indices, verdicts


def _verdict(
    context: DeliveryContext, batch: JournalledBatch, status: RowStatus, code: str, message: str, *, is_fresh: bool
) -> _Verdict:
    if status is RowStatus.SUCCEEDED:
        return _Verdict(Outcome.SUCCEEDED)
    more = batch.round < context.pace.rounds
    if status is RowStatus.UNKNOWN:
        return _judge_unknown(context, batch, code, message)
    if status is RowStatus.NOT_EXECUTED:
        waits = bool(code) and context.knowledge.of_row(code, message, batch.action).waits
        return _Verdict(None if more or waits else Outcome.UNPROCESSED, waits=waits)
    return _judge_failed(context, batch, code, message, is_fresh=is_fresh)


def _judge_unknown(context: DeliveryContext, batch: JournalledBatch, code: str, message: str) -> _Verdict:
    """Return the verdict on rows that may have been executed: retry them if a repeat is allowed and tries are left."""
    if code:
        known = context.knowledge.of_row(code, message, batch.action)
    else:
        known = Classification(kind=Kind.TRANSIENT, executed=Executed.MAYBE)
    again = context.may_repeat(batch.action) and _may_repeat(context, batch, known)
    return _Verdict(None if again else Outcome.UNKNOWN, known.advice, doubted=True)


def _judge_failed(
    context: DeliveryContext, batch: JournalledBatch, code: str, message: str, *, is_fresh: bool
) -> _Verdict:
    """Return the verdict on rows that failed.

    An update whose record id was looked up in this run never counts as gone: its code is about another record. A
    deletion or a merge may find such a record gone.
    """
    known = context.knowledge.of_row(code, message, batch.action)
    if known.overloaded:
        context.slots.halve()
    doubted = known.executed is Executed.MAYBE
    twice = doubted and not context.may_repeat(batch.action)
    if known.kind is Kind.FATAL:
        stop = f"{code}: {message}"
        return _Verdict(Outcome.UNKNOWN if twice else None, known.advice, stop=stop, doubted=doubted)
    if twice:
        return _Verdict(Outcome.UNKNOWN, _advice(Code.ANSWER_LOST))
    if known.record_gone and batch.action in _GONE and not (is_fresh and batch.action is Action.UPDATE):
        return _Verdict(Outcome.SKIPPED, _GONE[batch.action], rematch=known.rematch)
    if known.kind in (Kind.TRANSIENT, Kind.THROTTLED) and context.split_retries and _may_repeat(context, batch, known):
        return _Verdict(None, rows_max=known.max_retry_rows, doubted=doubted)
    if doubted and batch.action is Action.CREATE:
        return _Verdict(Outcome.UNKNOWN, _advice(Code.ANSWER_LOST))
    return _Verdict(Outcome.REJECTED, known.advice, rematch=known.rematch)


def _may_repeat(context: DeliveryContext, batch: JournalledBatch, known: Classification) -> bool:
    rounds = context.pace.rounds if known.attempts is None else known.attempts - 1
    return batch.round < rounds


def _record_all(
    context: DeliveryContext,
    batch: JournalledBatch,
    rows: BatchRows,
    outcome: Outcome,
    code: str,
    message: str,
    advice: str,
) -> tuple[JournalledBatch, ...]:
    return _record(context, batch, uniform_table(batch, rows, outcome, code, message, advice), ())


def _record(
    context: DeliveryContext, batch: JournalledBatch, table: pa.Table, repeated: Sequence[NewBatch]
) -> tuple[JournalledBatch, ...]:
    clean = _scrub_secrets(context, table)
    counts = count_rows(clean)
    children = context.journal.record(batch, clean, repeated, counts)
    outcomes: Counter[Outcome] = Counter()
    for each in counts:
        outcomes[Outcome(each.outcome)] += each.rows
    remaining = context.progress.subtract(outcomes)
    context.observers.batch_finished(
        BatchReport(
            run=batch.run, number=batch.number, rows=table.num_rows, outcomes=dict(outcomes), remaining=remaining
        )
    )
    return children


def _scrub_secrets(context: DeliveryContext, table: pa.Table) -> pa.Table:
    """Return the outcomes without secrets that the destination repeated in its texts; scrub each distinct text once."""
    for name in _SAID:
        texts = table.column(name).combine_chunks()
        if texts.null_count < len(texts):
            encoded = texts.dictionary_encode()
            clean = pa.array([context.scrub(each) for each in encoded.dictionary.to_pylist()], pa.string())
            table = table.set_column(table.schema.get_field_index(name), name, clean.take(encoded.indices))
    return table


_SAID = ("code", "message", "fields", "advice")
