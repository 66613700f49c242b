"""Parse the results of a Bulk batch as columns, and check them before other code trusts them.

Bulk API Developer Guide, "Handle Failed Records in Batches": one line per row, in the order of the rows.
"""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_salesforce.write import csv_files
from connector_salesforce.write.cells import join_chunks
from connector_salesforce.write.csv_files import DamagedError
from connector_salesforce.write.row_errors import parse_errors, without_empty
from connector_sdk import RowStatus, WriteResult

_COLUMNS = ("Id", "Success", "Created", "Error")


class ResultsError(ValueError):
    """Results that are damaged, or are not those of the batch."""


@frozen(eq=False)
class Written:
    """What is known of a batch without its results: how many rows it has, and the record ids that were sent.

    `failed` is how many rows failed according to the job, or None if it does not say.
    """

    rows: int
    ids: pa.StringArray | None = None
    failed: int | None = None


def results_of(body: bytes, written: Written) -> WriteResult:
    """Return the results in the result file of a batch. Raises `ResultsError` if they are not its results.

    No line names its row. If one line is missing and another is doubled, rows would get the results of others. The
    counts and the record ids reveal this.
    """
    result = parse_results(body)
    lines = result.rows
    if lines.num_rows != written.rows:
        raise ResultsError(f"{lines.num_rows} results of {written.rows} rows")
    success = pc.equal(lines.column("status"), RowStatus.SUCCEEDED.value)
    failed = lines.num_rows - (pc.sum(success).as_py() or 0)
    if written.failed is not None and failed != written.failed:
        raise ResultsError(f"{failed} rows failed, and {written.failed} did as the job says")
    ids = lines.column("record_id").filter(success)
    if len(ids.unique()) < len(ids):
        raise ResultsError("two rows succeeded with one record id")
    if written.ids is not None and not _same_ids(ids, written.ids.filter(success)):
        raise ResultsError("a row succeeded with another record id than the one that was sent")
    return result


def parse_results(body: bytes) -> WriteResult:
    """Return the results in a result file. Raises `ResultsError` if any part of it is damaged."""
    table = _table(body)
    success = pc.equal(table["Success"], "true")
    _check(table, success)
    created = pc.equal(table["Created"], "true")
    if pc.all(success, min_count=0).as_py():
        return WriteResult.of(
            pa.repeat(RowStatus.SUCCEEDED.value, len(success)), record_id=table["Id"], created=created
        )
    code, message, fields = parse_errors(table["Error"])
    return WriteResult.of(
        pc.if_else(success, RowStatus.SUCCEEDED.value, RowStatus.FAILED.value),
        record_id=without_empty(table["Id"]),
        created=pc.if_else(success, created, None),
        code=_where_failed(success, code),
        message=_where_failed(success, message),
        fields=_where_failed(success, fields),
    )


def _table(body: bytes) -> dict[str, pa.Array]:
    try:
        pieces = list(csv_files.read(BytesIO(body if body.endswith(b"\n") else body + b"\n"), _COLUMNS))
    except DamagedError as error:
        raise ResultsError(str(error)) from None
    if not pieces and not all(name.encode() in body for name in _COLUMNS):
        raise ResultsError("the file has neither results nor their columns")
    table = pa.Table.from_batches(pieces, schema=pa.schema([(name, pa.string()) for name in _COLUMNS]))
    return {name: join_chunks(table.column(name)) for name in _COLUMNS}


def _check(table: dict[str, pa.Array], success: pa.Array) -> None:
    for name in ("Success", "Created"):
        if not pc.all(pc.is_in(table[name], pa.array(["true", "false"])), min_count=0).as_py():
            raise ResultsError(f"a line whose {name} is neither true nor false")
    named = pc.and_(pc.is_in(pc.binary_length(table["Id"]), pa.array([15, 18])), pc.ascii_is_alnum(table["Id"]))
    if not pc.all(pc.or_(pc.invert(success), named), min_count=0).as_py():
        raise ResultsError("a row succeeded without a record id")


def _where_failed(success: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(success, None, values)


def _same_ids(told: pa.ChunkedArray, sent: pa.Array) -> bool:
    """Return whether ids are equal apart from their check characters, the last three of 18."""
    same = pc.equal(pc.utf8_slice_codeunits(told, 0, 15), pc.utf8_slice_codeunits(sent, 0, 15))
    return bool(pc.all(same, min_count=0).as_py())
