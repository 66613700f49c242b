"""Build the ledger of a run that has not ended, from what the journal knows of its rows and from its frozen plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.outcome import Outcome
from connector_sdk.engines.sql import database, file, names, text
from connector_sdk.files.private import make_file, temporary_folder
from connector_sdk.planning.diff.decided import read_decided_lines
from connector_sdk.state.folder import StateFolder
from connector_sdk.state.journal import Journal
from connector_sdk.state.ledger import LEDGER_SCHEMA, combine_tables, write_ledger
from connector_sdk.state.plan_file import FILE
from connector_sdk.state.records import BatchState, JournalledBatch

_SAID = {
    Code.NOT_SENT: "it was not sent yet",
    Code.IN_FLIGHT: "it was sent, and its answer is not there yet",
}
_ROWS = 65_536


@frozen
class _Waiting:
    """Rows from `start` to `stop` that have no outcome yet. `batch` is the index of their batch among the open ones."""

    start: int
    stop: int
    batch: int


def open_ledger(
    folder: StateFolder, journal: Journal, run: str, columns: Sequence[str], wanted: Mapping[str, str | None]
) -> pa.RecordBatchReader:
    """Return the ledger of a run that has not ended, in the order of the plan: `columns` of the rows that are `wanted`.

    Rows without an outcome are unprocessed. If the frozen plan is lost, these rows have no key, and rows that were
    decided while planning have no line.
    """
    with temporary_folder("connector-rows-") as place, database(place) as connection:
        unsorted, ordered = place / "unsorted.parquet", place / "ordered.parquet"
        lines = _all_lines(folder.plan(run) / FILE, journal, run)
        write_ledger(unsorted, combine_tables(_filter_lines(each, wanted) for each in lines))
        select = f'select {names(columns)} from {file(unsorted)} order by "row"'
        make_file(ordered)
        connection.execute(f"copy ({select}) to {text(str(ordered))} (format parquet, use_tmp_file false)")
        reader = pq.ParquetFile(pa.OSFile(str(ordered)))  # an open file can still be read after it is deleted
    return pa.RecordBatchReader.from_batches(reader.schema_arrow, reader.iter_batches(_ROWS))


def _all_lines(plan: Path, journal: Journal, run: str) -> Iterator[pa.Table]:
    batches = [each for each in journal.batches(run) if each.state is not BatchState.DONE]
    yield from journal.outcomes(run)
    if plan.exists():
        yield from read_decided_lines(plan)
        yield from _read_pending_lines(plan, batches)
    else:
        yield from _nameless_lines(batches)


def _filter_lines(lines: pa.Table, wanted: Mapping[str, str | None]) -> pa.Table:
    for column, value in wanted.items():
        if value is not None:
            lines = lines.filter(pc.equal(lines.column(column), value))
    return lines


def _read_pending_lines(plan: Path, batches: Sequence[JournalledBatch]) -> Iterator[pa.Table]:
    """Yield the rows of open batches, one part of the plan at a time."""
    waiting = _sort_ranges(batches)
    next_, first = 0, 0
    for part in pq.ParquetFile(plan).iter_batches(_ROWS, columns=["key", "record_id"]):
        end = first + part.num_rows
        found: list[_Waiting] = []
        while next_ < len(waiting) and waiting[next_].start < end:
            found.append(waiting[next_])
            if waiting[next_].stop > end:
                break
            next_ += 1
        if found:
            rows, places = _places(found, first, end)
            known = part.take(pc.subtract(rows, first))
            yield _lines(batches, rows, places, known.column("key"), known.column("record_id"), "")
        first = end


def _nameless_lines(batches: Sequence[JournalledBatch]) -> Iterator[pa.Table]:
    for each in _sort_ranges(batches):
        rows, places = _places([each], each.start, each.stop)
        nothing = pa.nulls(len(rows), pa.string())
        yield _lines(batches, rows, places, nothing, nothing, "; which row it is, is lost with the frozen plan")


def _sort_ranges(batches: Sequence[JournalledBatch]) -> list[_Waiting]:
    found = (_Waiting(*each, place) for place, batch in enumerate(batches) for each in batch.ranges)
    return sorted(found, key=lambda each: each.start)


def _places(waiting: Sequence[_Waiting], first: int, end: int) -> tuple[pa.Array, pa.Array]:
    """Return the numbers of the waiting rows between `first` and `end`, and the index of the batch of each."""
    spans = [(max(each.start, first), min(each.stop, end), each.batch) for each in waiting]
    rows = pa.concat_arrays([pa.arange(start, stop) for start, stop, _ in spans])
    return rows, pa.concat_arrays([pa.repeat(pa.scalar(batch), stop - start) for start, stop, batch in spans])


def _lines(
    batches: Sequence[JournalledBatch], rows: pa.Array, places: pa.Array, keys: pa.Array, ids: pa.Array, more: str
) -> pa.Table:
    codes = [Code.IN_FLIGHT if each.in_flight else Code.NOT_SENT for each in batches]
    of_batches = {
        "action": [each.action.value for each in batches],
        "object": [each.object_name for each in batches],
        "code": [each.value for each in codes],
        "message": [_SAID[each] + more for each in codes],
        "advice": [EXPLAINED[each].advice for each in codes],
        "batch": [each.number for each in batches],
        "attempts": [each.submitted for each in batches],
        "possible_duplicate": [
            each.repeated and each.submitted > 1 and each.action is Action.CREATE for each in batches
        ],
    }
    columns = {
        "row": rows,
        "key": keys,
        "outcome": pa.repeat(Outcome.UNPROCESSED.value, len(rows)),
        "record_id": ids,
        "fields": pa.nulls(len(rows)),
        **{name: pa.array(values).take(places) for name, values in of_batches.items()},
    }
    return pa.table({each.name: columns[each.name].cast(each.type) for each in LEDGER_SCHEMA})
