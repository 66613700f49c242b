"""Compare a model with the rows that the destination has accepted so far, inside DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
from attrs import frozen

from connector_sdk.engines.embedded import name, text
from connector_sdk.errors import RunStopped

ROW_GROUP = 20_480


@frozen
class Profile:
    """What is wrong with the identity of a model's rows; the repeated values lie in tables of these names."""

    repeated_keys: str | None
    repeated_matches: str | None


@frozen
class Compared:
    """Columns of a model (`m`) and of its snapshot (`s`) side by side, with their types."""

    snapshot_types: Mapping[str, str]
    model_types: Mapping[str, str]

    def changed(self, columns: Iterable[str]) -> str:
        """SQL that is true when a known row differs from its snapshot in one of `columns`."""
        return " or ".join(self._differs(column) for column in columns) or "false"

    def _differs(self, column: str) -> str:
        mine, theirs = f"m.{name(column)}", f"s.{name(column)}"
        before = self.snapshot_types.get(column)
        if before is None:
            return f"{mine} is not null"
        if before == self.model_types[column]:
            return f"{mine} is distinct from {theirs}"
        cast = f"try_cast({mine} as {before})"
        back = f"try_cast({cast} as {self.model_types[column]})"
        return f"{cast} is distinct from {theirs} or {back} is distinct from {mine}"


def profile(connection: duckdb.DuckDBPyConnection, model: str, *, matching: bool) -> Profile:
    """Find the keys and match values of `model` (columns `key` and `match`) that several rows share."""
    keys = _repeated(connection, model, "key")
    matches = _repeated(connection, model, "match") if matching else None
    return Profile(keys, matches)


def freeze(connection: duckdb.DuckDBPyConnection, select: str, target: Path) -> int:
    """Write the rows of a SELECT to a file, once, and answer how many there are.

    Raises `RunStopped` when the file does not hold as many rows as were written.
    """
    options = f"format parquet, row_group_size {ROW_GROUP}, compression lz4_raw"
    ((written,),) = connection.execute(f"copy (\n{select}\n) to {text(str(target))} ({options})").fetchall()
    ((found,),) = connection.execute(f"select count(*) from read_parquet({text(str(target))})").fetchall()
    if written != found:
        raise RunStopped(
            f"{written} rows were frozen and {found} can be read back from {target}", hint="check the disk, run again"
        )
    return int(written)


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation with their types."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


def _repeated(connection: duckdb.DuckDBPyConnection, model: str, column: str) -> str | None:
    """A table of the values of a column that occur more than once; None when there are none."""
    table = f"repeated_{column}"
    connection.execute(
        f"create temp table {table} as select {column} as value from {model} where {column} is not null"
        f" group by all having count(*) > 1"
    )
    ((found,),) = connection.execute(f"select count(*) from {table}").fetchall()
    return table if found else None
