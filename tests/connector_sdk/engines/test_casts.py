"""Casts of text keep its value or say that they do not, as an oracle in Python says."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from functools import cache

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector_sdk.engines.casts import lossless

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
slow = settings(max_examples=150, deadline=None)

digits = st.integers(0, 10**20).map(str)
numbers = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "-", "+", " ", "00"]),
    digits,
    st.sampled_from(["", ".", ".0", ".5", ".25", ".125", ".00", ".1234567890123456789"]),
    st.sampled_from(["", "", "", "e0", "e3", "E-2", "e+10", "e-30", "e300"]),
    st.just(""),
    st.sampled_from(["", "", " ", "x", "_0"]),
)
texts = numbers | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def is_kept(text: str, type_: str, *, identifies: bool = False) -> bool:
    """Return whether a text is kept, by what the SQL says."""
    query = f"select {lossless('x', type_, identifies=identifies)} from (select ? as x)"
    ((found,),) = _connection().execute(query, [text]).fetchall()
    assert found in (True, False)
    return bool(found)


def exact(text: str) -> Decimal | None:
    """Return the number that a text is, or None."""
    return Decimal(text.strip()) if NUMBER.fullmatch(text) else None


@slow
@given(texts)
@example("9223372036854775807")
@example("9223372036854775808")
@example("7.")
def test_a_whole_number_is_kept_where_it_is_one(text: str) -> None:
    number = exact(text)
    fits = number is not None and number == number.to_integral_value() and -(2**63) <= number < 2**63
    assert is_kept(text, "BIGINT") == fits
    zero = re.match(r"\s*[+-]?0\d", text, re.ASCII)
    assert is_kept(text, "BIGINT", identifies=True) == (fits and not zero)


@slow
@given(texts)
@example("99999999.99")
@example("99999999.995")
def test_a_decimal_is_kept_where_its_type_has_every_digit(text: str) -> None:
    number = exact(text)
    with localcontext() as context:
        context.prec = 400
        fits = number is not None and number * 100 == (number * 100).to_integral_value() and abs(number) < 10**8
    found = is_kept(text, "DECIMAL(10,2)")
    assert found == fits or (not found and "e" in text.lower())  # DuckDB reads not every exponent


@slow
@given(texts | st.floats(allow_nan=False, allow_infinity=False).map(repr))
@example("5e-324")
@example("1e-400")
@example("0.1000000000000000055511151231257827")
def test_floating_point_is_kept_where_it_prints_as_it_is_written(text: str) -> None:
    number = exact(text)
    with localcontext() as context:
        context.prec = 400
        fits = number is not None and abs(number) < Decimal("1.8e308") and Decimal(repr(float(number))) == number
    assert is_kept(text, "DOUBLE") == (fits or text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"))


@slow
@given(
    st.datetimes(),
    st.sampled_from("T "),
    st.text("0123456789", max_size=9),
    st.sampled_from(["", "Z", "+00:00", "-00:00", "+0000", "+00", " UTC", "+02:00", "-05:30", "+0530", " PM", "x"]),
    st.sampled_from(["TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE", "DATE"]),
)
def test_a_moment_is_kept_where_its_type_has_its_fraction_and_its_offset(
    moment: object, between: str, fraction: str, offset: str, type_: str
) -> None:
    text = f"{moment:%Y-%m-%d{between}%H:%M:%S}".zfill(19) + (f".{fraction}" if fraction else "") + offset
    most = {"TIMESTAMP_MS": 3, "DATE": 0}.get(type_, 6)
    kept = not fraction[most:].strip("0") and offset not in (" PM", "x")
    if type_ != "TIMESTAMP WITH TIME ZONE":
        kept = kept and offset in ("", "Z", "+00:00", "-00:00", "+0000", "+00", " UTC")
    if type_ == "DATE":
        kept = kept and text[11:19] == "00:00:00"
    assert is_kept(text, type_) == kept


@pytest.mark.parametrize("type_", ["INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN", "UUID", "INTEGER[]"])
def test_a_null_is_never_kept_nor_an_error(type_: str) -> None:
    query = f"select {lossless('x', type_)} from (select null::varchar as x)"
    assert _connection().execute(query).fetchall() == [(False,)]


@pytest.mark.parametrize(
    ("text", "kept"), [("[2.50, 3.00]", True), ("[2.50,3.00]", True), ("[2.125]", False), ("x", False)]
)
def test_nested_values_are_kept_where_they_print_as_they_are_written(text: str, kept: bool) -> None:
    assert is_kept(text, "DECIMAL(9,2)[]") is kept
