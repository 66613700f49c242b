"""The conversion of values between Python and the JSON that the service receives and stores."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connector_sdk import Equality, Field, FieldType

Wire = str | int | float | bool | list[str | None] | None
"""A JSON value; dates, times and decimals are text."""


def read_values(column: pa.ChunkedArray, field: Field | None) -> list[Any]:
    """Return the values of a batch's column. A float of a decimal field becomes the number that its text shows."""
    if not pa.types.is_floating(column.type) or (field is not None and field.type is FieldType.FLOAT):
        return list(column.to_pylist())
    return [None if each is None else Decimal(each) for each in column.cast(pa.string()).to_pylist()]


def to_wire(value: Any) -> Wire:
    """Convert a Python value to JSON. A timestamp without a zone is UTC. Raises `TypeError` for other types."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return value
    raise TypeError(f"{value!r} cannot travel")


def from_wire(field: Field, value: Wire) -> Any:
    """Convert a JSON value to Python. Raises `ValueError` if the field cannot hold it."""
    if value is None:
        return None
    match field.type:
        case FieldType.BOOLEAN | FieldType.INTEGER:
            if isinstance(value, bool) is not (field.type is FieldType.BOOLEAN):
                raise ValueError(f"{value!r} is not {field.type}")
            return value if isinstance(value, bool) else int(str(value))
        case FieldType.FLOAT | FieldType.LIST:
            if not isinstance(value, float if field.type is FieldType.FLOAT else list):
                raise ValueError(f"{value!r} is no {field.type}")
            return value
        case FieldType.DECIMAL:
            return Decimal(str(value))
        case FieldType.DATE:
            return date.fromisoformat(str(value))
        case FieldType.DATETIME:
            return datetime.fromisoformat(str(value))
        case FieldType.TIME:
            return time.fromisoformat(str(value))
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def same(field: Field, value: Wire) -> str:
    """Return a text that is equal for two values if and only if the field treats them as equal."""
    text = str(value)
    if field.equality & {Equality.TRIMMED, Equality.CASELESS}:
        text = text.strip()
    if Equality.CASELESS in field.equality:
        text = text.casefold()
    if Equality.NUMERIC in field.equality and text:
        text = format(Decimal(text).normalize(), "f")
    return text


def comparable(field: Field, value: Wire) -> Any:
    """Return what is equal for two values if and only if the field treats them as equal, of any type."""
    return same(field, value) if field.equality else from_wire(field, value)
