"""Write the rows of a model to one Parquet file that keeps every value exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.engines.relation import Column, Part, Relation, choose_unused_name, select_columns
from connector_sdk.engines.sql import file, name

_HUGE = re.compile(r'"(?:[^"]|"")*"|\b(U?HUGEINT)(?=[],)[]|$)')
"""128-bit integers in a type, which Parquet would store as floating point. Quoted field names do not count."""


def freeze_model(connection: duckdb.DuckDBPyConnection, relation: Relation, target: Path) -> tuple[Part, int]:
    """Write a relation to `target`. Return the part that reads it back, and the number of rows.

    128-bit integers become decimals of 38 digits. If one has 39 digits, its column becomes text.
    Raises `RunStopped` if the file does not have all rows.
    """
    huge: dict[str, str] = {}
    for each, type_ in relation.columns.items():
        if _without_huge(type_) != type_:
            huge[each] = choose_unused_name(f"exact {each}", [*relation.columns, *huge.values()])
    rows = freeze(connection, _select_storable(relation, huge), target)
    return _read_back(connection, relation, huge, target), rows


def _select_storable(relation: Relation, huge: Mapping[str, str]) -> str:
    """Return the SELECT with casts for the types that Parquet would change."""
    stored = {each: _store_as(name(each), type_) for each, type_ in relation.columns.items()}
    exact = {extra: Column(_exact(name(each), relation.columns[each]), "VARCHAR") for each, extra in huge.items()}
    if not exact and all(column.value == name(each) for each, column in stored.items()):
        return relation.select
    return select_columns(stored | exact, f"(\n{relation.select}\n)")


def _store_as(value: str, type_: str) -> Column:
    if type_ == '"NULL"':
        return Column(f"cast({value} as varchar)", "VARCHAR")
    if type_ == "BIGNUM":
        return Column(plain_number(f"cast({value} as varchar)"), "VARCHAR")
    decimal = _without_huge(type_)
    return Column(value if decimal == type_ else f"try_cast({value} as {decimal})", decimal)


def _exact(value: str, type_: str) -> str:
    """Return SQL for a value as text, if it does not fit into a decimal of 38 digits; else null."""
    stored = f"cast(try_cast({value} as {_without_huge(type_)}) as varchar)"
    return f"case when {stored} is distinct from cast({value} as varchar) then cast({value} as varchar) end"


def _without_huge(type_: str) -> str:
    return _HUGE.sub(lambda found: "DECIMAL(38,0)" if found[1] else found[0], type_)


def _read_back(
    connection: duckdb.DuckDBPyConnection, relation: Relation, huge: Mapping[str, str], target: Path
) -> Part:
    types = columns_of(connection, file(target))
    columns = {each: Column(name(each), types[each]) for each in relation.columns}
    left_out = dict(relation.left_out)
    for each, extra in huge.items():
        found = connection.execute(f"select 1 from {file(target)} where {name(extra)} is not null limit 1").fetchall()
        if found and types[each].startswith("DECIMAL") and "[" not in types[each]:
            columns[each] = Column(f"coalesce({name(extra)}, cast({name(each)} as varchar))", "VARCHAR")
        elif found:
            del columns[each]
            left_out[each] = "it holds whole numbers of 39 digits inside lists or structs; cast them to text"
    return Part(str(target), file(target), columns, left_out, [str(target)])
