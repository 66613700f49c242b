"""Compile the WHERE clause of a statement into a function of a row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from salesforce_emulator.keys import fold_case, minds_case
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row
from salesforce_emulator.soql.literals import comparable
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.periods import span
from salesforce_emulator.soql.tokens import make_located_error
from salesforce_emulator.soql.tree import Comparison, Condition, Junction, Negation, Query, SemiJoin, Term

_MOST_JOINS = 2

Test = Callable[[Row], bool]
Inner = Callable[[Query], frozenset[Value]]
Terms = Callable[[Term], tuple[Field, Callable[[Row], Value]]]

_ORDER: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}
_OF_PERIODS: dict[str, Callable[[str, str, str], bool]] = {
    "=": lambda value, first, after: first <= value < after,
    "!=": lambda value, first, after: not first <= value < after,
    "<": lambda value, first, after: value < first,
    "<=": lambda value, first, after: value < after,
    ">": lambda value, first, after: value >= after,
    ">=": lambda value, first, after: value >= first,
}


class Conditions:
    """A compiler for the conditions of one statement.

    `terms` returns the field and the reader of a term. `inner` returns the ids that a subquery finds.
    """

    def __init__(self, statement: str, paths: Paths, inner: Inner, terms: Terms | None = None) -> None:
        self._statement = statement
        self._paths = paths
        self._terms = terms or paths.reader
        self._inner = inner

    def test(self, condition: Condition) -> Test:
        """Return a function that checks whether a row meets the condition. Raises SoqlError."""
        if isinstance(condition, Negation):
            inner = self.test(condition.condition)
            return lambda row: not inner(row)
        if isinstance(condition, Junction):
            self._check_joins(condition)
            tests = [self.test(part) for part in condition.conditions]
            if condition.word == "AND":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        return self._semi_join(condition) if isinstance(condition, SemiJoin) else self._comparison(condition)

    def _check_joins(self, junction: Junction) -> None:
        joins = [part for part in junction.conditions if isinstance(part, SemiJoin)]
        if joins and junction.word == "OR":
            message = "Semi join sub-selects are not allowed with the 'OR' operator"
            raise make_located_error(self._statement, joins[0].path.at, "MALFORMED_QUERY", message)
        if len(joins) > _MOST_JOINS:
            message = f"Maximum {_MOST_JOINS} semi join sub-selects are allowed"
            raise make_located_error(self._statement, joins[_MOST_JOINS].path.at, "MALFORMED_QUERY", message)

    def _semi_join(self, join: SemiJoin) -> Test:
        field, value_of = self._terms(join.path)
        if field.type not in ("id", "reference"):
            message = f"The left operand of a semi-join must be an id or a reference: {field.name}"
            raise make_located_error(self._statement, join.path.at, "INVALID_FIELD", message)
        found = self._inner(join.query)
        return (
            (lambda row: value_of(row) in found) if join.operator == "IN" else (lambda row: value_of(row) not in found)
        )

    def _comparison(self, comparison: Comparison) -> Test:
        field, value_of = self._terms(comparison.term)
        wanted = comparable(self._statement, field, comparison)
        if comparison.literals[0].kind == "period":
            return self._within(field, value_of, comparison.operator, str(wanted[0]))
        compare = _comparer(comparison.operator, wanted, field)
        if minds_case(field):
            return lambda row: compare(value_of(row))
        return lambda row: compare(fold_case(value_of(row)))

    def _within(self, field: Field, value_of: Callable[[Row], Value], operator: str, period: str) -> Test:
        rest = "T00:00:00.000+0000" if field.type == "datetime" else ""
        compare = _OF_PERIODS[operator]

        def test(row: Row) -> bool:
            value = value_of(row)
            first, after = span(period, self._paths.today())
            return operator == "!=" if value is None else compare(str(value), f"{first}{rest}", f"{after}{rest}")

        return test


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
