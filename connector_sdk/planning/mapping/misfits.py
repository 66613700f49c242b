"""Columns whose type can never become a value of a field, and what to write in the model instead."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from connector_sdk.contract.errors import Portable
from connector_sdk.contract.schema import FieldType
from connector_sdk.engines.json_types import OBJECT
from connector_sdk.engines.sql import name
from connector_sdk.planning.mapping.kinds import Kind, element_type, kind_of

_TYPED = frozenset(
    {
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.FLOAT,
        FieldType.BOOLEAN,
        FieldType.DATE,
        FieldType.DATETIME,
        FieldType.TIME,
    }
)
"""The field types whose values are neither text nor bytes."""

_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.FLOAT, FieldType.BOOLEAN})
_CASTS = {
    Kind.TEXT: _TYPED,
    Kind.INTEGER: _NUMBERS,
    Kind.NUMBER: _NUMBERS,
    Kind.BOOLEAN: _NUMBERS,
    Kind.DATE: frozenset({FieldType.DATE, FieldType.DATETIME}),
    Kind.TIMESTAMP: frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.TIME}),
    Kind.INSTANT: frozenset({FieldType.DATE, FieldType.DATETIME}),
    Kind.TIME: frozenset({FieldType.TIME}),
}
"""The field types to which DuckDB casts the values of each kind."""

_MOMENTS = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT, Kind.TIME})


class MisfitError(Portable, Exception):
    """A column of this type can never become a value of the field.

    `select` is SQL to write in the model instead, with `{x}` for the column; empty if no SQL makes such a value.
    """

    def __init__(self, message: str, select: str) -> None:
        super().__init__(message)
        self.select = select

    def advice(self, column: str) -> str:
        """Return in words what to do about it; `column` is the name of the column."""
        if not self.select:
            return "map a column of another type"
        return f"select it as: {self.select.replace('{x}', name(column))}"


def suggest_select(type_: str, field_type: FieldType, wanted: str) -> str:
    """Return SQL that makes a value of the type `wanted` from a column `{x}`; empty if none does."""
    kind = kind_of(type_)
    if field_type is FieldType.LIST:
        return "" if kind in (Kind.LIST, Kind.STRUCT, Kind.BINARY) else "[cast({x} as varchar)]"
    if kind in (Kind.LIST, Kind.STRUCT):
        return next(_parts(type_, field_type, wanted), "")
    if field_type is FieldType.BINARY:
        return "encode(cast({x} as varchar))"
    if field_type not in _TYPED or field_type in _CASTS.get(kind, ()):
        return f"cast({{x}} as {wanted})"
    if kind in _MOMENTS and field_type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.FLOAT):
        return f"cast(epoch({{x}}) as {wanted})"
    return "{x} is not null" if field_type is FieldType.BOOLEAN else ""


def _parts(type_: str, field_type: FieldType, wanted: str) -> Iterator[str]:
    """Yield SQL that makes such a value from a part of a nested column. Bytes are left out: they have no text.

    An object that was read from a file as a whole is a struct in SQL, but its members are not known here.
    """
    if type_ == OBJECT:
        return
    if kind_of(type_) is Kind.LIST:
        parts = [("{x}[1]", element_type(type_))]
    elif type_.startswith("MAP"):
        parts = [("map_values({x})[1]", str(duckdb.sqltype(type_).children[1][1]))]
    else:
        parts = [(f"{{x}}.{name(each)}", str(of)) for each, of in duckdb.sqltype(type_).children]
    for part, of in parts:
        if kind_of(of) is Kind.BINARY and field_type is not FieldType.BINARY:
            continue
        if found := suggest_select(of, field_type, wanted):
            yield found.replace("{x}", part)
