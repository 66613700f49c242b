"""Build SOQL. This is the only place where values become part of a query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")

_ESCAPES = {
    "\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f",
}  # fmt: skip

_SPECIAL = re.compile("[\\\\'\"\x00-\x1f\x7f-\x9f\u2028\u2029]")

Value = str | int | Decimal | bool | date | datetime | time | None


def select(columns: Sequence[str], object_name: str, where: str = "") -> str:
    """Return a query. Raises `ValueError` for a text that is not the name of an object or field."""
    query = f"SELECT {', '.join(map(name, columns))} FROM {name(object_name)}"
    return f"{query} WHERE {where}" if where else query


def is_in(field: str, values: Sequence[Value]) -> str:
    """Return the condition that a field has one of the values."""
    return f"{name(field)} IN ({','.join(map(literal, values))})"


def equals(field: str, value: Value) -> str:
    """Return the condition that a field has a value."""
    return f"{name(field)} = {literal(value)}"


def name(text: str) -> str:
    """Return the name of an object or field as it is. Raises `ValueError` for any other text."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of an object or a field")
    return text


def literal(value: Value) -> str:
    """Return a value as a literal (SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Date Formats")."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return f"'{_SPECIAL.sub(_escape, value)}'"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        case date():
            return value.isoformat()
    return value.strftime("%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"


def _escape(special: re.Match[str]) -> str:
    return _ESCAPES.get(special[0]) or f"\\u{ord(special[0]):04x}"
