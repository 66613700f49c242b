"""SQL that writes numbers as text in plain digits: no exponent, no superfluous zeros, no rounding."""

from __future__ import annotations

from connector_sdk.engines.sql import text

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
_PARTS = r"^([+-]?)([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]+)$"
_SHORTER = (
    (r"(\.0*|(\.[0-9]*[1-9])0*)$", r"\2"),
    (r"^\+?(-?)\.", r"\10."),
    (r"^\+?(-?)0*([0-9])", r"\1\2"),
    (r"^-0$", "0"),
)
"""The replacements that shorten a number, in their order."""


def plain_number(value: str) -> str:
    """Return SQL that writes a number in text as plain digits; null for infinity and for text that is not a number.

    `1.50`, `+1.5` and `15e-1` are all `1.5`.
    """
    number = f"trim({value})"
    result = f"case when contains(lower({number}), 'e') then {_shift(number)} else {number} end"
    return f"case when regexp_full_match({number}, {text(_NUMBER)}) then {shortest_digits(result)} end"


def shortest_digits(number: str) -> str:
    """Return SQL for the shortest form of a number in digits: no superfluous zeros, no plus, no minus before zero."""
    for pattern, kept in _SHORTER:
        number = f"regexp_replace({number}, {text(pattern)}, {text(kept)})"
    return number


def differs_as_float(number: str) -> str:
    """Return SQL that is true if a number in text changes its value as floating point."""
    printed = f"cast(try_cast({number} as double) as varchar)"
    return f"{plain_number(printed)} is distinct from {plain_number(number)}"


def _shift(number: str) -> str:
    """Return SQL for a number with an exponent that moves the point instead."""
    parts = f"regexp_extract({number}, {text(_PARTS)}, ['sign', 'whole', 'rest', 'power'])"
    digits, point = "(p.whole || p.rest)", "(length(p.whole) + cast(p.power as integer))"
    shifted = (
        f"p.sign || case when {point} <= 0 then '0.' || repeat('0', -{point}) || {digits}"
        f" when {point} >= length{digits} then {digits} || repeat('0', {point} - length{digits})"
        f" else left({digits}, {point}) || '.' || substr({digits}, {point} + 1) end"
    )
    return f"list_transform([{parts}], lambda p: {shifted})[1]"
