"""Removals that earlier stages have made unsafe: their records stay although their rows left the model."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_sdk.contract.codes import Code
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.plan import Effect
from connector_sdk.delivery.context import BatchDelivery, StageRows
from connector_sdk.state.journal import Journal
from connector_sdk.state.records import JournalledBatch

_WRITTEN = pa.array(["created", "updated"])


@frozen
class Stay:
    """The rows of a batch whose records stay (`kept`, a mask), with their outcome, code and reason."""

    kept: pa.Array
    outcome: Outcome
    code: Code
    reason: str


def find_withheld(delivery: BatchDelivery) -> Stay | None:
    """Return the rows of a batch that are not sent because their records must stay; None if all are sent."""
    stage, rows = delivery.stage, delivery.rows
    if len(stage.rejected_keys):
        rejected = pc.is_in(rows.keys, stage.rejected_keys)
        if pc.any(rejected).as_py():
            reason = "the row was not accepted under its new match value, so its former record stays"
            return Stay(rejected, Outcome.UNPROCESSED, Code.NOT_SENT, reason)
    if len(stage.claimed_records):
        records = _join_names(delivery.batch.object_name, rows.record_ids)
        claimed = pc.and_(pc.equal(rows.effects, Effect.LEFT.value), pc.is_in(records, stage.claimed_records))
        if pc.any(claimed).as_py():
            reason = "another row of the model was written to this record, so it stays"
            return Stay(pc.fill_null(claimed, False), Outcome.SKIPPED, Code.RECORD_KEPT, reason)
    return None


def find_rejected_keys(journal: Journal, run: str) -> pa.Array:
    """Return the keys of rows that were sent and not accepted."""
    tables = (table.filter(pc.not_equal(table.column("outcome"), "succeeded")) for table in journal.outcomes(run))
    return pa.concat_arrays([pa.array([], pa.string()), *(each.column("key").combine_chunks() for each in tables)])


def find_claimed_records(journal: Journal, rows: StageRows, batches: Sequence[JournalledBatch]) -> pa.Array:
    """Return the records of removed rows, those of `batches`, that another row was written to in this run.

    Only the answer to an upsert by key says which record it wrote to.
    """
    nothing = pa.array([], pa.string())
    if not pc.any(pc.equal(rows.columns(batches[0], ["effect"]).column("effect"), Effect.LEFT.value)).as_py():
        return nothing
    planned = [nothing]
    for batch in batches:
        ids = rows.columns(batch, ["record_id"]).column("record_id").combine_chunks()
        planned.append(_join_names(batch.object_name, ids).drop_null())
    left, claimed = pa.concat_arrays(planned), [nothing]
    for table in journal.outcomes(batches[0].run):
        written = table.filter(pc.is_in(table.column("action"), _WRITTEN)).combine_chunks()
        named = _join_names(written.column("object"), written.column("record_id"))
        claimed.append(named.filter(pc.is_in(named, left)))
    return pa.concat_arrays(claimed)


def _join_names(object_name: str | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return object and id of each record as one text; null if the id is null."""
    joined = pc.binary_join_element_wise(object_name, ids, "\t")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
