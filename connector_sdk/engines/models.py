"""Turn a model into a relation that does not change while it is read.

A Parquet file is read where it lies. Everything else is frozen first, with one statement, so that it is read once and
a query that answers differently every time cannot contradict itself. A model's SQL runs locked: one SELECT, over the
files that it names, with nothing else readable and nothing writable.
"""

from __future__ import annotations

import difflib
import glob
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk.engines.embedded import MEMORY, name, text, texts
from connector_sdk.errors import ConfigError, Problem
from connector_sdk.sync import Model

_FILE_IN_SQL = re.compile(r"(?P<before>\b(?:from|join)\s+|,\s*)'(?P<path>[^']+)'", re.IGNORECASE)

_READERS = {
    ".parquet": "read_parquet", ".csv": "read_csv",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip


@frozen
class Source:
    """A model that can be read: a relation in SQL, its columns with their types, and how many rows it has.

    `position` is SQL for the place of a row in the model, counted from 1.
    """

    relation: str
    columns: Mapping[str, str]
    rows: int
    position: str


def open_model(model: Model, folder: Path) -> Source:
    """Make a model readable; what has to be frozen goes into `folder`. Raises `ConfigError` naming the place."""
    try:
        if model.file is not None and _reader(model.file) == "read_parquet":
            return _source(_found(model, model.file, "file"))
        target = folder / "model.parquet"
        _freeze(model, target)
        return _source([str(target)])
    except duckdb.Error as error:
        raise ConfigError([_explained(model, str(error))]) from None


def require_columns(model: Model, source: Source, wanted: Mapping[str, tuple[str | int, ...]]) -> list[Problem]:
    """A problem for each wanted column that the model does not have; `wanted` maps columns to where they are named."""
    problems = []
    for column, path in wanted.items():
        if column not in source.columns:
            close = difflib.get_close_matches(column, source.columns, 1)
            have = ", ".join(source.columns)
            hint = f"did you mean {close[0]}?" if close else f"it has: {have}"
            problems.append(Problem(f"model {model.name} has no column {column}", path, hint=hint))
    return problems


def _source(files: Sequence[str]) -> Source:
    relation = f"read_parquet({texts(files)})"
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    columns = {row[0]: row[1] for row in described}
    if len(files) > 1:
        return Source(relation, columns, rows, "row_number() over ()")
    return Source(f"read_parquet({texts(files)}, file_row_number = true)", columns, rows, "file_row_number + 1")


def _freeze(model: Model, target: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set timezone = 'UTC'")
        select = _select(model, connection)
        _lock(connection, target)
        connection.execute(f"copy (\n{select}\n) to {text(str(target))} (format parquet, row_group_size 20000)")


def _select(model: Model, connection: duckdb.DuckDBPyConnection) -> str:
    if model.data is not None:
        connection.register("model", pa.RecordBatchReader.from_stream(model.data))
        return "select * from model"
    if model.file is not None:
        files = _view(model, model.file, "file", connection)
        return f"select * from {files}"
    assert model.sql is not None
    return _with_views(model, _single_select(model, connection), connection)


def _single_select(model: Model, connection: duckdb.DuckDBPyConnection) -> str:
    sql = (model.sql or "").strip().rstrip(";")
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise ConfigError([_explained(model, str(error))]) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigError(
            [Problem("the SQL of a model is one SELECT", ("models", model.name, "sql"), hint="prepare data elsewhere")]
        )
    return sql


def _with_views(model: Model, sql: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The SQL with views in place of the quoted names of files."""

    def replaced(found: re.Match[str]) -> str:
        return found["before"] + _view(model, found["path"], "sql", connection)

    return _FILE_IN_SQL.sub(replaced, sql)


def _view(model: Model, path: str, key: str, connection: duckdb.DuckDBPyConnection) -> str:
    """A view over files; answers its name in SQL. Its files become readable."""
    view = name(f"file:{path}")
    reader, options = _reader(path), ""
    if reader == "read_csv":
        types = ", ".join(f"{text(column)}: {text(type_)}" for column, type_ in model.types.items())
        options = (
            ", all_varchar = true" if not model.types else f", types = {{{types}}}, auto_type_candidates = ['VARCHAR']"
        )
        options += ", header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, null_padding = false"
    files = texts(_found(model, path, key))
    connection.execute(f"create or replace view {view} as select * from {reader}({files}{options})")
    return view


def _lock(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Nothing is readable but the files of the views, nothing writable but the frozen model."""
    views = connection.execute("select sql from duckdb_views() where not internal").fetchall()
    files = {path for (sql,) in views for path in re.findall(r"'(/(?:[^']|'')*)'", sql)}
    allowed = [path.replace("''", "'") for path in files] + [str(target)]
    connection.execute(f"set allowed_paths = {texts(allowed)}")
    for statement in (
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        connection.execute(statement)


def _reader(path: str) -> str:
    suffix = Path(path).suffix.lower()
    return _READERS.get(suffix, "")


def _found(model: Model, path: str, key: str) -> list[str]:
    """The absolute paths of the files that `path` means."""
    place = ("models", model.name, key)
    if not _reader(path):
        raise ConfigError([Problem(f"{path} is no Parquet, CSV or JSON file", place, hint="name it *.csv, say")])
    if any(part.startswith(".") and part not in (".", "..") for part in Path(path).parts):
        raise ConfigError([Problem(f"{path} is hidden and not read", place, hint="put it into a visible folder")])
    full = Path(model.folder, path).absolute()
    found = sorted(glob.glob(str(full))) or ([str(full)] if full.exists() else [])
    if not found:
        raise ConfigError([Problem(f"there is no file {full}", place, hint=_nearby(full))])
    return found


def _nearby(path: Path) -> str:
    beside: Iterable[str] = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else ()
    close = difflib.get_close_matches(path.name, list(beside), 1)
    return f"did you mean {close[0]}?" if close else "paths start at the project's folder"


def _explained(model: Model, message: str) -> Problem:
    key = "sql" if model.sql is not None else "file" if model.file is not None else "data"
    first = message.splitlines()[0].strip()
    hint = "see the DuckDB message above; the model's SQL may read only files it names in quotes after FROM or JOIN"
    if "Permission Error" in first:
        return Problem(
            f"the SQL of model {model.name} may not do that: {first}", ("models", model.name, key), hint=hint
        )
    detail = " ".join(line.strip() for line in message.splitlines()[:6] if line.strip())
    return Problem(f"model {model.name} cannot be read: {detail}", ("models", model.name, key), hint="correct it there")
