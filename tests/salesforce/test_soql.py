from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from connector_salesforce.org import soql
from hypothesis import given
from hypothesis import strategies as st

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[nrtbf\"'\\])")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def parse_literal(literal: str) -> str:
    """Read a literal as the SOQL reference says; raise for a syntax error."""
    assert literal[0] == literal[-1] == "'"
    inner, text, place = literal[1:-1], "", 0
    while place < len(inner):
        assert inner[place] != "'", "the literal ends too early"
        if inner[place] != "\\":
            text, place = text + inner[place], place + 1
            continue
        escape = _ESCAPE.match(inner, place)
        assert escape, "a backslash before anything else is a syntax error"
        said = escape[1]
        text += chr(int(said[1:], 16)) if said[0] == "u" else _LETTERS.get(said, said)
        place = escape.end()
    return text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    assert parse_literal(soql.literal(text)) == text


@given(st.lists(st.sampled_from(["'", "\\", "\n", "x", '"', "\x00", " OR Name LIKE '%'"])).map("".join))
def test_no_text_ends_a_literal_early(text: str) -> None:
    assert parse_literal(soql.literal(text)) == text


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (False, "FALSE"),
        (7, "7"),
        (Decimal("12345678901234567.890"), "12345678901234567.890"),
        (Decimal("1E+3"), "1000"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 10, 15, 30, 123_456, tzinfo=UTC), "2024-02-29T10:15:30.123Z"),
        (time(10, 15, 30), "10:15:30.000Z"),
    ],
)
def test_other_values_are_written_without_quotes(value: soql.Value, literal: str) -> None:
    assert soql.literal(value) == literal


@pytest.mark.parametrize("name", ["", "a b", "Id; DELETE", "1x", "a'", "a..b", "Id\n"])
def test_what_is_no_name_never_becomes_part_of_a_query(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        soql.select(["Id"], name)


def test_a_query_is_put_together_from_names_and_literals() -> None:
    query = soql.select(["Id", "Owner.Name"], "ns__Thing__c", soql.is_in("Key__c", ["a'b", "c"]))
    assert query == r"SELECT Id, Owner.Name FROM ns__Thing__c WHERE Key__c IN ('a\'b','c')"
