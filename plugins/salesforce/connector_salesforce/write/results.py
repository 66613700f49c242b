"""Combine the results of the rows that were sent with the refusals of the others, in the order of the rows."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.errors.codes import CONTENT_RULES
from connector_salesforce.write.cells import Lines
from connector_sdk import RowStatus, WriteResult

_REASONS: Mapping[str, str] = {
    "LITERAL_NA": "the text #N/A cannot be written through the Bulk API, which reads it as: clear the field",
    "NULL_REFERENCE": "a reference by key cannot be cleared through the Bulk API in one batch with references by key",
    "NUL_CHARACTER": "the text holds a NUL character, which Salesforce cannot store",
    "RECORD_TOO_LONG": "the row has more than 400,000 characters, the most that the Bulk API takes",
    "NO_VALID_ID": "the value is no Salesforce id, or its check characters (the last three of 18) are wrong",
    "ID_OF_OTHER_OBJECT": "the id is that of a record of another object",
    "MISSING_KEY": "the row has no match value",
    "MISSING_ID": "the row has no record id",
}


def with_unsent(lines: Lines, sent: WriteResult) -> WriteResult:
    """Return the results of all rows of a batch. `sent` has those of the rows in the body, in their order."""
    if lines.count == len(lines.sent):
        return sent
    left_out = pc.invert(lines.sent)
    positions = pa.concat_arrays([pc.indices_nonzero(lines.sent), pc.indices_nonzero(left_out)])
    both = pa.concat_tables([sent.rows, _make_refused_result(lines, left_out).rows])
    return WriteResult(both.take(pc.sort_indices(positions)).combine_chunks())


def same_for_all(count: int, status: RowStatus, code: str, message: str) -> WriteResult:
    """Return the same result for each of `count` rows."""
    return WriteResult.of(
        pa.repeat(status.value, count), code=pa.repeat(code, count), message=pa.repeat(message, count)
    )


def normalize_columns(code: pa.Array, message: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the codes and messages of rows, with this plugin's codes where one of Salesforce's has several meanings.

    The message of such a row begins with Salesforce's own code.
    """
    renamed = code
    for rule in CONTENT_RULES:
        holds = pc.and_(pc.equal(code, rule.code), pc.match_substring(message, rule.text))
        renamed = pc.if_else(pc.fill_null(holds, False), rule.name, renamed)
    moved = pc.fill_null(pc.not_equal(renamed, code), False)
    return renamed, pc.if_else(moved, pc.binary_join_element_wise(code, message, ": "), message)


def _make_refused_result(lines: Lines, left_out: pa.BooleanArray) -> WriteResult:
    codes = lines.codes.filter(left_out)
    names = list(_REASONS)
    said = pa.array(list(_REASONS.values())).take(pc.index_in(codes, pa.array(names)))
    fields, details = lines.fields.filter(left_out), lines.details.filter(left_out)
    said = pc.if_else(pc.equal(details, ""), said, pc.binary_join_element_wise(said, details, ": "))
    return WriteResult.of(pa.repeat(RowStatus.FAILED.value, len(codes)), code=codes, message=said, fields=fields)
