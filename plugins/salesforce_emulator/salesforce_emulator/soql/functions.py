"""Functions of a field. SOQL and SOSL Reference, "Aggregate Functions", "Date Functions", "toLabel()", "FORMAT()"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from salesforce_emulator.keys import fold_case
from salesforce_emulator.org.model import Field, Value

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_NUMERIC = frozenset({"int", "long", "double", "currency", "percent"})
_OF_NUMBERS = frozenset({"SUM", "AVG"})


def _day(value: Value) -> date:
    return date.fromisoformat(str(value)[:10])


def _week(value: Value) -> int:
    return (_day(value).timetuple().tm_yday - 1) // 7 + 1


_DATES: dict[str, tuple[str, Callable[[Value], Value]]] = {
    "CALENDAR_YEAR": ("int", lambda value: _day(value).year),
    "CALENDAR_QUARTER": ("int", lambda value: (_day(value).month + 2) // 3),
    "CALENDAR_MONTH": ("int", lambda value: _day(value).month),
    "DAY_IN_YEAR": ("int", lambda value: _day(value).timetuple().tm_yday),
    "DAY_IN_MONTH": ("int", lambda value: _day(value).day),
    "DAY_IN_WEEK": ("int", lambda value: _day(value).isoweekday() % 7 + 1),
    "WEEK_IN_YEAR": ("int", _week),
    "WEEK_IN_MONTH": ("int", lambda value: (_day(value).day - 1) // 7 + 1),
    "DAY_ONLY": ("date", lambda value: str(value)[:10]),
    "HOUR_IN_DAY": ("int", lambda value: int(str(value)[11:13])),
}
_DATES |= {f"FISCAL_{unit}": _DATES[f"CALENDAR_{unit}"] for unit in ("YEAR", "QUARTER", "MONTH")}
_TEXTS = frozenset({"TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE"})
SCALARS: dict[str, str] = {name: type_ for name, (type_, _) in _DATES.items()} | dict.fromkeys(_TEXTS, "")


def fits(name: str, field: Field) -> bool:
    """Return whether a function can be applied to a field."""
    if name in _DATES:
        return field.type in ("date", "datetime")
    return name not in _OF_NUMBERS or field.type in _NUMERIC


def scalar(name: str, field: Field) -> Callable[[Value], Value]:
    """Return the Python function that computes a SOQL function of one value."""
    if name in _DATES:
        of_day = _DATES[name][1]
        return lambda value: None if value is None else of_day(value)
    if name == "TOLABEL":
        labels: dict[Value, Value] = {value.value: value.label for value in field.picklist_values}
        return lambda value: labels.get(value, value)
    if name == "FORMAT":
        return lambda value: None if value is None else str(value)
    return lambda value: value


def type_of(name: str, field: Field) -> str:
    """Return the type of a function's result."""
    if name in ("COUNT", "COUNT_DISTINCT"):
        return "int"
    if name in _OF_NUMBERS:
        return "double"
    return SCALARS.get(name) or field.type


def _comparable(value: Value) -> Any:
    return fold_case(value)


def aggregate(name: str, values: Sequence[Value]) -> Value:
    """Return the result of an aggregate function for the values of a group. Empty values do not count."""
    filled: list[Any] = [value for value in values if value is not None]
    if name == "COUNT":
        return len(filled)
    if name == "COUNT_DISTINCT":
        return len({fold_case(value) for value in filled})
    if not filled:
        return None
    if name in ("MIN", "MAX"):
        ordered: list[Value] = sorted(filled, key=_comparable)
        return ordered[0 if name == "MIN" else -1]
    total = float(sum(filled))
    return total if name == "SUM" else total / len(filled)
