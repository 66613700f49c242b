"""Removals that earlier stages have made unsafe: their records stay although their rows left the model."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.contract.codes import Code
from connector_sdk.contract.outcome import Outcome
from connector_sdk.delivery.context import DeliveryContext
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import JournalledBatch

_WRITTEN = pa.array(["created", "updated"])


@frozen
class Stay:
    """The rows of a batch whose records stay (`kept`, a mask), with their outcome, code and reason."""

    kept: pa.Array
    outcome: Outcome
    code: Code
    reason: str


def find_withheld(context: DeliveryContext, batch: JournalledBatch, rows: BatchRows) -> Stay | None:
    """Return the rows of a batch that are not sent because their records must stay; None if all are sent."""
    if len(context.refused):
        refused = pc.is_in(rows.keys, context.refused)
        if pc.any(refused).as_py():
            reason = "the row was not accepted under its new match value, so its former record stays"
            return Stay(refused, Outcome.UNPROCESSED, Code.NOT_SENT, reason)
    if len(context.taken):
        left = pc.equal(rows.effects, "left")
        taken = pc.and_(left, pc.is_in(_join_names(batch.object_name, rows.record_ids), context.taken))
        if pc.any(taken).as_py():
            reason = "another row of the model was written to this record, so it stays"
            return Stay(pc.fill_null(taken, False), Outcome.SKIPPED, Code.RECORD_KEPT, reason)
    return None


def rejected_keys(context: DeliveryContext, run: str) -> pa.Array:
    """Return the keys of rows that were sent and not accepted."""
    tables = (
        table.filter(pc.not_equal(table.column("outcome"), "succeeded")) for table in context.journal.outcomes(run)
    )
    return pa.concat_arrays([pa.array([], pa.string()), *(each.column("key").combine_chunks() for each in tables)])


def claimed_records(context: DeliveryContext, batches: Sequence[JournalledBatch]) -> pa.Array:
    """Return the records of removed rows, those of `batches`, that another row was written to in this run.

    Only the answer to an upsert by key says which record it wrote to.
    """
    nothing = pa.array([], pa.string())
    if not pc.any(pc.equal(context.rows.columns(batches[0], ["effect"]).column("effect"), "left")).as_py():
        return nothing
    planned = [nothing]
    for batch in batches:
        ids = context.rows.columns(batch, ["record_id"]).column("record_id").combine_chunks()
        planned.append(_join_names(batch.object_name, ids).drop_null())
    left, taken = pa.concat_arrays(planned), [nothing]
    for table in context.journal.outcomes(batches[0].run):
        written = table.filter(pc.is_in(table.column("action"), _WRITTEN)).combine_chunks()
        named = _join_names(written.column("object"), written.column("record_id"))
        taken.append(named.filter(pc.is_in(named, left)))
    return pa.concat_arrays(taken)


def _join_names(object_name: str | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return object and id of each record as one text; null if the id is null."""
    joined = pc.binary_join_element_wise(object_name, ids, "\t")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
