"""Calls of `match`: the destination is asked for each distinct value once, and its answers are written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.engines.sql import file, name
from connector_sdk.files.private import make_file

VALUES = 10_000
"""The number of distinct values that one call of `match` looks up."""


class Match(Protocol):
    """The destination's `match`: objects, a field and its values lead to an Arrow table with `MATCH_SCHEMA`."""

    def __call__(
        self,
        objects: Sequence[str],
        field: str,
        values: pa.Array,
        *,
        is_reference: bool = False,
        successors: Sequence[str] = (),
        conditions: Mapping[str, Any] | None = None,
    ) -> pa.Table:
        """Return the records; `is_reference` asks for those that rows refer to.

        With `conditions`, they must have these values in further fields.

        If a record was converted to one of `successors`, the destination returns that one if it can.
        """
        ...


@frozen
class SoughtValues:
    """The values to look up: the distinct values of the column `by` in the rows of `lines` for which `asks` is true.

    `former` is SQL for another spelling, which is looked up if the first one finds nothing. `known` is a relation whose
    column `value` has the values that need no lookup.
    """

    lines: str
    by: str
    asks: str
    former: str | None = None
    known: str | None = None

    def values(self, spelled: str) -> str:
        """Return SQL for the distinct values, each with the spelling that the SQL `spelled` gives it."""
        value = name(self.by)
        missing = f" anti join {self.known} k on k.value = {value}" if self.known else ""
        asking = f"from {self.lines}{missing} where ({self.asks}) and {value} is not null"
        return f"select distinct {value} as value, {spelled} as spelled {asking}"


def ask(
    connection: duckdb.DuckDBPyConnection,
    sought: SoughtValues,
    objects: Sequence[str],
    field: str,
    answers: Path,
    match: Match,
) -> str:
    """Look up every distinct value, and return SQL for the answers: `value`, `object` and `record_id` of each record.

    A null `record_id` means that no record can ever have the value.
    """
    _write(connection, sought.values(name(sought.by)), objects, field, answers, match)
    if sought.former is None:
        return file(answers)
    again = answers.with_suffix(".former.parquet")
    missing = f"select * from ({sought.values(sought.former)}) anti join {file(answers)} using (value)"
    _write(connection, f"select * from ({missing}) where spelled <> value", objects, field, again, match)
    return f"(from {file(answers)} union all from {file(again)})"


def _write(
    connection: duckdb.DuckDBPyConnection, values: str, objects: Sequence[str], field: str, answers: Path, match: Match
) -> None:
    """Look up the spellings in `spelled` of the relation `values`, and write the records to a file by `value`."""
    reader: pa.RecordBatchReader = connection.cursor().sql(f"{values} order by value").to_arrow_reader(VALUES)
    columns = [("value", reader.schema.field("value").type), ("object", pa.string()), ("record_id", pa.string())]
    schema = pa.schema(columns)
    make_file(answers)
    with pq.ParquetWriter(answers, schema) as writer:
        for batch in reader:
            found = match(objects, field, batch.column("spelled")).combine_chunks()
            position, *records = (each.combine_chunks() for each in found.columns)
            writer.write_table(pa.table([batch.column("value").take(position), *records], schema=schema))
