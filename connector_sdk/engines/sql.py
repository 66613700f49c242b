"""Open DuckDB databases with our settings, and quote names and texts in SQL."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from connector_sdk.files.private import SPILL, make_folder

MEMORY = "320MB"
"""The memory that a comparison may use before it spills to disk."""


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that spills into `folder`. Its time zone is UTC."""
    connection = duckdb.connect()
    try:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set threads = 2")
        spill_into(connection, folder)
        connection.execute("set timezone = 'UTC'")
        connection.execute("set preserve_insertion_order = true")
        connection.execute("set autoinstall_known_extensions = false")
        yield connection
    finally:
        connection.close()
        with suppress(OSError):  # a database that is still open has files there
            (folder / SPILL).rmdir()


def spill_into(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a connection spill to disk what does not fit into memory, in a folder that other users cannot read."""
    make_folder(folder / SPILL)
    connection.execute(f"set temp_directory = {text(str(folder / SPILL))}")


def count(connection: duckdb.DuckDBPyConnection, relation: str, condition: str = "true") -> int:
    """Return the number of rows of a relation, or of those that meet a condition; both are SQL."""
    ((rows,),) = connection.execute(f"select count(*) from {relation} where {condition}").fetchall()
    return int(rows)


def name(identifier: str) -> str:
    """Return an identifier in SQL, always quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text literal in SQL."""
    return "'" + value.replace("'", "''") + "'"


def file(path: Path, *, numbered: bool = False) -> str:
    """Return a Parquet file as a relation in SQL. With `numbered`, it has `file_row_number`, counted from 0."""
    return parquet([str(path)], numbered=numbered)


def parquet(paths: Iterable[str], *, numbered: bool = False) -> str:
    """Return Parquet files as a relation in SQL. Folders such as `region=EU` in their paths add no columns."""
    options = ", hive_partitioning = false" + (", file_row_number = true" if numbered else "")
    return f"read_parquet({list_paths(paths)}{options})"


def list_paths(paths: Iterable[str]) -> str:
    """Return a list of paths in SQL, escaped so that DuckDB reads no patterns in them."""
    return texts(escape_pattern(each) for each in paths)


def escape_pattern(path: str) -> str:
    """Escape a path, because DuckDB reads patterns in paths."""
    return glob.escape(path)


def names(identifiers: Iterable[str]) -> str:
    """Return quoted identifiers in SQL, separated by commas."""
    return ", ".join(name(each) for each in identifiers)


def texts(values: Iterable[str]) -> str:
    """Return a list of text literals in SQL."""
    return "[" + ", ".join(text(each) for each in values) + "]"


def is_nested(type_: str) -> bool:
    """Return whether a type is a list, a struct or a map."""
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))


def is_castable(connection: duckdb.DuckDBPyConnection, given: str, wanted: str) -> bool:
    """Return whether DuckDB has a cast between two types. Structs without a common member have none."""
    try:
        connection.execute(f"select try_cast(cast(null as {given}) as {wanted})")
    except duckdb.BinderException:
        return False
    return True


def choices_as_text(value: str, type_: str) -> str:
    """Return SQL for several choices as one text. A list is joined by semicolons; a text is so already."""
    if type_ == "JSON[]":
        return f"array_to_string(list_transform({value}, lambda e: {json_as_text('e')}), ';')"
    return f"array_to_string(cast({value} as varchar[]), ';')" if type_.endswith("]") else f"cast({value} as varchar)"


def json_as_text(value: str) -> str:
    """Return SQL for a JSON value as text. A JSON string loses its quotes."""
    return f"case when json_type({value}) = 'VARCHAR' then {value} ->> '$' else cast({value} as varchar) end"


def as_set(value: str) -> str:
    """Return SQL for the choices in a text with semicolons: each once, sorted; null if there is none."""
    trimmed = f"list_transform(string_split({value}, ';'), lambda e: trim(e))"
    distinct = f"list_sort(list_distinct(list_filter({trimmed}, lambda e: e <> '')))"
    return f"nullif(array_to_string({distinct}, ';'), '')"
