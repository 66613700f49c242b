"""Date literals such as `TODAY` and `LAST_N_DAYS:3`.

SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE". Days are in UTC, weeks begin on Sunday, and fiscal
years are calendar years.
"""

from __future__ import annotations

from datetime import date, timedelta

_UNITS = {"DAY": "D", "WEEK": "W", "MONTH": "M", "QUARTER": "Q", "YEAR": "Y"}
_UNITS |= {"FISCAL_QUARTER": "Q", "FISCAL_YEAR": "Y"}
_FIXED = {"YESTERDAY": ("D", -1, 0), "TODAY": ("D", 0, 1), "TOMORROW": ("D", 1, 2)}
for _name, _unit in _UNITS.items():
    if _unit != "D":
        _FIXED |= {f"LAST_{_name}": (_unit, -1, 0), f"THIS_{_name}": (_unit, 0, 1), f"NEXT_{_name}": (_unit, 1, 2)}
_COUNTED = {
    f"{before}{name}S{after}": (unit, before)
    for name, unit in _UNITS.items()
    for before, after in (("LAST_N_", ""), ("NEXT_N_", ""), ("N_", "_AGO"))
}
PERIODS = frozenset({*_FIXED, *_COUNTED, "LAST_90_DAYS", "NEXT_90_DAYS"})


def takes_number(name: str) -> bool:
    """Return whether a number follows the literal, as in `LAST_N_DAYS:3`."""
    return name in _COUNTED


def span(period: str, today: date) -> tuple[date, date]:
    """Return the first day of a period, and the first day after it."""
    name, _, number = period.partition(":")
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        name, number = name.replace("90", "N"), "90"
    if name in _FIXED:
        unit, first, last = _FIXED[name]
        return _begin(today, unit, first), _begin(today, unit, last)
    unit, before = _COUNTED[name]
    count = int(number)
    if before == "NEXT_N_":
        return _begin(today, unit, 1), _begin(today, unit, count + 1)
    # LAST_N_DAYS includes today. The other LAST_N_ literals end before the current week, month, quarter or year.
    if before == "LAST_N_":
        return _begin(today, unit, -count), _begin(today, unit, 1 if unit == "D" else 0)
    return _begin(today, unit, -count), _begin(today, unit, 1 - count)


def _begin(today: date, unit: str, offset: int) -> date:
    """Return the first day of the unit that is `offset` units away."""
    if unit == "D":
        return today + timedelta(offset)
    if unit == "W":
        return today - timedelta((today.weekday() + 1) % 7) + timedelta(7 * offset)
    size = {"M": 1, "Q": 3, "Y": 12}[unit]
    month = (today.year * 12 + today.month - 1) // size * size + offset * size
    return date(month // 12, month % 12 + 1, 1)
