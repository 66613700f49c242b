"""The record ids that writes are answered with: a row counts as written only where its id can be that of its record.

What enters the snapshot decides which records are changed and deleted later. A row whose id cannot be believed may have
been written all the same, so it is in doubt: sent again it might become a second record.
"""

from __future__ import annotations

import contextlib

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import SHORT, impossible_ids
from connector_salesforce.org.org import Org
from connector_sdk import Action, Batch, RowStatus, WriteResult

UNUSABLE = "RECORD_ID_UNUSABLE"
"""Our code for a row that Salesforce calls written, with an id that cannot be that of its record."""


def with_doubts(org: Org, batch: Batch, result: WriteResult) -> WriteResult:
    """The result, in which rows that were written under an id that cannot be theirs are in doubt.

    An id is unusable where it is missing or has no id's form, where records of the object have other ids, where several
    rows were given it, and where it is not the one that an update or a deletion was sent with. A merge is answered with
    ids that were sent.
    """
    if batch.action is Action.MERGE:
        return result
    columns = {name: result.rows.column(name).combine_chunks() for name in result.rows.column_names}
    succeeded = pc.equal(columns["status"], RowStatus.SUCCEEDED.value)
    impossible = impossible_ids(columns["record_id"], find_prefix(org, batch.object_name))
    doubted = pc.and_(
        succeeded, pc.or_(pc.fill_null(impossible, True), _find_mistaken(batch, columns["record_id"], succeeded))
    )
    unusable = pc.or_(doubted, pc.fill_null(impossible, False))
    if not pc.any(unusable).as_py():
        return result
    said = pc.binary_join_element_wise(_SAID, pc.fill_null(columns["record_id"], "none"), "")
    return WriteResult.of(
        pc.if_else(doubted, RowStatus.UNKNOWN.value, columns["status"]),
        record_id=pc.if_else(unusable, None, columns["record_id"]),
        created=pc.if_else(doubted, None, columns["created"]),
        code=pc.if_else(doubted, UNUSABLE, columns["code"]),
        message=pc.if_else(doubted, said, columns["message"]),
        fields=columns["fields"],
    )


_SAID = "Salesforce calls the row written, but the id that it names cannot be that of its record: "


def _find_mistaken(batch: Batch, ids: pa.StringArray, succeeded: pa.BooleanArray) -> pa.BooleanArray:
    """Which ids belong to another row: those of several written rows, and those that were not sent."""
    short = pc.utf8_slice_codeunits(ids, 0, SHORT)
    counts = pc.value_counts(short.filter(succeeded).drop_null())
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    mistaken = pc.is_in(short, repeated)
    if batch.action in (Action.UPDATE, Action.DELETE) and batch.record_ids is not None:
        other = pc.not_equal(short, pc.utf8_slice_codeunits(batch.record_ids, 0, SHORT))
        mistaken = pc.or_(mistaken, pc.fill_null(other, True))
    return mistaken


def find_prefix(org: Org, object_name: str) -> str | None:
    """What ids of an object begin with; None where that cannot be learnt now: the rows have been written."""
    with contextlib.suppress(CallFailed):
        return org.prefix(object_name)
    return None
