"""Values as they travel to the service and rest there (JSON), and back into Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connector_sdk import Equality, Field, FieldType

Wire = str | int | bool | None
"""A value in JSON; dates, times and decimals are text."""


def read_values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column of a batch; a float is the decimal number that its shortest text shows."""
    if not pa.types.is_floating(column.type):
        return list(column.to_pylist())
    return [None if each is None else Decimal(each) for each in column.cast(pa.string()).to_pylist()]


def to_wire(value: Any) -> Wire:
    """A Python value as JSON; a timestamp without a zone is UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{value!r} cannot travel")


def from_wire(field: Field, value: Wire) -> Any:
    """What JSON holds, as a Python value; raises `ValueError` when the field cannot hold it."""
    if value is None:
        return None
    match field.type:
        case FieldType.BOOLEAN | FieldType.INTEGER:
            if isinstance(value, bool) is not (field.type is FieldType.BOOLEAN):
                raise ValueError(f"{value!r} is not {field.type}")
            return value if isinstance(value, bool) else int(value)
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
    """The text that two values share exactly when the field takes them for one value."""
    text = str(value)
    if field.equality & {Equality.TRIMMED, Equality.CASELESS}:
        text = text.strip()
    if Equality.CASELESS in field.equality:
        text = text.casefold()
    if Equality.NUMERIC in field.equality and text:
        text = format(Decimal(text).normalize(), "f")
    return text
