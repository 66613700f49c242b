"""The files that a model names: where they are, which may be read, and how each kind of them is read."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from connector_sdk.engines.embedded import text, texts
from connector_sdk.errors import ConfigError, Problem
from connector_sdk.sync import Model

_READERS = {
    ".parquet": "read_parquet", ".csv": "read_csv",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip

_CSV = (
    ", header = true, delim = ',', quote = '\"', escape = '\"', comment = '', skip = 0, strict_mode = true"
    ", null_padding = false"
)
"""Nothing about the form of a CSV file is guessed: a guess leaves rows out without a word."""

_KEPT_FROM_JSON = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN", "STRUCT", "MAP")
"""What stays a type of its own; everything else of a JSON file is text, as it is written there."""


def reader_of(path: str) -> str:
    """The function of DuckDB that reads a kind of file; empty for a kind that no model can be."""
    return _READERS.get(Path(path).suffix.lower(), "")


def find_files(model: Model, path: str, key: str) -> list[str]:
    """The absolute paths of the files that `path` means. Raises `ConfigError` for what is missing or not to be read."""
    place = ("models", model.name, key)
    if not reader_of(path):
        raise ConfigError([Problem(f"{path} is no Parquet, CSV or JSON file", place, hint="name it *.csv, say")])
    folder = Path(model.folder).absolute()
    full = folder / path
    found = [full] if full.exists() else sorted(folder / each for each in glob.glob(path, root_dir=folder))
    if any(_hidden(each, folder) for each in (full, *found)):
        raise ConfigError([Problem(f"{path} is hidden and not read", place, hint="put it into a visible folder")])
    if not found:
        raise ConfigError([Problem(f"there is no file {full}", place, hint=_nearby(full))])
    if empty := [each for each in found if not each.stat().st_size]:
        hint = "write it anew; a model without rows still has its columns"
        raise ConfigError([Problem(f"the file {each} is empty", place, hint=hint) for each in empty])
    return [str(each) for each in found]


def relation(connection: duckdb.DuckDBPyConnection, files: Sequence[str], types: Mapping[str, str]) -> str:
    """SQL that reads files of one kind; `types` are those of columns of a CSV file, which are text otherwise."""
    reader = reader_of(files[0])
    listed = texts(literally(each) for each in files)
    if reader == "read_csv":
        return f"read_csv({listed}{_CSV}{_csv_types(types)})"
    if reader == "read_json":
        return f"read_json({listed}, columns = {_json_columns(connection, listed)})"
    return f"read_parquet({listed})"


def literally(path: str) -> str:
    """A path as DuckDB takes it, which reads patterns in paths."""
    return glob.escape(path)


def _hidden(path: Path, folder: Path) -> bool:
    """Whether a file, or what a link leads to, is hidden; the folder of the project itself may lie anywhere."""
    seen = (os.path.relpath(path, folder), os.path.relpath(os.path.realpath(path), os.path.realpath(folder)))
    return any(part.startswith(".") and part != ".." for each in seen for part in Path(each).parts)


def _csv_types(types: Mapping[str, str]) -> str:
    if not types:
        return ", all_varchar = true"
    given = ", ".join(f"{text(column)}: {text(type_)}" for column, type_ in types.items())
    return f", types = {{{given}}}, auto_type_candidates = ['VARCHAR']"


def _json_columns(connection: duckdb.DuckDBPyConnection, listed: str) -> str:
    described = connection.execute(
        f"describe select * from read_json({listed}, sample_size = -1, map_inference_threshold = -1)"
    ).fetchall()
    columns = (f"{text(name)}: {text(_json_type(type_))}" for name, type_, *_ in described)
    return "{" + ", ".join(columns) + "}"


def _json_type(type_: str) -> str:
    return type_ if type_.startswith(_KEPT_FROM_JSON) or type_.endswith("[]") else "VARCHAR"


def _nearby(path: Path) -> str:
    beside: Iterable[str] = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else ()
    close = difflib.get_close_matches(path.name, list(beside), 1)
    return f"did you mean {close[0]}?" if close else "paths start at the project's folder"
