"""Read what the result files of a job say of each row: pair lines with rows, and trust them only if they add up.

Bulk API 2.0 Developer Guide, "Get Job Successful Record Results", "Get Job Failed Record Results", "Get Job Unprocessed
Record Results": the files keep no order, and return the columns as they were sent.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from connector_salesforce.transport.client import Client
from connector_salesforce.write import bulk2_jobs, csv_files
from connector_salesforce.write.bulk2_jobs import JobState
from connector_salesforce.write.cells import Sent, join_cells, join_chunks
from connector_salesforce.write.csv_files import DamagedError
from connector_salesforce.write.numbers import strip_zeros
from connector_salesforce.write.row_errors import parse_errors, without_empty
from connector_sdk import RowStatus, WriteResult

_FILES = {
    "successfulResults": RowStatus.SUCCEEDED,
    "failedResults": RowStatus.FAILED,
    "unprocessedrecords": RowStatus.NOT_EXECUTED,
}
_ID, _CREATED, _ERROR = "sf__Id", "sf__Created", "sf__Error"
_TRUTHS = pa.array(["true", "false"])
_FOUND = pa.schema([(name, pa.string()) for name in ("key", "status", _ID, _CREATED, _ERROR)])


@frozen(eq=False)
class Found:
    """The lines of the result files. `line` is the number of each row's line, or null if there is none to trust."""

    lines: pa.Table
    line: pa.Array

    def count(self, status: RowStatus) -> int:
        """Return how many lines have this status."""
        return int(pc.sum(pc.equal(self.lines.column("status"), status.value)).as_py() or 0)

    @property
    def executed(self) -> int:
        """How many lines belong to rows that were executed, successful or not."""
        return self.count(RowStatus.SUCCEEDED) + self.count(RowStatus.FAILED)

    def is_whole(self, processed: int) -> bool:
        """Return whether rows and lines match one to one, and as many rows were executed as the job says."""
        rows = len(self.line)
        return self.line.null_count == 0 and self.lines.num_rows == rows and self.executed == processed

    def is_possible(self, job: JobState) -> bool:
        """Return whether no more rows succeeded than the job says."""
        return job.failed is None or self.count(RowStatus.SUCCEEDED) <= job.processed - job.failed


def read_results(client: Client, job: str, sent: Sent) -> Found:
    """Return what the files say of the rows. Raises `CallFailed`, and `DamagedError` for a damaged file.

    A file is not read if the files before it have a line for every row.
    """
    pieces: list[pa.RecordBatch] = []
    for name, status in _FILES.items():
        pieces += _read(client, job, name, status, sent)
        if sum(each.num_rows for each in pieces) >= len(sent.keys):
            break
    lines = pa.Table.from_batches(pieces, schema=_FOUND).combine_chunks()
    return Found(lines, _pair_lines(sent.keys, join_chunks(lines.column("key"))))


def results(told: Found, untold: tuple[str, str], unprocessed: tuple[str, str]) -> WriteResult:
    """Return the lines as results, in the order of the rows.

    `untold` is the code and message of rows without a line, and `unprocessed` of rows that were not executed.
    """
    lines = {name: join_chunks(told.lines.column(name)).take(told.line) for name in _FOUND.names if name != "key"}
    status = pc.fill_null(lines["status"], RowStatus.UNKNOWN.value)
    succeeded = pc.equal(status, RowStatus.SUCCEEDED.value)
    code = message = fields = None
    if not pc.all(succeeded).as_py():
        code, message, fields = parse_errors(lines[_ERROR])
        for which, (said, words) in ((RowStatus.UNKNOWN, untold), (RowStatus.NOT_EXECUTED, unprocessed)):
            holds = pc.equal(status, which.value)
            code, message = pc.if_else(holds, said, code), pc.if_else(holds, words, message)
        code, message = pc.if_else(succeeded, None, code), pc.if_else(succeeded, None, message)
        fields = pc.if_else(pc.equal(status, RowStatus.FAILED.value), fields, None)
    return WriteResult.of(
        status,
        record_id=without_empty(lines[_ID]),
        created=pc.if_else(succeeded, pc.equal(lines[_CREATED], "true"), None),
        code=code,
        message=message,
        fields=fields,
    )


def _read(client: Client, job: str, name: str, status: RowStatus, sent: Sent) -> Iterator[pa.RecordBatch]:
    """Yield the lines of a file in pieces.

    Salesforce returns the ids of failed rows since version 53. A job that an earlier version of this plugin filled has
    decimals with trailing zeros.
    """
    needed = {RowStatus.SUCCEEDED: [_ID, _CREATED], RowStatus.FAILED: [_ERROR]}.get(status, [])
    with bulk2_jobs.result(client, job, name) as file:
        for piece in csv_files.read(
            file, [*sent.columns, *needed], [each for each in (_ID, _CREATED, _ERROR) if each not in needed]
        ):
            if (
                status is RowStatus.SUCCEEDED
                and not pc.all(pc.is_in(piece.column(_CREATED), _TRUTHS), min_count=0).as_py()
            ):
                raise DamagedError(f"a line whose {_CREATED} is neither true nor false")
            cells = {each: piece.column(each) for each in sent.columns}
            key = join_cells([strip_zeros(cell) if each in sent.decimals else cell for each, cell in cells.items()])
            columns = [key, pa.repeat(status.value, piece.num_rows)]
            yield pa.record_batch([*columns, *map(piece.column, (_ID, _CREATED, _ERROR))], schema=_FOUND)


def _pair_lines(sent: pa.Array, told: pa.Array) -> pa.Array:
    """Return the line of each row. Rows with the same key are interchangeable, and take its lines in turn.

    If a key has more lines than rows, none of its lines is trusted, because some belong to other rows.
    """
    if len(sent) == len(told):
        line = pc.index_in(sent, value_set=told)
        if not line.null_count and len(line.unique()) == len(line):
            return line
    distinct = sent.unique()
    rows, lines = _number_keys(sent, distinct), _number_keys(told, distinct)
    line = pc.index_in(rows, value_set=lines, skip_nulls=True)
    surplus = told.filter(pc.invert(pc.is_in(lines, value_set=rows)))
    return pc.if_else(pc.is_in(sent, value_set=surplus), None, line) if len(surplus) else line


def _number_keys(keys: pa.Array, distinct: pa.Array) -> pa.Array:
    """Return a number for each key, a new one for each repetition, and null for a key that is not in `distinct`."""
    place = pc.index_in(keys, value_set=distinct).cast(pa.int64())
    if len(place.unique()) == len(place):
        return place
    repetition = pc.subtract(pc.rank(place, tiebreaker="first"), pc.rank(place, tiebreaker="min")).cast(pa.int64())
    return pc.add(pc.multiply(repetition, pa.scalar(len(distinct), pa.int64())), place)
