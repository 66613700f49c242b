"""The parser and the periods of date literals alone."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesforce_emulator.soql.parser import parse
from salesforce_emulator.soql.periods import span
from salesforce_emulator.soql.tokens import SoqlError
from salesforce_emulator.soql.tree import Comparison, Junction, Negation


@given(st.text())
def test_any_text_survives_being_quoted(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    where = parse(f"SELECT Id FROM Account WHERE Name = '{quoted}'").where
    assert isinstance(where, Comparison)
    assert where.literals[0].value == text


@given(st.text(max_size=60))
def test_any_statement_is_parsed_or_refused(text: str) -> None:
    for statement in (text, f"SELECT {text}", f"SELECT Id FROM Account WHERE {text}"):
        with suppress(SoqlError):
            parse(statement)


def test_conditions_nest() -> None:
    where = parse("SELECT Id FROM A WHERE NOT (X = 1 AND (Y = 2 OR Z IN (3, 4)))").where
    assert isinstance(where, Negation)
    both = where.condition
    assert isinstance(both, Junction)
    assert (both.word, len(both.conditions)) == ("AND", 2)


def test_escapes_are_read_in_both_cases_and_unknown_ones_refused() -> None:
    where = parse(r"SELECT Id FROM A WHERE X = '\n\T\u0041\\'").where
    assert isinstance(where, Comparison)
    assert where.literals[0].value == "\n\tA\\"
    with pytest.raises(SoqlError, match="Illegal string escape"):
        parse(r"SELECT Id FROM A WHERE X = '\%'")


def test_statements_end_at_100_000_characters() -> None:
    with pytest.raises(SoqlError, match="100000"):
        parse("SELECT Id FROM A WHERE X = '" + "x" * 100_000 + "'")


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("THIS_WEEK", "2026-05-17", "2026-05-24"),
        ("LAST_WEEK", "2026-05-10", "2026-05-17"),
        ("N_WEEKS_AGO:2", "2026-05-03", "2026-05-10"),
        ("LAST_N_WEEKS:2", "2026-05-03", "2026-05-17"),
        ("NEXT_N_WEEKS:2", "2026-05-24", "2026-06-07"),
        ("THIS_MONTH", "2026-05-01", "2026-06-01"),
        ("LAST_N_MONTHS:6", "2025-11-01", "2026-05-01"),
        ("THIS_QUARTER", "2026-04-01", "2026-07-01"),
        ("NEXT_FISCAL_QUARTER", "2026-07-01", "2026-10-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("NEXT_N_YEARS:2", "2027-01-01", "2029-01-01"),
    ],
)
def test_periods_begin_with_sundays_and_first_days(period: str, first: str, after: str) -> None:
    wednesday = date(2026, 5, 20)
    assert span(period, wednesday) == (date.fromisoformat(first), date.fromisoformat(after))
    sunday = date(2026, 5, 17)
    assert span(period, sunday) == span(period, wednesday)
