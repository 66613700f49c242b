"""The identity of rows: one canonical text per value, and match values as the destination compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector_sdk.contract.schema import Equality, Field
from connector_sdk.engines.exact_numbers import shortest_digits
from connector_sdk.engines.sql import name
from connector_sdk.planning.mapping.blanks import blank_as_null, trim_blanks
from connector_sdk.planning.mapping.kinds import Kind, kind_of

_INEXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""The whole number from which on neighbors are one number, by floating-point type."""


def key(columns: Sequence[str], types: Mapping[str, str]) -> str:
    """Return SQL for the primary key as text; null if a part of it is null or blank.

    Several columns become a JSON list.
    """
    parts = [blank_as_null(canonical(name(each), types[each])) for each in columns]
    if len(parts) == 1:
        return parts[0]
    missing = " or ".join(f"{part} is null" for part in parts)
    return f"case when not ({missing}) then cast(to_json([{', '.join(parts)}]) as varchar) end"


def canonical(value: str, type_: str) -> str:
    """Return SQL for the one text that identifies a value: 1, 1.0 and 1.00 are the same, and text stays as it is.

    Date-times are in UTC, such as `2026-01-31T23:59:59.5Z`; one without a zone counts as UTC.
    """
    text_ = f"cast({value} as varchar)"
    match kind_of(type_):
        case Kind.NUMBER:
            return shortest_digits(text_)
        case Kind.TIMESTAMP:
            return _moment(text_)
        case Kind.INSTANT:
            return _moment(f"cast({value} at time zone 'UTC' as varchar)")
    return value if type_ == "VARCHAR" else text_


def former_text(value: str, type_: str) -> str | None:
    """Return SQL for the text that earlier versions sent for a value; None if that is the canonical one."""
    written = f"cast({value} as varchar)"
    if type_ == "TIMESTAMPTZ_NS":  # earlier versions took it for a type without a zone
        return _moment(written)
    return written if kind_of(type_) is Kind.NUMBER else None


def inexact(value: str, type_: str) -> str | None:
    """Return SQL that is true for a floating-point number that is not an exact whole number; None for other types.

    From 2^53 on (2^24 in four bytes), neighboring whole numbers are one number in floating point: 2^53 may be 2^53 + 1.
    """
    first = _INEXACT.get(type_)
    return f"(not isfinite({value}) or {value} <> trunc({value}) or abs({value}) >= {first})" if first else None


def comparable(value: str, type_: str, field: Field) -> str:
    """Return SQL for a match value that is the same for two values exactly if `field` treats them as equal.

    It is null for a blank value.
    """
    trims = field.equality & {Equality.TRIMMED, Equality.CASELESS}
    result = (trim_blanks if trims else blank_as_null)(canonical(value, type_))
    if field.compared_prefix is not None:
        result = f"left({result}, {field.compared_prefix})"
    if Equality.NUMERIC in field.equality:
        result = f"nullif({shortest_digits(result)}, '')"
    if Equality.CASELESS in field.equality:
        result = f"lower(upper({result}))"
    return result


def _moment(value: str) -> str:
    """Return SQL for the text of a date-time in UTC, from the text that DuckDB writes for one without a zone."""
    return f"replace({value}, ' ', 'T') || 'Z'"
