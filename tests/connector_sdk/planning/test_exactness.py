"""Properties of conversions: nothing is rounded, nothing is altered, nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import Field, FieldType

from .convert import convert_column

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
slow = settings(max_examples=30, deadline=None)


def _digits(number: Decimal) -> int:
    return len(f"{number:f}".partition(".")[2].rstrip("0"))


@slow
@given(st.decimals(allow_nan=False, allow_infinity=False, places=12), st.integers(0, 12))
def test_a_decimal_in_text_keeps_every_digit_or_is_refused(number: Decimal, scale: int) -> None:
    field = Field(name="f", type=FieldType.DECIMAL, precision=38, scale=scale)
    (found,) = convert_column(field, pa.string(), [f"{number:f}"])
    fits = _digits(number) <= scale and abs(number) < 10 ** (38 - scale)
    assert found.value == (number if fits else None)
    assert (found.code == "BAD_VALUE") is not fits


@slow
@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 38), st.integers(0, 12))
def test_a_decimal_column_keeps_every_digit_or_is_refused(digits: int, given_scale: int, scale: int) -> None:
    number = Decimal(digits).scaleb(-given_scale) if abs(digits) < 10**28 else Decimal(f"{digits}e-{given_scale}")
    field = Field(name="f", type=FieldType.DECIMAL, precision=38, scale=scale)
    (found,) = convert_column(field, pa.decimal128(38, given_scale), [number])
    fits = _digits_exact(digits, given_scale) <= scale and abs(digits) < 10 ** (38 - scale + given_scale)
    assert (found.value is not None) == fits
    assert found.value is None or (found.value - number).is_zero()


def _digits_exact(digits: int, scale: int) -> int:
    while scale and digits % 10 == 0:
        digits, scale = digits // 10, scale - 1
    return scale


@slow
@given(st.floats())
def test_a_float_becomes_the_number_that_it_shows_or_is_refused(number: float) -> None:
    (found,) = convert_column(Field(name="f", type=FieldType.DECIMAL, precision=38, scale=10), pa.float64(), [number])
    assert found.value is None or found.value == Decimal(repr(number))
    assert (found.value is None) == (found.code == "BAD_VALUE")


@slow
@given(st.lists(ANY_TEXT, min_size=1, max_size=8))
def test_text_survives_byte_for_byte(values: list[str]) -> None:
    assert [each.value for each in convert_column(Field(name="f", type=FieldType.TEXT), pa.string(), values)] == values


@slow
@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.integers(-15 * 60, 15 * 60),
    st.sampled_from("T "),
)
def test_a_moment_in_text_is_that_moment_whatever_its_zone(moment: datetime, minutes: int, between: str) -> None:
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    text = moment.isoformat(sep=between, timespec="microseconds") + zone
    (found,) = convert_column(Field(name="f", type=FieldType.DATETIME), pa.string(), [text])
    wanted = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert found.value is not None, found
    assert found.value.astimezone(UTC) == wanted.astimezone(UTC)


@slow
@given(ANY_TEXT, st.sampled_from([each for each in FieldType if each not in (FieldType.BINARY, FieldType.LIST)]))
def test_no_text_at_all_ends_a_run(text: str, kind: FieldType) -> None:
    field = Field(
        name="f", type=kind, precision=9, scale=2, length=5, values=("a", "b"), restricted=kind is FieldType.CHOICES
    )
    (found,) = convert_column(field, pa.string(), [text])
    assert (found.code is None) == (found.message is None)
    assert found.code is None or found.value is None


@slow
@given(ANY_TEXT, st.integers(1, 10))
def test_truncated_text_is_the_beginning_of_it(text: str, length: int) -> None:
    field = Field(name="f", type=FieldType.TEXT, length=length)
    (cut,) = convert_column(field, pa.string(), [text], truncate=True)
    (whole,) = convert_column(field, pa.string(), [text])
    assert cut.value == text[:length]
    assert whole.code == ("TOO_LONG" if len(text) > length else None)
