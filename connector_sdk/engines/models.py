"""Turn a model into a relation that does not change while it is read.

A Parquet file is read where it lies. Everything else is frozen first, with one statement, so that it is read once and
a query that answers differently every time cannot contradict itself. A model's SQL runs locked: one SELECT, over the
files that it names, with nothing else readable and nothing writable.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk.damage import damage, first_line
from connector_sdk.engines.embedded import MEMORY, name, text, texts
from connector_sdk.engines.files import find_files, literally, reader_of, relation
from connector_sdk.errors import ConfigError, Problem, RunStopped
from connector_sdk.sync import Model

_FROZEN_AS = {'"NULL"': "varchar", "HUGEINT": "decimal(38, 0)", "UHUGEINT": "decimal(38, 0)"}
"""Types that a Parquet file would hold as something else: whole numbers of this size as floating point."""


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
    """Make a model readable; what has to be frozen goes into `folder`.

    Raises `ConfigError` naming the place, `RunStopped` when there is no room for what is frozen.
    """
    try:
        if model.file is not None and reader_of(model.file) == "read_parquet":
            return _source(find_files(model, model.file, "file"))
        target = folder / "model.parquet"
        _freeze(model, target)
        return _source([str(target)])
    except (duckdb.Error, pa.ArrowException) as error:
        if isinstance(error, duckdb.OutOfMemoryException) or str(folder) in str(error):
            hint = "make room in memory and on the disk, and run again; nothing was sent"
            raise RunStopped(f"model {model.name} cannot be frozen: {first_line(error)}", hint=hint) from error
        raise ConfigError([_explained(model, str(error))]) from None


def require_whole(model: Model) -> None:
    """Raise `ConfigError` when a Parquet file of a model is damaged somewhere: that shows only where it is read."""
    for each in find_files(model, model.file, "file") if model.file and reader_of(model.file) == "read_parquet" else ():
        if why := damage(Path(each)):
            hint = "write the file anew"
            raise ConfigError([Problem(f"{each} cannot be read: {why}", ("models", model.name, "file"), hint)])


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
    listed = texts(literally(each) for each in files)
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from read_parquet({listed})").fetchall()
        ((rows,),) = connection.execute(f"select count(*) from read_parquet({listed})").fetchall()
    columns = {row[0]: row[1] for row in described}
    if len(files) > 1 or "file_row_number" in map(str.lower, columns):
        return Source(f"read_parquet({listed})", columns, rows, "row_number() over ()")
    return Source(f"read_parquet({listed}, file_row_number = true)", columns, rows, "file_row_number + 1")


def _freeze(model: Model, target: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(f"set temp_directory = {text(str(target.parent / 'spill'))}")
        connection.execute("set timezone = 'UTC'")
        select, files = _select(model, connection)
        _lock(connection, [*files, str(target)])
        exact = _exact(connection, select)
        connection.execute(f"copy (\n{exact}\n) to {text(str(target))} (format parquet, row_group_size 20000)")


def _exact(connection: duckdb.DuckDBPyConnection, select: str) -> str:
    """The SELECT with those types replaced that a Parquet file cannot hold."""
    described = connection.execute(f"describe (\n{select}\n)").fetchall()
    casts = [
        f"cast({name(column)} as {_FROZEN_AS[type_]}) as {name(column)}"
        for column, type_, *_ in described
        if type_ in _FROZEN_AS
    ]
    return f"select * replace ({', '.join(casts)}) from (\n{select}\n)" if casts else select


def _select(model: Model, connection: duckdb.DuckDBPyConnection) -> tuple[str, list[str]]:
    """The model as one SELECT, and the files that it may read."""
    if model.data is not None:
        connection.register("model", _stream(model))
        return "select * from model", []
    if model.file is not None:
        files = find_files(model, model.file, "file")
        return f"select * from {relation(connection, files, model.types)}", files
    sql = _single_select(model, connection)
    return sql, _views(model, sql, connection)


def _stream(model: Model) -> pa.RecordBatchReader:
    if not hasattr(model.data, "__arrow_c_stream__"):
        message = f"the data of model {model.name} is a {type(model.data).__name__} and has no Arrow stream"
        hint = "give an object with __arrow_c_stream__, such as a table of pyarrow, polars or duckdb"
        raise ConfigError([Problem(message, ("models", model.name, "data"), hint)])
    given = pa.RecordBatchReader.from_stream(model.data)
    return pa.RecordBatchReader.from_batches(given.schema, _sound(given))


def _sound(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches as long as they are what they say: DuckDB would freeze text that is no UTF-8, and not read it."""
    for each in batches:
        each.validate(full=True)
        yield each


def _single_select(model: Model, connection: duckdb.DuckDBPyConnection) -> str:
    """The SQL of a model without what follows its end. Raises `ConfigError` unless it is one SELECT."""
    sql = (model.sql or "").strip()
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or not _is_select(statements[0]):
        raise ConfigError([_no_select(model)])
    encoded = sql.encode()
    ends = [start for start, _ in duckdb.tokenize(sql) if encoded[start : start + 1] == b";"]
    return encoded[: ends[0]].decode() if ends else sql


def _is_select(statement: duckdb.Statement) -> bool:
    """Whether a statement is a SELECT; DuckDB has kinds of statements that its Python has no name for."""
    try:
        return bool(statement.type == duckdb.StatementType.SELECT)
    except ValueError:
        return False


def _no_select(model: Model) -> Problem:
    return Problem("the SQL of a model is one SELECT", ("models", model.name, "sql"), hint="prepare data elsewhere")


def _views(model: Model, sql: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Put a view in the place of each file that the SQL names as a table; answers the files."""
    files: list[str] = []
    ((tree,),) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()
    parsed = json.loads(tree)
    if parsed["error"]:
        raise ConfigError([_no_select(model)])
    for table in dict.fromkeys(_tables(parsed)):
        if "/" in table or reader_of(table):
            found = find_files(model, table, "sql")
            read = relation(connection, found, model.types)
            connection.execute(f"create view {name(table)} as select * from {read}")
            files += found
    return files


def _tables(node: Any) -> Iterator[str]:
    """The tables that a parsed SELECT reads by a name of one part, wherever they stand in it."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE" and not node.get("schema_name"):
            yield node["table_name"]
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        yield from _tables(each)


def _lock(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Nothing is readable or writable but `files`, and nothing can change that any more."""
    allowed = dict.fromkeys([*files, *(literally(each) for each in files)])
    for statement in (
        f"set allowed_paths = {texts(allowed)}",
        "set python_enable_replacements = false",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        connection.execute(statement)


def _explained(model: Model, message: str) -> Problem:
    key = "sql" if model.sql is not None else "file" if model.file is not None else "data"
    first = message.splitlines()[0].strip()
    hint = "see the DuckDB message above; the model's SQL may read only files it names in quotes after FROM or JOIN"
    if "Permission Error" in first:
        return Problem(
            f"the SQL of model {model.name} may not do that: {first}", ("models", model.name, key), hint=hint
        )
    detail = " ".join(line.strip() for line in message.splitlines()[:6] if line.strip())
    said = f"{model.file}: {detail}" if model.file else detail
    return Problem(f"model {model.name} cannot be read: {said}", ("models", model.name, key), hint="correct it there")
