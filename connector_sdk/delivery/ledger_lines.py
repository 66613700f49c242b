"""The lines of the ledger: the outcomes of a batch's rows, column by column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connector_sdk.contract.batch import Action
from connector_sdk.contract.outcome import Outcome, RowStatus, WriteResult
from connector_sdk.contract.plan import Effect
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import JournalledBatch

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.MERGE: "merged",
}

_REPLACED = {
    Effect.NEW: "created",
    Effect.CHANGED: "updated",
    Effect.SAME: "kept",
    Effect.LEFT: "deactivated",
}
"""The action that the ledger reports for each row of a replaced list, by its effect."""

_THERE = pa.array([Effect.CHANGED, Effect.PRESENT, Effect.LEFT], pa.string())
"""The effects of rows whose records are known to exist: writing them twice creates nothing."""


def uniform_table(
    batch: JournalledBatch, rows: BatchRows, outcome: Outcome, code: str, message: str | pa.Array, advice: str
) -> pa.Table:
    """Return the lines of a batch whose rows all end in the same way."""
    count = batch.rows
    messages = pa.repeat(message, count) if isinstance(message, str) else message
    result = WriteResult.of(pa.repeat(RowStatus.FAILED.value, count), code=pa.repeat(code, count), message=messages)
    outcomes = pa.repeat(outcome.value, count)
    return table_of(batch, rows, result, outcomes, pa.array([advice or None], pa.string()).take(pa.repeat(0, count)))


def table_of(
    batch: JournalledBatch, rows: BatchRows, result: WriteResult, outcomes: pa.Array, advice: pa.Array
) -> pa.Table:
    """Return the lines of a batch, made of the destination's answer, the outcomes and the advice."""
    answer = result.rows
    count = batch.rows
    succeeded = pc.fill_null(pc.equal(outcomes, Outcome.SUCCEEDED.value), False)
    duplicates = _possible_duplicates(batch, rows, answer, succeeded)
    columns = {
        "row": rows.rows,
        "key": rows.keys,
        "outcome": outcomes,
        "action": pc.if_else(succeeded, _describe_done(batch.action, rows, answer, duplicates), batch.action.value),
        "object": pa.repeat(batch.object_name, count),
        "record_id": pc.coalesce(answer.column("record_id"), rows.record_ids),
        "code": answer.column("code"),
        "message": answer.column("message"),
        "fields": answer.column("fields"),
        "advice": advice,
        "batch": pa.repeat(pa.scalar(batch.number, pa.int64()), count),
        "attempts": pa.repeat(pa.scalar(batch.submitted, pa.int64()), count),
        "possible_duplicate": duplicates,
    }
    return pa.table([columns[name] for name in LEDGER_SCHEMA.names], schema=LEDGER_SCHEMA)


def _describe_done(action: Action, rows: BatchRows, answer: pa.Table, duplicates: pa.Array) -> pa.Array | pa.Scalar:
    """Return what was done to each row's record if the row succeeded."""
    if action is Action.REPLACE:
        return pa.array(list(_REPLACED.values())).take(
            pc.index_in(rows.effects, pa.array(list(_REPLACED), pa.string()))
        )
    done: pa.Array | pa.Scalar = pa.scalar(_DONE.get(action))
    if action is Action.UPSERT:
        created = answer.column("created").combine_chunks()
        done = pc.fill_null(pc.if_else(created, "created", "updated"), _EITHER)
        done = pc.if_else(duplicates, _EITHER, done)
    if action in (Action.UPSERT, Action.UPDATE):
        return pc.if_else(pc.equal(rows.effects, Effect.LEFT.value), "cleared", done)
    return done


_EITHER = "created or updated"


def _possible_duplicates(
    batch: JournalledBatch, rows: BatchRows, answer: pa.Table, succeeded: pa.BooleanArray
) -> pa.BooleanArray:
    """Return a mask of the rows that were sent again without an answer and may have had their effect twice.

    If the second answer says that it created the record, the first attempt did not. If it says that it updated the
    record, the first attempt may have created it.
    """
    if not batch.repeated or batch.submitted < 2 or batch.action not in (Action.CREATE, Action.UPSERT):
        return pa.repeat(False, batch.rows)
    if batch.action is Action.CREATE:
        return pa.repeat(True, batch.rows)
    created = pc.fill_null(answer.column("created").combine_chunks(), False)
    return pc.and_(succeeded, pc.invert(pc.or_(created, pc.is_in(rows.effects, _THERE))))
