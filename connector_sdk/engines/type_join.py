"""Find a type that holds the values of several types without loss. If the types do not suffice, the values decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from attrs import frozen

from connector_sdk.engines.relation import Column

Holds = Callable[[int, str], bool]
"""A function that returns whether a SQL condition holds for every row of the part with a number."""

_INTEGERS = {
    "TINYINT": (3, True), "SMALLINT": (5, True), "INTEGER": (10, True), "BIGINT": (19, True),
    "UTINYINT": (3, False), "USMALLINT": (5, False), "UINTEGER": (10, False), "UBIGINT": (20, False),
}  # fmt: skip
"""The digits of each integer type, and whether it has a sign."""

_SIGNED = ("SMALLINT", "INTEGER", "BIGINT", "DECIMAL(38,0)")
_FLOATS = ("FLOAT", "DOUBLE")
_MOMENTS = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS")
_INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOST_DIGITS = 38
_EXACT = {"FLOAT": 2**24, "DOUBLE": 2**53}
"""The number up to which a floating-point type has every integer."""


@frozen
class Joined:
    """The common type of columns of several types."""

    type: str

    def cast(self, column: Column) -> str:
        """Return SQL for a column's values in this type. A FLOAT becomes the DOUBLE with the same decimal text."""
        if column.type == self.type:
            return column.value
        value = f"cast({column.value} as varchar)" if column.type == "FLOAT" else column.value
        return f"cast({value} as {self.type})"


def join_types(columns: Sequence[Column], holds: Holds) -> Joined | None:
    """Return the type that holds the values of all columns, one from each part; None if there is no such type.

    A column with only nulls fits every type.
    """
    if _are_same(columns):
        return Joined(columns[0].type)
    given = [number for number, each in enumerate(columns) if not holds(number, f"{each.value} is null")]
    there = {number: columns[number] for number in given}
    if not there:
        return Joined(columns[0].type)
    if _are_same(list(there.values())):
        return Joined(there[given[0]].type)
    types = {each.type for each in there.values()}
    for join in (_join_integers, _join_decimals, _join_moments):
        if type_ := join(types):
            lossy = (number for number, each in there.items() if not holds(number, _keeps(each, type_)))
            return Joined(type_) if next(lossy, None) is None else None
    return _join_floats(types, there, holds)


def _are_same(columns: Sequence[Column]) -> bool:
    """Return whether columns have one type. Decimals that are read as text differ from text in the files."""
    return len({(each.type, bool(each.written)) for each in columns}) == 1


def _keeps(column: Column, type_: str) -> str:
    """Return SQL that is true if a cast loses nothing: `true` if the type holds every value of the column's type."""
    if _holds_all(column.type, type_):
        return "true"
    back = f"try_cast(try_cast({column.value} as {type_}) as {column.type})"
    return f"{back} is not distinct from {column.value}"


def _holds_all(type_: str, wider: str) -> bool:
    if type_ == wider or (type_ in _MOMENTS[:3] and wider in ("TIMESTAMP", *_INSTANTS)):
        return True
    digits, scale = _digits(type_), _digits(wider)
    if digits is None or scale is None:
        return False
    return digits[0] - digits[1] <= scale[0] - scale[1] and digits[1] <= scale[1]


def _digits(type_: str) -> tuple[int, int] | None:
    """Return the digits of an exact numeric type, and how many of them are after the point; None for other types."""
    if type_ in _INTEGERS:
        return _INTEGERS[type_][0], 0
    found = _DECIMAL.fullmatch(type_)
    return (int(found[1]), int(found[2])) if found else None


def _join_integers(types: Collection[str]) -> str | None:
    if not all(each in _INTEGERS for each in types):
        return None
    digits = {each: _INTEGERS[each][0] for each in types}
    widest = max(types, key=lambda each: digits[each])
    signs = {_INTEGERS[each][1] for each in types}
    if len(signs) == 1:
        return widest
    signed = max(digits[each] for each in types if _INTEGERS[each][1])
    unsigned = max(digits[each] for each in types if not _INTEGERS[each][1])
    return next(each for each in _SIGNED if _whole(each) >= signed and _whole(each) > unsigned)


def _whole(type_: str) -> int:
    return _INTEGERS[type_][0] if type_ in _INTEGERS else _MOST_DIGITS


def _join_decimals(types: Collection[str]) -> str | None:
    """Return a decimal type with room for all digits on both sides of the point, but of at most 38 digits.

    If 38 digits are too few for the types, they may suffice for the values. None if a type is not an exact number.
    """
    digits = [_digits(each) for each in types]
    known = [each for each in digits if each is not None]
    if len(known) < len(digits):
        return None
    scale = max(scale for _, scale in known)
    whole = max(width - scale for width, scale in known)
    return f"DECIMAL({min(whole + scale, _MOST_DIGITS)},{scale})"


def _join_moments(types: Collection[str]) -> str | None:
    if all(each in _MOMENTS for each in types):
        return "TIMESTAMP"
    return "TIMESTAMP WITH TIME ZONE" if all(each in (*_MOMENTS, *_INSTANTS) for each in types) else None


def _join_floats(types: Collection[str], columns: dict[int, Column], holds: Holds) -> Joined | None:
    """Join floating point with integers, if floating point has every integer up to the largest of them; else None."""
    if not all(each in _INTEGERS or each in _FLOATS for each in types):
        return None
    most = _EXACT["DOUBLE" if "DOUBLE" in types else "FLOAT"]
    for number, each in columns.items():
        exact = f"{each.value} is null or {each.value} between -{most} and {most}"
        if each.type in _INTEGERS and 10 ** _INTEGERS[each.type][0] > most and not holds(number, exact):
            return None
    return Joined("DOUBLE")
