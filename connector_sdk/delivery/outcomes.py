"""The outcomes of a batch: what the destination says of its rows becomes lines of the ledger, column by column."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.errors import RunStopped
from connector_sdk.contract.outcome import Outcome, RowStatus, Unknown, WriteResult
from connector_sdk.contract.report import BatchReport
from connector_sdk.delivery.context import BatchDelivery, RunContext
from connector_sdk.delivery.judge import RowVerdict, judge_rows
from connector_sdk.delivery.ledger_lines import table_of, uniform_table
from connector_sdk.delivery.rematch import Rematched, rematch
from connector_sdk.delivery.retry import Failure
from connector_sdk.delivery.split import remaining_batch, retry_batches
from connector_sdk.delivery.withhold import Stay
from connector_sdk.settings.counts import say_count
from connector_sdk.state.counts import count_rows
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import JournalledBatch, NewBatch

log = logging.getLogger(__name__)


def record_results(delivery: BatchDelivery, result: WriteResult) -> tuple[JournalledBatch, ...]:
    """Record the outcomes of a batch, and return new batches for the rows that may still succeed.

    Rows that now match another record are sent to that one. If a row failed in a way that concerns the whole run, this
    records the outcomes and then raises `RunStopped`.
    """
    run, batch, rows = delivery.run, delivery.batch, delivery.rows
    result = _with_left(rows, result)
    if pc.all(pc.equal(result.rows.column("status"), RowStatus.SUCCEEDED.value)).as_py():
        outcomes = pa.repeat(Outcome.SUCCEEDED.value, batch.rows)
        run.batch_sizes.clean(batch.rows)
        return _record(delivery, table_of(batch, rows, result, outcomes, pa.nulls(batch.rows)), ())
    kinds, verdicts = judge_rows(delivery, result)
    outcomes = pa.array([verdict.outcome for verdict in verdicts], pa.string()).take(kinds)
    advice = pa.array([verdict.advice or None for verdict in verdicts], pa.string()).take(kinds)
    table = table_of(batch, rows, result, outcomes, advice)
    moved = _rematch_rows(delivery, kinds, verdicts)
    undecided = _keep_list_whole(batch, pc.is_null(outcomes))
    doubted = pc.and_(undecided, pa.array([verdict.doubted for verdict in verdicts]).take(kinds))
    most = [each.max_rows for each in verdicts if each.max_rows is not None]
    waits = any(each.waits for each in verdicts)
    certain, in_doubt = rows.rows.filter(pc.and_not(undecided, doubted)), rows.rows.filter(doubted)
    repeated = retry_batches(batch, certain, in_doubt, min([run.batch_size, *most]), whole=waits)
    if most and not batch.round and batch.action is not Action.MERGE and pc.all(undecided).as_py():
        run.batch_sizes.lower(repeated[0].rows)
    if repeated:
        table = table.filter(pc.invert(undecided))
        _log_repeats(batch, result, undecided, len(repeated))
    if moved:
        table = _without_moved(batch, rows, table, moved)
    children = _record(delivery, table, (*repeated, *moved.batches))
    for verdict in verdicts:
        if verdict.stop:
            raise RunStopped(verdict.stop, hint=verdict.advice or "see the ledger of this run")
    return children


def _log_repeats(batch: JournalledBatch, result: WriteResult, undecided: pa.BooleanArray, batches: int) -> None:
    """Log why rows are retried in batches of their own."""
    if log.isEnabledFor(logging.INFO):
        codes = {each or "not executed" for each in result.rows.column("code").filter(undecided).unique().to_pylist()}
        rows = pc.sum(undecided).as_py()
        tried, cut = say_count(rows, "row", "rows"), say_count(batches, "batch", "batches")
        log.info("%s of %s tried again in %s: %s", tried, batch.label, cut, ", ".join(sorted(codes)))


def _rematch_rows(delivery: BatchDelivery, kinds: pa.Array, verdicts: Sequence[RowVerdict]) -> Rematched:
    """Match the rows again whose failure says that another record may have replaced theirs."""
    asking = [number for number, each in enumerate(verdicts) if each.rematch]
    return rematch(delivery, pc.is_in(kinds, pa.array(asking, kinds.type))) if asking else Rematched()


def _without_moved(batch: JournalledBatch, rows: BatchRows, table: pa.Table, moved: Rematched) -> pa.Table:
    """Return the outcomes without rows that are sent to another record, and with a reason for those that cannot be."""
    leaving, tables = [moved.rows], []
    for outcome, code, reasons in (
        (Outcome.REJECTED, Code.RECORD_MOVED, moved.unfit),
        (Outcome.SKIPPED, Code.RECORD_KEPT, moved.kept),
    ):
        numbers = pa.array(reasons, pa.int64())
        said = pa.array(reasons.values(), pa.string()).take(pc.index_in(rows.rows, numbers))
        explained = uniform_table(batch, rows, outcome, code, said, _advice(code))
        leaving.append(numbers)
        tables.append(explained.filter(pc.is_valid(said)))
    leaves = pc.is_in(table.column("row"), pa.concat_arrays(leaving))
    return pa.concat_tables([table.filter(pc.invert(leaves)), *tables])


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


def record_unknown(delivery: BatchDelivery, answer: Unknown) -> tuple[JournalledBatch, ...]:
    """Record that the fate of a whole batch cannot be learned."""
    return _record_all(delivery, Outcome.UNKNOWN, Code.ANSWER_LOST, answer.hint, _advice(Code.ANSWER_LOST))


def record_rejected(delivery: BatchDelivery, failure: Failure) -> tuple[JournalledBatch, ...]:
    """Record that the destination refused a batch that cannot be split: one row or a whole list."""
    advice = failure.classification.advice
    return _record_all(delivery, Outcome.REJECTED, failure.code, failure.message, advice)


def record_unprocessed(delivery: BatchDelivery, reason: str) -> tuple[JournalledBatch, ...]:
    """Record that a batch will not be sent."""
    return _record_all(delivery, Outcome.UNPROCESSED, Code.NOT_SENT, reason, _advice(Code.NOT_SENT))


def record_withheld(delivery: BatchDelivery, stay: Stay) -> tuple[JournalledBatch, ...]:
    """Record that the records of some rows stay; return a batch with the other rows."""
    batch, rows = delivery.batch, delivery.rows
    table = uniform_table(batch, rows, stay.outcome, stay.code, stay.reason, _advice(stay.code))
    return _record(delivery, table.filter(stay.kept), remaining_batch(batch, rows.rows.filter(pc.invert(stay.kept))))


def reject_orphans(delivery: BatchDelivery, missing: pa.Array) -> tuple[JournalledBatch, ...]:
    """Record which rows refer to a record that was not made, as `missing` says; return a batch with the other rows."""
    batch, rows = delivery.batch, delivery.rows
    code = Code.PARENT_NOT_WRITTEN if batch.action is Action.MERGE else Code.REFERENCE_NOT_FOUND
    table = uniform_table(batch, rows, Outcome.REJECTED, code, missing, _advice(code))
    alone = pc.is_valid(missing)
    return _record(delivery, table.filter(alone), remaining_batch(batch, rows.rows.filter(pc.invert(alone))))


def _advice(code: Code) -> str:
    return EXPLAINED[code].advice


def _record_all(
    delivery: BatchDelivery, outcome: Outcome, code: str, message: str, advice: str
) -> tuple[JournalledBatch, ...]:
    return _record(delivery, uniform_table(delivery.batch, delivery.rows, outcome, code, message, advice), ())


def _record(delivery: BatchDelivery, table: pa.Table, repeated: Sequence[NewBatch]) -> tuple[JournalledBatch, ...]:
    run, batch = delivery.run, delivery.batch
    clean = _scrub_secrets(run, table)
    counts = count_rows(clean)
    children = run.journal.record(batch, clean, repeated, counts)
    outcomes: Counter[Outcome] = Counter()
    for each in counts:
        outcomes[Outcome(each.outcome)] += each.rows
    remaining = run.progress.subtract(outcomes)
    run.observers.batch_finished(
        BatchReport(
            run=batch.run, number=batch.number, rows=table.num_rows, outcomes=dict(outcomes), remaining=remaining
        )
    )
    return children


def _scrub_secrets(run: RunContext, table: pa.Table) -> pa.Table:
    """Return the outcomes without secrets that the destination repeated in its texts; scrub each distinct text once."""
    for name in _SAID:
        texts = table.column(name).combine_chunks()
        if texts.null_count < len(texts):
            encoded = texts.dictionary_encode()
            clean = pa.array([run.scrub(each) for each in encoded.dictionary.to_pylist()], pa.string())
            table = table.set_column(table.schema.get_field_index(name), name, clean.take(encoded.indices))
    return table


_SAID = ("code", "message", "fields", "advice")
