"""Compare a model with the rows that the destination has accepted so far, inside DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.errors import RunStopped
from connector_sdk.engines.sql import as_set, choices_as_text, count, file, is_nested, name, text
from connector_sdk.files.private import make_file

ROW_GROUP = 20_480

_WORDS = ["action", "advice", "code", "effect", "message", "object", "outcome"]
"""The columns with few different values. Counting by them is faster if the file stores each value once."""


NAMED = 3
"""How many of the rows that share a value a message names."""


@frozen
class Profile:
    """The names of the tables with repeated keys and with repeated match values of a model; None if there are none.

    Such a table has the columns `value`, `rows` (how many have it), and the `keys` and `positions` of the first
    `NAMED` + 1 rows. Thus a message about one of these rows can name `NAMED` others.
    """

    repeated_keys: str | None
    repeated_matches: str | None


@frozen
class Compared:
    """Columns of a model (`m`) and of its snapshot (`s`) side by side, with their types.

    Columns in `sets` have several choices in one text. Their order, and repeated choices, make no difference.
    """

    snapshot_types: Mapping[str, str]
    model_types: Mapping[str, str]
    sets: Collection[str] = ()

    def select_changed(self, columns: Iterable[str]) -> str:
        """Return SQL that is true if a known row differs from its snapshot in one of `columns`."""
        return " or ".join(self._differs(column) for column in columns) or "false"

    def _differs(self, column: str) -> str:
        mine, theirs = f"m.{name(column)}", f"s.{name(column)}"
        before = self.snapshot_types.get(column)
        if before is None:
            return f"{mine} is not null"
        now = self.model_types[column]
        if column in self.sets:
            sets = (as_set(choices_as_text(value, type_)) for value, type_ in ((mine, now), (theirs, before)))
            return " is distinct from ".join(sets)
        if before == now:
            return f"{mine} is distinct from {theirs}"
        if is_nested(before) or is_nested(now):
            return f"cast({mine} as varchar) is distinct from cast({theirs} as varchar)"
        cast = f"try_cast({mine} as {before})"
        back = f"try_cast({cast} as {now})"
        return f"{cast} is distinct from {theirs} or {back} is distinct from {mine}"


def profile(connection: duckdb.DuckDBPyConnection, model: str, *, matching: bool, same: bool = False) -> Profile:
    """Find the keys and match values of `model` (columns `key` and `match`) that several rows share.

    If both come from the `same` column, keys are checked only if a match value is repeated.
    """
    matches = _create_repeated_table(connection, model, "match") if matching else None
    keys = None if same and matches is None else _create_repeated_table(connection, model, "key")
    return Profile(keys, matches)


def freeze(connection: duckdb.DuckDBPyConnection, select: str, target: Path, *, rows: int | None = None) -> int:
    """Write the rows of a SELECT to a Parquet file with one statement. Return how many there are.

    With `rows`, the expected number, Arrow writes them, which is faster. Raises `RunStopped` if the file does not have
    as many rows as expected, so that a broken stream cannot become a plan.
    """
    if rows is not None:
        return freeze_in_turn(connection, [select], target, rows)
    make_file(target)
    options = f"format parquet, row_group_size {ROW_GROUP}, compression lz4_raw, use_tmp_file false"
    ((written,),) = connection.execute(f"copy (\n{select}\n) to {text(str(target))} ({options})").fetchall()
    return _require_readable(connection, target, written)


def freeze_in_turn(connection: duckdb.DuckDBPyConnection, selects: Sequence[str], target: Path, rows: int) -> int:
    """Write the rows of several SELECTs with the same columns to a file, one SELECT after the other, to save memory.

    `rows` is the expected sum. Raises `RunStopped` as `freeze` does.
    """
    options: dict[str, Any] = {"compression": "lz4", "use_dictionary": _WORDS, "write_statistics": False}
    make_file(target)
    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for select in selects:
            # A cursor of its own: it must run no other statement while the reader is in use.
            reader: pa.RecordBatchReader = connection.cursor().sql(select).to_arrow_reader(ROW_GROUP)
            writer = writer or stack.enter_context(pq.ParquetWriter(target, reader.schema, **options))
            for batch in reader:
                writer.write_batch(batch)
    return _require_readable(connection, target, rows)


def _require_readable(connection: duckdb.DuckDBPyConnection, target: Path, rows: int) -> int:
    found = count(connection, file(target))
    if rows != found:
        raise RunStopped(
            f"{rows} rows should be frozen and {found} can be read back from {target}",
            hint="check the disk, run again",
        )
    return int(found)


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation with their types."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


def _create_repeated_table(connection: duckdb.DuckDBPyConnection, model: str, column: str) -> str | None:
    """Create a table of the values of a column that occur more than once. Return its name, or None if there are none.

    Hashes are counted first, which takes a third of the time and little memory. Values with a unique hash are unique.
    """
    table, hashes = f"repeated_{column}", f"repeated_hashes_of_{column}"
    counted = "group by all having count(*) > 1"
    connection.execute(f"create table {hashes} as select hash({column}) as hash from {model} {counted}")
    if not count(connection, hashes):
        return None
    suspected = f"{column} is not null and hash({column}) in (select hash from {hashes})"
    named = f"count(*) as rows, min(key, {NAMED + 1}) as keys, min(position, {NAMED + 1}) as positions"
    connection.execute(
        f"create table {table} as select {column} as value, {named} from {model} where {suspected}"
        f" group by {column} having count(*) > 1"
    )
    return table if count(connection, table) else None
