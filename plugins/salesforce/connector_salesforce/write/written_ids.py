"""Check the record ids in results: a row counts as written only if its id can belong to its record.

The snapshot decides which records are changed and deleted later. A row with an unusable id may still have been written,
so it is in doubt. If it were sent again, it might create a second record.
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
"""Our code for a row that Salesforce calls written, with an id that cannot belong to its record."""


def with_doubts(org: Org, batch: Batch, result: WriteResult) -> WriteResult:
    """Return the result, with rows in doubt that were written under an id that cannot be theirs.

    An id is unusable if it is missing, does not have the form of an id, or has the prefix of another object. It is also
    unusable if several rows have it, or if an update or a deletion was sent with another id. A merge is not checked,
    because it returns ids that were sent.
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
    """Return a mask of the ids that belong to another row: ids of several written rows, and ids that were not sent."""
    short = pc.utf8_slice_codeunits(ids, 0, SHORT)
    counts = pc.value_counts(short.filter(succeeded).drop_null())
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    mistaken = pc.is_in(short, repeated)
    if batch.action in (Action.UPDATE, Action.DELETE) and batch.record_ids is not None:
        other = pc.not_equal(short, pc.utf8_slice_codeunits(batch.record_ids, 0, SHORT))
        mistaken = pc.or_(mistaken, pc.fill_null(other, True))
    return mistaken


def find_prefix(org: Org, object_name: str) -> str | None:
    """Return the first characters of an object's ids, or None if they cannot be learned now.

    The rows have been written, so a failed call must not hide their results.
    """
    with contextlib.suppress(CallFailed):
        return org.prefix(object_name)
    return None
