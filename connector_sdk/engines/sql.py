"""DuckDB inside this process: settings that every statement of ours runs under, and how text goes into SQL."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from connector_sdk.files.private import SPILL, make_folder

MEMORY = "320MB"
"""What a comparison may use before it goes to disk."""


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that spills into `folder` and thinks in UTC."""
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
    """Let a connection put aside what does not fit into memory, in a folder that nobody else can look into."""
    make_folder(folder / SPILL)
    connection.execute(f"set temp_directory = {text(str(folder / SPILL))}")


def name(identifier: str) -> str:
    """An identifier in SQL, always quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal in SQL."""
    return "'" + value.replace("'", "''") + "'"


def file(path: Path, *, numbered: bool = False) -> str:
    """A Parquet file as a relation in SQL; with `numbered` it has `file_row_number`, counted from 0."""
    return parquet([str(path)], numbered=numbered)


def parquet(paths: Iterable[str], *, numbered: bool = False) -> str:
    """Parquet files as a relation in SQL. What their paths say is no column, whatever folders they lie in."""
    options = ", hive_partitioning = false" + (", file_row_number = true" if numbered else "")
    return f"read_parquet({list_paths(paths)}{options})"


def list_paths(paths: Iterable[str]) -> str:
    """A list of paths in SQL; DuckDB reads patterns in paths, and these are none."""
    return texts(escape_pattern(each) for each in paths)


def escape_pattern(path: str) -> str:
    """A path as DuckDB takes it, which reads patterns in paths."""
    return glob.escape(path)


def names(identifiers: Iterable[str]) -> str:
    """Identifiers in SQL, separated by commas."""
    return ", ".join(name(each) for each in identifiers)


def texts(values: Iterable[str]) -> str:
    """A list of text literals in SQL."""
    return "[" + ", ".join(text(each) for each in values) + "]"


def is_nested(type_: str) -> bool:
    """Whether values of a type hold others, as lists, structs and maps do."""
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))


def is_castable(connection: duckdb.DuckDBPyConnection, given: str, wanted: str) -> bool:
    """Whether there is a cast between two types at all; between structs without a common member there is none."""
    try:
        connection.execute(f"select try_cast(cast(null as {given}) as {wanted})")
    except duckdb.BinderException:
        return False
    return True


def choices_as_text(value: str, type_: str) -> str:
    """SQL for several choices as one text: those of a list joined by semicolons, as a text has them already."""
    if type_ == "JSON[]":
        return f"array_to_string(list_transform({value}, lambda e: {json_as_text('e')}), ';')"
    return f"array_to_string(cast({value} as varchar[]), ';')" if type_.endswith("]") else f"cast({value} as varchar)"


def json_as_text(value: str) -> str:
    """SQL for a value of JSON as text: that of a text is not quoted."""
    return f"case when json_type({value}) = 'VARCHAR' then {value} ->> '$' else cast({value} as varchar) end"


def as_set(value: str) -> str:
    """SQL for the choices that a text joins by semicolons: each once, in their order; null when there is none."""
    trimmed = f"list_transform(string_split({value}, ';'), lambda e: trim(e))"
    distinct = f"list_sort(list_distinct(list_filter({trimmed}, lambda e: e <> '')))"
    return f"nullif(array_to_string({distinct}, ';'), '')"
