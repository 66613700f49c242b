"""Convert values of one column for one field, as a plan does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk import Field
from connector_sdk.planning.mapping.conversions import convert

TYPES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "text": (pa.string(), ["x", "1", "-1.50", "true", "2026-01-31", "2026-01-31T10:00:00Z", "10:00:00", "\u00e9"]),
    "tiny": (pa.int8(), [0, 1, -128, 127]),
    "whole": (pa.int64(), [0, 1, -(2**63), 2**63 - 1]),
    "unsigned": (pa.uint64(), [0, 1, 2**64 - 1]),
    "decimal": (pa.decimal128(38, 10), [Decimal("1"), Decimal("-1.5"), Decimal("9" * 28 + ".0000000001")]),
    "float": (pa.float32(), [1.5, float("nan"), 3e38]),
    "double": (pa.float64(), [1.0, 0.1, -0.0, 1e300, float("nan"), float("inf"), float("-inf")]),
    "boolean": (pa.bool_(), [True, False]),
    "date": (pa.date32(), [date(1, 1, 1), date(2026, 1, 31), date(9999, 12, 31), -800_000, 4_000_000]),
    "timestamp": (pa.timestamp("us"), [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), -(2**61), 2**60]),
    "nanoseconds": (pa.timestamp("ns"), [datetime(2026, 1, 31, 10)]),
    "instant": (pa.timestamp("us", "UTC"), [datetime(2026, 1, 31, 10, tzinfo=UTC), -(2**61), 2**60]),
    "zoned": (pa.timestamp("us", "Asia/Tokyo"), [datetime(2026, 1, 31, 10, tzinfo=UTC)]),
    "time": (pa.time64("us"), [time(0), time(23, 59, 59, 999999)]),
    "binary": (pa.binary(), [b"", b"\0\xff"]),
    "nested": (pa.list_(pa.int64()), [[1, 2]]),
    "struct": (pa.struct([("a", pa.int64())]), [{"a": 1}]),
    "interval": (pa.duration("s"), [1]),
    "nothing": (pa.null(), [None]),
}
"""Columns of every type, and values of theirs, the widest among them."""


@frozen
class Converted:
    """What became of a value: the value of the field, or why it was refused."""

    value: Any
    code: str | None
    message: str | None


def convert_column(
    field: Field, type_: pa.DataType, values: Sequence[Any], *, select: str = "{x}", **asked: bool
) -> list[Converted]:
    """Convert a column of values, or an expression `select` over it. Raise `MisfitError` if its type can never fit."""
    connection = _database()
    connection.register("t", pa.table({"v": pa.array(values, type_)}))
    return convert_query(connection, f"select {select.replace('{x}', 'v')} as v from t", field, **asked)


def convert_sql(field: Field, value: str, **asked: bool) -> Converted:
    """Convert one value, written in SQL. Raise `MisfitError` if its type can never fit."""
    (found,) = convert_query(_database(), f"select {value} as v", field, **asked)
    return found


def convert_query(connection: duckdb.DuckDBPyConnection, rows: str, field: Field, **asked: bool) -> list[Converted]:
    """Convert the column `v` of a query."""
    ((_, found, *_),) = connection.execute(f"describe {rows}").fetchall()
    made = convert('"v"', found, field, **asked)
    code = " ".join(f"when {each.failed} then '{each.code}'" for each in made.checks)
    message = " ".join(f"when {each.failed} then {each.message}" for each in made.checks)
    codes = f"case {code} end, case {message} end" if made.checks else "null, null"
    table = connection.sql(f"select {made.value}, {codes} from ({rows})").to_arrow_table()
    columns = [_python(table.column(number)) for number in range(3)]
    return [Converted(None if code else value, code, told) for value, code, told in zip(*columns, strict=True)]


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return one database for all calls, since opening one takes longer than converting."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def _python(column: pa.ChunkedArray) -> list[Any]:
    """Return Python values. A value that Python cannot represent stays a number."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return list(column.cast(pa.int64()).to_pylist())
