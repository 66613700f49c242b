"""Apply the types that a model sets for columns of its CSV files, as casts that lose nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
from attrs import frozen

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import CsvForm
from connector_sdk.engines.casts import lossless
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Relation, choose_unused_name
from connector_sdk.engines.sql import name, text
from connector_sdk.settings.suggest import suggestion

REFUSED = "refused cell: "
"""The beginning of the error for a cell that a cast in SQL would alter."""

_NOTHING = '"NULL"'
"""The type of a column that has only nulls."""

_SHOWN = 60
"""How many characters of a refused cell the message shows."""


@frozen
class Typed:
    """A relation whose columns have the types of the model. `refused` maps such columns to columns with refused text.

    A column with refused text has the text of each cell that the type cannot hold exactly, and null elsewhere.
    """

    relation: Relation
    refused: Mapping[str, str]


def require_csv(reading: Reading) -> None:
    """Raise `ConfigError` if a model has settings for CSV files and reads none."""
    if reading.csv_files:
        return
    said = {"types": reading.model.types, "csv": reading.model.csv != CsvForm()}
    hints = {"types": "cast the columns in the SQL", "csv": "remove it"}
    problems = [
        Problem(f"model {reading.model.name} reads no CSV file", ("models", reading.model.name, key), hints[key])
        for key, given in said.items()
        if given
    ]
    if problems:
        raise ConfigError(problems)


def resolve_types(reading: Reading, columns: Collection[str], missing: str) -> Mapping[str, str]:
    """Return the types of the model as DuckDB names them, by column.

    `columns` are those of its CSV files. `missing` begins the message about a column that is not among them. Raises
    `ConfigError` for such columns, and for unknown types.
    """
    resolved, problems = {}, []
    for column, type_ in reading.model.types.items():
        place = ("models", reading.model.name, "types", column)
        if column not in columns:
            problems.append(Problem(f"{missing} {column}", place, suggestion(column, list(columns))))
        try:
            resolved[column] = _resolve(reading, type_)
        except duckdb.Error:
            hint = "use a type of DuckDB, such as BIGINT, DECIMAL(18,2), DATE or TIMESTAMPTZ"
            problems.append(Problem(f"there is no type {type_}", place, hint))
    if problems:
        raise ConfigError(problems)
    return resolved


def apply_types(relation: Relation, types: Mapping[str, str], identifying: Collection[str]) -> Typed:
    """Cast columns of text. If a cast would alter a cell, the cell has the cast value, and its text goes beside it."""
    casts = _casts(relation, types)
    refused: dict[str, str] = {}
    selected = []
    for each in relation.columns:
        selected.append(f"try_cast({name(each)} as {casts[each]}) as {name(each)}" if each in casts else name(each))
    for each, type_ in casts.items():
        refused[each] = choose_unused_name(f"refused {each}", [*relation.columns, *refused.values()])
        kept = lossless(name(each), type_, identifies=each in identifying)
        selected.append(f"case when not {kept} then {name(each)} end as {name(refused[each])}")
    columns = {**relation.columns, **casts, **dict.fromkeys(refused.values(), "VARCHAR")}
    select = f"select {', '.join(selected)} from ({relation.select})" if casts else relation.select
    return Typed(Relation(select, columns, relation.left_out), refused)


def require_types(relation: Relation, types: Mapping[str, str], identifying: Collection[str], said: str) -> Relation:
    """Cast columns of text for a model's SQL. A cell that the cast would alter is an error: no row can be rejected yet.

    The error names the file (`said`), the column and the value, and begins with `REFUSED`.
    """
    casts = _casts(relation, types)
    if not casts:
        return relation
    values = [
        f"{_cast_or_fail(each, casts[each], said, identifies=each in identifying)} as {name(each)}"
        if each in casts
        else name(each)
        for each in relation.columns
    ]
    select = f"select {', '.join(values)} from ({relation.select})"
    return Relation(select, {**relation.columns, **casts}, relation.left_out)


def _cast_or_fail(column: str, type_: str, said: str, *, identifies: bool) -> str:
    """Return SQL for a cast that fails if it would alter a value."""
    raw = name(column)
    message = text(f"{REFUSED}{said}: {column} cannot be {type_} without loss: ")
    refused = f"error({message} || chr(39) || left({raw}, {_SHOWN}) || chr(39))"
    kept = lossless(raw, type_, identifies=identifies)
    return f"case when {raw} is null then null when {kept} then try_cast({raw} as {type_}) else {refused} end"


def _casts(relation: Relation, types: Mapping[str, str]) -> dict[str, str]:
    return {each: type_ for each, type_ in types.items() if type_ != "VARCHAR" and each in relation.columns}


def _resolve(reading: Reading, type_: str) -> str:
    """Return a type as DuckDB names it. DuckDB reads no file for that, and the user's text never becomes SQL."""
    found = str(duckdb.sqltype(type_, connection=reading.connection))
    if found == _NOTHING:
        raise duckdb.InvalidInputException(f"{type_} has no values")
    return found
