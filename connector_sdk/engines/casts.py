"""Check casts of text in SQL: does the cast value still mean what the text says?"""

from __future__ import annotations

from connector_sdk.engines.exact_numbers import plain_number
from connector_sdk.engines.sql import text

_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "BIGNUM", "FLOAT", "DOUBLE",
)  # fmt: skip
_NO_FINITE_NUMBER = r"(?i)\s*[+-]?(nan|inf|infinity)\s*"
_LEADING_ZERO = r"^\s*[+-]?0[0-9]"

_DAY = r"\s*[0-9]+[-/ \\][0-9]+[-/ \\][0-9]+( \(BC\))?"
_NO_OFFSET = r"\s*([Zz]|UTC|[+-]00(:?00)?)?\s*"
_MIDNIGHT = rf"([Tt ]\s*00:00(:00(\.0*)?)?{_NO_OFFSET})?\s*"
_MINUTE = r"[0-9]{1,2}:[0-9]{1,2}"

_FRACTIONS = {
    "TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP": 6, "TIMESTAMP_NS": 9,
    "TIMESTAMP WITH TIME ZONE": 6, "TIMESTAMPTZ_NS": 9,
    "TIME": 6, "TIME_NS": 9, "TIME WITH TIME ZONE": 6,
}  # fmt: skip
"""The decimal places of seconds that a type holds."""

_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS", "TIME WITH TIME ZONE")


def lossless(raw: str, type_: str, *, identifies: bool = False) -> str:
    """Return SQL that is true if a cast of the text `raw` to `type_` keeps its value, and false if it does not.

    If the column `identifies` a row, a leading zero of a number is part of the value. For a null, the SQL is false.
    """
    value = f"try_cast({raw} as {type_})"
    if (type_.startswith("DECIMAL") and not _is_nested(type_)) or type_ in _NUMBERS:
        kept = _keeps_number(raw, value)
        return f"({kept} and not regexp_matches({raw}, {text(_LEADING_ZERO)}))" if identifies else kept
    if _is_nested(type_):
        return f"coalesce({_strip_whitespace(f'cast({value} as varchar)')} = {_strip_whitespace(raw)}, false)"
    form = _form(raw, type_)
    return f"({value} is not null and {form})" if form else f"({value} is not null)"


def _keeps_number(raw: str, value: str) -> str:
    """Return SQL that is true if a number prints as it is written, or is the same number in other digits."""
    printed = f"cast({value} as varchar)"
    return (
        f"case when {printed} = {raw} then true when {value} is null then false"
        f" when not isfinite(try_cast({value} as double)) then regexp_full_match({raw}, {text(_NO_FINITE_NUMBER)})"
        f" else coalesce({plain_number(printed)} = {plain_number(raw)}, false) end"
    )


def _form(raw: str, type_: str) -> str:
    """Return SQL that is true if a text is not more precise than a date, time or timestamp of this type; else empty."""
    if type_ == "DATE":
        return f"regexp_full_match({raw}, {text(_DAY + _MIDNIGHT)})"
    if type_ not in _FRACTIONS:
        return ""
    digits = _FRACTIONS[type_]
    if type_ in _ZONED:
        finer = rf"\.[0-9]{{{digits}}}0*[1-9]"
        return f"not regexp_matches({raw}, {text(finer)})"
    clock = rf"{_MINUTE}(:[0-9]{{1,2}}(\.[0-9]{{0,{digits}}}0*)?)?{_NO_OFFSET}"
    form = rf"\s*{clock}" if type_.startswith("TIME_") or type_ == "TIME" else rf"{_DAY}([Tt ]\s*{clock})?\s*"
    return f"regexp_full_match({raw}, {text(form)})"


def _is_nested(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION"))


def _strip_whitespace(value: str) -> str:
    """Return SQL for a nested value in text without whitespace and quotes, which only shape it."""
    shape = r"[\s\"']"
    return f"regexp_replace({value}, {text(shape)}, '', 'g')"
