"""The kinds of columns in a model, by what their values can become."""

from __future__ import annotations

import re
from enum import Enum


class Kind(Enum):
    """The kinds of columns in a model. A map counts as a struct whose members differ from row to row."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INSTANT = "timestamp with time zone"
    TIME = "time"
    BINARY = "binary"
    LIST = "list"
    STRUCT = "struct"
    OTHER = "other"


_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_KINDS = {
    "VARCHAR": Kind.TEXT, "UUID": Kind.TEXT, "JSON": Kind.TEXT, '"NULL"': Kind.TEXT,
    "FLOAT": Kind.NUMBER, "DOUBLE": Kind.NUMBER, "BOOLEAN": Kind.BOOLEAN, "DATE": Kind.DATE, "TIME": Kind.TIME,
    "TIMESTAMP WITH TIME ZONE": Kind.INSTANT, "TIMESTAMPTZ_NS": Kind.INSTANT, "BLOB": Kind.BINARY,
}  # fmt: skip
_STARTS = (
    ("STRUCT", Kind.STRUCT), ("MAP", Kind.STRUCT), ("DECIMAL", Kind.NUMBER), ("TIMESTAMP", Kind.TIMESTAMP),
    ("ENUM", Kind.TEXT),
)  # fmt: skip
_LIST = re.compile(r"(.*)\[\d*\]", re.DOTALL)


def kind_of(type_: str) -> Kind:
    """Return the kind of a column by its type in DuckDB."""
    if type_ in _KINDS:
        return _KINDS[type_]
    if type_ in _INTEGERS:
        return Kind.INTEGER
    if _LIST.fullmatch(type_):
        return Kind.LIST
    return next((kind for start, kind in _STARTS if type_.startswith(start)), Kind.OTHER)


def element_type(type_: str) -> str:
    """Return the type of the elements of a list, by the type of the list. Raises `ValueError` if it is not a list."""
    found = _LIST.fullmatch(type_)
    if found is None:
        raise ValueError(f"{type_} is not a list")
    return found[1]


def is_float(type_: str) -> bool:
    """Return whether a type holds floating-point numbers."""
    return type_ in ("FLOAT", "DOUBLE")
