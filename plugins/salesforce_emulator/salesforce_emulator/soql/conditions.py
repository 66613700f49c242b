"""Turn the WHERE of a statement into a function of a row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from salesforce_emulator.keys import folded, minds_case
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row
from salesforce_emulator.soql.literals import comparable
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.tree import Comparison, Condition, Junction, Negation

Test = Callable[[Row], bool]

_ORDER: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}


def test_of(condition: Condition, paths: Paths, statement: str) -> Test:
    """A function that says whether a row meets the condition."""
    if isinstance(condition, Negation):
        inner = test_of(condition.condition, paths, statement)
        return lambda row: not inner(row)
    if isinstance(condition, Junction):
        tests = [test_of(part, paths, statement) for part in condition.conditions]
        if condition.word == "AND":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)
    return _comparison(condition, paths, statement)


def _comparison(comparison: Comparison, paths: Paths, statement: str) -> Test:
    field, value_of = paths.reader(comparison.path)
    wanted = comparable(statement, field, comparison)
    compare = _comparer(comparison.operator, wanted, field)
    if minds_case(field):
        return lambda row: compare(value_of(row))
    return lambda row: compare(folded(value_of(row)))


def _comparer(word: str, wanted: list[Value], field: Field) -> Callable[[Value], bool]:
    first, several = wanted[0], frozenset(wanted)
    if word in ("=", "!="):
        return (lambda value: value == first) if word == "=" else (lambda value: value != first)
    if word in ("IN", "NOT IN"):
        return (lambda value: value in several) if word == "IN" else (lambda value: value not in several)
    if word == "LIKE":
        pattern = _like(str(first))
        return lambda value: value is not None and pattern.match(str(value)) is not None
    if word in ("INCLUDES", "EXCLUDES"):
        chosen = [set(str(value).split(";")) for value in wanted]
        includes = word == "INCLUDES"
        return lambda value: _includes(value, chosen) is includes
    compare = _ORDER[word]
    return lambda value: value is not None and first is not None and compare(value, first)


def _includes(value: Value, chosen: list[set[str]]) -> bool:
    held = set(str(value).split(";")) if value is not None else set()
    return any(group <= held for group in chosen)


def _like(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\[_%]|[_%])", text)
    signs = {"_": ".", "%": ".*", "\\_": "_", "\\%": "%"}
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts) + r"\Z", re.DOTALL)
