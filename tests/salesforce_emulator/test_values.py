"""How the values of fields are read."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.values import WrongType, reader


def read(type_: str, raw: object, **flags: object) -> Value:
    field = Field(type=type_, name="X__c", label="X", **{"length": 20, **flags})  # type: ignore[arg-type]
    return reader(field)(raw)


@given(st.datetimes(datetime(1800, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC)))
def test_a_datetime_survives_in_utc_to_the_millisecond(moment: datetime) -> None:
    held = read("datetime", moment.isoformat())
    assert isinstance(held, str)
    assert datetime.fromisoformat(held) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert read("datetime", held) == held


@pytest.mark.rule("V12")
@pytest.mark.parametrize("type_", ["double", "currency", "percent"])
@given(number=st.decimals(-(10**9), 10**9, places=6))
def test_a_number_keeps_the_decimals_that_its_field_does_not_show(type_: str, number: Decimal) -> None:
    assert read(type_, f"{number:f}", precision=18, scale=2) == float(number)


@pytest.mark.rule("V12")
@pytest.mark.parametrize("raw", ["9999999999999999.99", "-9999999999999999.9999", 0.30000000000000004, "1e-7", "1E+15"])
def test_a_number_is_refused_by_its_digits_before_the_point_alone(raw: object) -> None:
    assert read("currency", raw, precision=18, scale=2) == float(str(raw))


@pytest.mark.parametrize("raw", ["NaN", "INF", "1,5", "", "0x1", "1_000", "--1", True, None, []])
def test_what_is_no_number_is_of_the_wrong_type(raw: object) -> None:
    with pytest.raises(WrongType):
        read("currency", raw, precision=18)


@pytest.mark.parametrize("raw", ["1e16", "12345678901234567.89", "1e400", math.inf])
def test_a_number_beyond_its_precision_is_refused(raw: object) -> None:
    with pytest.raises((RowRefused, WrongType)):
        read("currency", raw, precision=18, scale=2)


@pytest.mark.parametrize("raw", ["2024-02-30", "20240229", "29.02.2024", "2024-02-29T00:00:00Z", 5])
def test_what_is_no_date_is_of_the_wrong_type(raw: object) -> None:
    with pytest.raises(WrongType):
        read("date", raw)


def test_dates_end_somewhere() -> None:
    with pytest.raises(RowRefused, match="invalid date"):
        read("date", "1000-01-01")
    assert read("date", "2024-02-29") == "2024-02-29"


@given(st.text(min_size=1, max_size=20))
def test_text_is_trimmed_and_empty_text_is_null(text: str) -> None:
    assert read("string", text) == (text.strip() or None)


def test_length_counts_characters_not_bytes() -> None:
    assert read("string", "😀" * 20) == "😀" * 20
    with pytest.raises(RowRefused) as caught:
        read("string", "😀" * 21)
    assert caught.value.fault.code == "STRING_TOO_LONG"


@pytest.mark.parametrize(
    ("raw", "expected"), [("TRUE", True), ("false", False), ("1", True), ("0", False), (True, True)]
)
def test_booleans_are_read_in_both_spellings(raw: object, expected: bool) -> None:
    assert read("boolean", raw) is expected


@pytest.mark.parametrize("raw", ["yes", "", 1, None])
def test_other_words_are_no_booleans(raw: object) -> None:
    with pytest.raises(WrongType):
        read("boolean", raw)


@pytest.mark.parametrize("raw", ["a@b.example", "a+b@c.d.example", "A@B.EXAMPLE"])
def test_emails_are_kept_in_lower_case(raw: str) -> None:
    assert read("email", raw) == raw.lower()


@pytest.mark.parametrize("raw", ["a", "a@b", "a b@c.example", "@b.example", "a@b.c,d@e.f"])
def test_other_text_is_no_email(raw: str) -> None:
    with pytest.raises(RowRefused, match="invalid email address"):
        read("email", raw)
