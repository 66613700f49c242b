"""Turn a model into a relation that does not change while it is read.

Parquet files of one schema are read in place. Everything else is frozen first, with one statement. Thus a query whose
result changes from one execution to the next is executed once, and cannot contradict itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from attrs import evolve, field, frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Model
from connector_sdk.engines.arrow_data import data_part
from connector_sdk.engines.csv_files import DELIMITERS
from connector_sdk.engines.files import FileFormat, find_files, format_of
from connector_sdk.engines.frozen_model import freeze_model
from connector_sdk.engines.model_errors import explain
from connector_sdk.engines.model_files import file_parts
from connector_sdk.engines.ordering import order_warnings
from connector_sdk.engines.reading import Reading, UsedColumns, require_any
from connector_sdk.engines.relation import LEFT_OUT_HINT, Part, Relation, select_columns
from connector_sdk.engines.sql import MEMORY, count, name, parquet, spill_into
from connector_sdk.engines.sql_models import describe_result, lock, prepare_sql
from connector_sdk.engines.streams import note_rows
from connector_sdk.engines.typed import apply_types, require_csv, resolve_types
from connector_sdk.engines.unify import unify
from connector_sdk.files.corruption import damage
from connector_sdk.settings.suggest import closest, suggest_list


@frozen
class Source:
    """A readable model: a relation in SQL, its columns with their types, and the number of its rows.

    `position` is SQL for the position of a row in the model, counted from 1. `left_out` maps unusable columns to the
    reasons. `hint` is a possible reason for a missing column. `refused` maps columns to further columns, with the text
    of cells that the column's type cannot hold exactly. `warnings` are for the user, before a run.
    """

    relation: str
    columns: Mapping[str, str]
    rows: int
    position: str
    left_out: Mapping[str, str] = field(factory=dict)
    refused: Mapping[str, str] = field(factory=dict)
    warnings: tuple[str, ...] = ()
    hint: str = ""


def open_model(model: Model, folder: Path, used: UsedColumns | None = None, *, only_columns: bool = False) -> Source:
    """Make a model readable. Frozen rows go into `folder`.

    `used` are the columns that a sync uses; by default, only the primary key. With `only_columns`, iterators are not
    read, and have no rows. Raises `ConfigError` that names the place in the project, and `RunStopped` if memory or
    disk space is too small to freeze the model.
    """
    with _reading(model, folder, used or UsedColumns.of_key(model), only_columns) as reading:
        if model.data is not None:
            return _open_data(reading)
        return _open_sql(reading) if model.file is None else _open_files(reading, model.file)


def require_whole(model: Model) -> None:
    """Raise `ConfigError` if a Parquet file of a model is damaged anywhere. Otherwise, only reading that part fails."""
    if model.file is None or format_of(model.file) is not FileFormat.PARQUET:
        return
    for each in find_files(model, model.file, "file"):
        if why := damage(Path(each)):
            place = ("models", model.name, "file")
            raise ConfigError([Problem(f"{each} cannot be read: {why}", place, "write the file again")])


def require_columns(model: Model, source: Source, wanted: Mapping[str, tuple[str | int, ...]]) -> list[Problem]:
    """Return a problem for each wanted column that the model lacks. `wanted` maps columns to places in the project."""
    problems = []
    for column, path in wanted.items():
        if column in source.columns:
            continue
        if reason := source.left_out.get(column):
            message = f"the column {column} of model {model.name} cannot be used: {reason}"
            problems.append(Problem(message, path, hint=LEFT_OUT_HINT))
            continue
        near = closest(column, source.columns)
        have = "; ".join(part for part in (f"it has: {', '.join(source.columns)}", source.hint) if part)
        listed = suggest_list(column) if path[-1] == "primary_key" else ""
        hint = listed or (f"did you mean {near}?" if near else have)
        problems.append(Problem(f"model {model.name} has no column {column}", path, hint=hint))
    return problems


@contextmanager
def _reading(model: Model, folder: Path, used: UsedColumns, only_columns: bool) -> Iterator[Reading]:
    """Open a connection to read a model, and turn errors into ones that tell the user what to do."""
    with duckdb.connect() as connection:
        reading = Reading(model, folder, connection, used, only_columns)
        connection.execute(f"set memory_limit = '{MEMORY}'")
        spill_into(connection, folder)
        connection.execute("set timezone = 'UTC'")
        try:
            yield reading
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise explain(reading, error) from error


def _open_data(reading: Reading) -> Source:
    require_csv(reading)
    if reading.model.partitions:
        raise reading.problem("data from Python have no paths", "remove partitions", "partitions")
    part = data_part(reading)
    relation = Relation(
        select_columns(part.columns, part.relation),
        {each: column.type for each, column in part.columns.items()},
        part.left_out,
    )
    require_any(reading, relation)
    source = _freeze_relation(reading, relation)
    note_rows(reading, source.rows)
    return source


def _open_files(reading: Reading, named: str) -> Source:
    parts = list(file_parts(reading, named))
    require_csv(reading)
    if len(parts) == 1 and format_of(named) is FileFormat.PARQUET and not reading.model.partitions:
        return _open_in_place(reading, parts[0])
    relation = unify(reading.connection, parts)
    require_any(reading, relation)
    types = resolve_types(reading, {*relation.columns, *relation.left_out}, f"{named} has no column")
    typed = apply_types(relation, types, reading.used.identifying)
    return evolve(_freeze_relation(reading, typed.relation, typed.refused), hint=_delimiter_hint(reading))


def _delimiter_hint(reading: Reading) -> str:
    """Return a hint about the detected delimiter of CSV files; empty if the model names one."""
    found = {each.delimiter for each in reading.csv_files}
    if not found or reading.model.csv.delimiter is not None:
        return ""
    signs = " and ".join(sorted(DELIMITERS[each] for each in found))
    return f"cells are separated by {signs}, unless csv.delimiter says otherwise"


def _open_sql(reading: Reading) -> Source:
    prepared = prepare_sql(reading)
    lock(reading.connection, [*reading.allowed, str(_target(reading))])
    relation = describe_result(reading, prepared)
    require_any(reading, relation)
    return _freeze_relation(reading, relation, warn_of=prepared.select)


def _target(reading: Reading) -> Path:
    return reading.folder / "model.parquet"


def _open_in_place(reading: Reading, part: Part) -> Source:
    """Return Parquet files of one schema as a model in place. Only their rows are counted."""
    rows = count(reading.connection, part.relation)
    return _source(part, rows)


def _freeze_relation(
    reading: Reading, relation: Relation, refused: Mapping[str, str] | None = None, warn_of: str = ""
) -> Source:
    part, rows = freeze_model(reading.connection, relation, _target(reading))
    warnings = order_warnings(reading, warn_of, part) if warn_of else ()
    return _source(part, rows, refused, warnings)


def _source(part: Part, rows: int, refused: Mapping[str, str] | None = None, warnings: tuple[str, ...] = ()) -> Source:
    """Return a part in Parquet files as a model. The rows of a single file are numbered by their position in it."""
    taken = {each.casefold() for each in (*part.columns, *part.left_out)}
    numbered = len(part.files) == 1 and "file_row_number" not in taken
    relation = parquet(part.files, numbered=numbered)
    if not part.is_plain:
        number = ", file_row_number" if numbered else ""
        values = (f"{column.value} as {name(each)}" for each, column in part.columns.items())
        relation = f"(select {', '.join(values)}{number} from {relation})"
    refused = refused or {}
    columns = {each: column.type for each, column in part.columns.items() if each not in refused.values()}
    position = "file_row_number + 1" if numbered else "row_number() over ()"
    return Source(relation, columns, rows, position, part.left_out, refused, warnings)
