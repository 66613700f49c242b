"""Describe a reference that Salesforce could not resolve in the core's words: by object, field and value.

Salesforce's message follows in parentheses. If several records have one key, that message names no object, but its ids
show which one.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connector_salesforce.org.org import Org
from connector_salesforce.write.cells import ID, text_of
from connector_salesforce.write.written_ids import find_prefix
from connector_sdk import Action, Batch, Column, WriteResult

_NOT_FOUND, _AMBIGUOUS = "REFERENCE_NOT_FOUND", "REFERENCE_AMBIGUOUS"
_SEVERAL = "DUPLICATE_EXTERNAL_ID"

_WORDS = r"(?s)^.*Foreign key external ID: (.*) not found for field (\w+) in entity (\w+).*$"
_SAID = r"Reference not found: \3 whose \2 is \1 (\0)"

_IDS = r"(?s)\[(?P<ids>{prefix}[^\]]*)\]"


def with_reference_errors(org: Org, batch: Batch, result: WriteResult) -> WriteResult:
    """Return the result with the core's words for references that were not found, or found more than once."""
    codes = pc.unique(result.rows.column("code")).to_pylist()
    if _NOT_FOUND in codes:
        result = _not_found(result)
    if _SEVERAL in codes:
        for number, column in enumerate(batch.columns):
            if column.by is not None and column.by.field != ID:
                result = _several(org, batch, result, column, number)
    return result


def _not_found(result: WriteResult) -> WriteResult:
    code, message = _column(result, "code"), _column(result, "message")
    words = pc.replace_substring_regex(message, _WORDS, _SAID)
    return _with(result, code, pc.if_else(pc.equal(code, _NOT_FOUND), words, message))


def _several(org: Org, batch: Batch, result: WriteResult, column: Column, number: int) -> WriteResult:
    """Return the result with new words for rows whose message has ids of the object that a column refers to.

    In an upsert, an id of the batch's own object may mean the row's own key. The result stays as it is then.
    """
    assert column.by is not None
    prefix = find_prefix(org, column.by.object_name)
    if prefix is None or (column.by.object_name == batch.object_name and batch.action is Action.UPSERT):
        return result
    code, message = _column(result, "code"), _column(result, "message")
    ids = pc.struct_field(pc.extract_regex(message, _IDS.format(prefix=prefix)), "ids")
    concerned = pc.fill_null(pc.and_(pc.equal(code, _SEVERAL), pc.is_valid(ids)), False)
    start = f"there are several {column.by.object_name} whose {column.by.field} is "
    value = pc.fill_null(text_of(batch.rows.column(number)), "")
    words = pc.binary_join_element_wise(start, value, ": ", ids, f" ({_SEVERAL}: ", message, ")", "")
    return _with(result, pc.if_else(concerned, _AMBIGUOUS, code), pc.if_else(concerned, words, message))


def _column(result: WriteResult, name: str) -> pa.Array:
    return result.rows.column(name).combine_chunks()


def _with(result: WriteResult, code: pa.Array, message: pa.Array) -> WriteResult:
    columns = dict(zip(result.rows.column_names, result.rows.columns, strict=True)) | {"code": code, "message": message}
    return WriteResult(pa.Table.from_arrays(list(columns.values()), schema=result.rows.schema))
