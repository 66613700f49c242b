"""Choose the types in which JSON is read: text unchanged, numbers with all of their digits, objects as written.

By itself, DuckDB would read texts in objects that look like dates, times or ids as such, and write them differently.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
from duckdb.sqltypes import DuckDBPyType

from connector_sdk.engines.sql import name, text

OBJECT = "MAP(VARCHAR, JSON)"
"""The type of an object with only its own keys, and with values as they are written."""

_NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE")
_MARKED_NUMBER = "-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?"


def readable_type(type_: str, *, whole: bool) -> str:
    """Return the type in which a key is read if DuckDB found `type_`: numbers and booleans as such, else text.

    With `whole`, objects are read as they are written. Otherwise they become structs, whose members SQL can use.
    """
    if whole and _is_object(type_):
        return OBJECT
    if type_ in ("JSON", '"NULL"'):
        return "VARCHAR"
    return _map_leaves(duckdb.sqltype(type_), _leaf, whole=whole)


def exact_type(type_: str, *, whole: bool) -> str:
    """Return a nested type that keeps fractions as they are written: JSON in a `whole` value, text in one for SQL."""
    exact = "JSON" if whole else "VARCHAR"
    return _map_leaves(duckdb.sqltype(type_), lambda leaf: exact if leaf == "DOUBLE" else leaf)


def mark_number_types(type_: str) -> str:
    """Return the type in which values are read if some of their numbers are marked texts."""
    return _map_leaves(duckdb.sqltype(type_), lambda leaf: "VARCHAR" if leaf in _NUMBERS else leaf)


def unmark(value: str, type_: str, mark: str) -> str:
    """Return SQL that restores a value that was read in the type of `mark_number_types`. `mark` begins marked texts."""
    return _unmark(value, duckdb.sqltype(type_), mark, 0)


def _is_object(type_: str) -> bool:
    return type_.startswith(("STRUCT", "MAP")) and type_.endswith(")")


def _leaf(type_: str) -> str:
    if type_ == '"NULL"':
        return "JSON"
    return type_ if type_ in (*_NUMBERS, "BOOLEAN", "JSON") else "VARCHAR"


def _map_leaves(type_: DuckDBPyType, leaf: Callable[[str], str], *, whole: bool = False) -> str:
    """Return a type with each of its leaves replaced. With `whole`, objects are replaced by `OBJECT`."""
    if type_.id == "list":
        return f"{_map_leaves(_inner(type_), leaf, whole=whole)}[]"
    if type_.id in ("struct", "map") and whole:
        return OBJECT
    if type_.id == "struct":
        return f"STRUCT({', '.join(f'{name(key)} {_map_leaves(of, leaf)}' for key, of in _members(type_))})"
    if type_.id == "map":
        return f"MAP(VARCHAR, {_map_leaves(_inner(type_), leaf)})"
    return leaf(str(type_))


def _members(type_: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(key, of) for key, of in type_.children if isinstance(of, DuckDBPyType)]


def _inner(type_: DuckDBPyType) -> DuckDBPyType:
    """Return the type of the elements of a list, or of the values of a map."""
    return _members(type_)[-1][1]


def _unmark(value: str, type_: DuckDBPyType, mark: str, depth: int) -> str:
    each = f"e{depth}"
    if type_.id == "list":
        return f"list_transform({value}, lambda {each}: {_unmark(each, _inner(type_), mark, depth + 1)})"
    if type_.id == "struct":
        members = (
            f"{name(key)} := {_unmark(f'struct_extract({value}, {text(key)})', of, mark, depth)}"
            for key, of in _members(type_)
        )
        return f"case when {value} is not null then struct_pack({', '.join(members)}) end"
    if type_.id == "map":
        inner = _unmark(each, _inner(type_), mark, depth + 1)
        values = f"list_transform(map_values({value}), lambda {each}: {inner})"
        return f"case when {value} is not null then map(map_keys({value}), {values}) end"
    return _unmark_leaf(value, str(type_), mark)


def _unmark_leaf(value: str, type_: str, mark: str) -> str:
    if type_ == "BOOLEAN":
        return value
    if type_ in _NUMBERS:
        return f"cast(replace({value}, {text(mark)}, '') as {type_})"
    marked = f'"{mark}({_MARKED_NUMBER})"'
    written = f"regexp_replace(cast({value} as varchar), {text(marked)}, '\\1', 'g')"
    return f"cast({written} as json)" if type_ == "JSON" else f"replace({written}, {text(mark)}, '')"
