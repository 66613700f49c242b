"""Ask the destination for record ids: those of the rows themselves, and those of the records that they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.codes import Code
from connector_sdk.engines.changes import freeze
from connector_sdk.engines.embedded import file, name, text
from connector_sdk.planning.mapping import Lookup, Mapped
from connector_sdk.planning.request import PlanRequest
from connector_sdk.planning.verdicts import (
    Verdict,
    verdict_columns,
)
from connector_sdk.spec import Mode

VALUES = 10_000
"""How many distinct values are looked up in one call of `match`."""

Match = Callable[[str, str, pa.Array], pa.Table]
"""Asks the destination: object, field and values to an Arrow table with `MATCH_SCHEMA`."""


@frozen
class _Question:
    """Rows that need a record id: `asks` is SQL that is true for them, `by` the column with what is looked for.

    `filled` is the column that takes the id, `with_` SQL for its new value. `missing` and `several` decide the rows
    for which there is no id, or no single one.
    """

    lookup: Lookup
    by: str
    asks: str
    filled: str
    with_: str
    missing: Verdict
    several: Verdict


def look_up(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: Mapped, changes: Path, match: Match
) -> Path:
    """Fill in the record ids that the destination knows; rows for which there is none are decided.

    Answers the file of the completed changes, `changes` itself when nothing had to be looked up.
    """
    for number, question in enumerate(_questions(request, mapped)):
        answers = request.folder / f"records-{number}.parquet"
        _ask(connection, question, changes, answers, match)
        completed = request.folder / f"completed-{number}.parquet"
        freeze(connection, _completed(question, changes, answers), completed)
        changes = completed
    return changes


def _questions(request: PlanRequest, mapped: Mapped) -> Iterator[_Question]:
    for filling in mapped.fillings:
        if filling.lookup is not None:
            yield _reference(filling.lookup, filling.stored)
    if mapped.match is not None and request.sync.mode in (Mode.UPDATE, Mode.ARCHIVE):
        yield _own_record(Lookup(request.schema.name, mapped.match.field.name), mapped.match.stored)


def _reference(lookup: Lookup, stored: str) -> _Question:
    return _question(
        lookup,
        by=stored,
        asks=f"{name(stored)} is not null",
        filled=stored,
        with_="found[1]",
        codes=(Code.REFERENCE_NOT_FOUND, Code.REFERENCE_AMBIGUOUS),
        missing="Reference not found: {}",
    )


def _own_record(lookup: Lookup, stored: str) -> _Question:
    return _question(
        lookup,
        by=stored,
        asks="record_id is null",
        filled="record_id",
        with_="coalesce(record_id, found[1])",
        codes=(Code.NO_RECORD, Code.SEVERAL_RECORDS),
        missing="there is no {}",
    )


def _question(
    lookup: Lookup, *, by: str, asks: str, filled: str, with_: str, codes: tuple[Code, Code], missing: str
) -> _Question:
    sought = f"{lookup.object_name} whose {lookup.field} is "
    shown = f"cast({name(by)} as varchar)"
    open_ = f"outcome is null and {asks}"
    several = f"{text(f'there are several {sought}')} || {shown} || ': ' || array_to_string(found, ', ')"
    return _Question(
        lookup,
        by,
        asks,
        filled,
        with_,
        Verdict(f"{open_} and found is null", codes[0], f"{text(missing.format(sought))} || {shown}"),
        Verdict(f"{open_} and len(found) > 1", codes[1], several),
    )


def _ask(
    connection: duckdb.DuckDBPyConnection, question: _Question, changes: Path, answers: Path, match: Match
) -> None:
    """Look up every distinct value once, some at a time, and write down which records have it."""
    value = name(question.by)
    distinct = connection.cursor().sql(
        f"select distinct {value} as value from {file(changes)}"
        f" where outcome is null and {question.asks} and {value} is not null"
    )
    reader: pa.RecordBatchReader = distinct.to_arrow_reader(VALUES)
    schema = pa.schema([("value", reader.schema.field("value").type), ("record_id", pa.string())])
    with pq.ParquetWriter(answers, schema) as writer:
        for batch in reader:
            values = batch.column("value")
            found = match(question.lookup.object_name, question.lookup.field, values).combine_chunks()
            rows = [values.take(_array(found, "position")), _array(found, "record_id")]
            writer.write_table(pa.table(rows, schema=schema))


def _completed(question: _Question, changes: Path, answers: Path) -> str:
    by, filled = name(question.by), name(question.filled)
    grouped = f"select value, list(distinct record_id) as found from {file(answers)} group by value"
    joined = f"select c.*, a.found from {file(changes)} c left join ({grouped}) a on a.value = c.{by}"
    decided = verdict_columns([question.missing, question.several], f"({joined})", former=True)
    return f"select * exclude (found) replace ({question.with_} as {filled}) from ({decided})"


def _array(table: pa.Table, column: str) -> pa.Array:
    chunks = table.column(column)
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
