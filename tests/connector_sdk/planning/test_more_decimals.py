"""Decimals that a field stores and does not show: sent as they are, or rounded where the mapping says so."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import ConfigError, Field, FieldMapping, FieldType, Level, Match, Mode, OnNull
from connector_sdk.planning.mapping.conversions import convert_key
from connector_sdk.planning.mapping.fingerprints import fingerprint

from .bench import Bench, map_fields, people
from .convert import convert_column

pytestmark = pytest.mark.rule("V12")

STORING = Field(name="score", type=FieldType.DECIMAL, precision=18, scale=2, stores_more_decimals=True)
SHOWING = Field(name="score", type=FieldType.DECIMAL, precision=18, scale=2)
FLOAT, DOUBLE = pa.float32(), pa.float64()


def decimals(precision: int, scale: int) -> pa.DataType:
    return pa.decimal128(precision, scale)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (DOUBLE, [0.1 + 0.2, 1 / 3, 390.111, -0.0, 1e-7, -1e-7, 5e-324, 9999999999999998.0, 123456789012345.67]),
        (FLOAT, [0.5, 16777216.0, 1e-45]),
        (decimals(18, 3), [Decimal("123456789012345.678"), Decimal("-0.001")]),
        (decimals(38, 20), [Decimal("0.00000000000000000001"), Decimal("999999999999999999.5") / 1000]),
        (decimals(38, 38), [Decimal("0." + "1" * 38)]),
    ],
)
def test_a_number_column_is_sent_as_it_is(type_: pa.DataType, values: list[Any]) -> None:
    found = convert_column(STORING, type_, values)
    assert [each.code for each in found] == [None] * len(values)
    stored = pa.array(values, type_).to_pylist()
    assert [each.value for each in found] == stored


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (DOUBLE, 1e16),
        (DOUBLE, -1e20),
        (DOUBLE, float("nan")),
        (DOUBLE, float("-inf")),
        (FLOAT, 1e16),
        (FLOAT, float("nan")),
        (decimals(19, 2), Decimal("12345678901234567.89")),
        (decimals(38, 0), Decimal("-10000000000000000")),
        (pa.int64(), 10**16),
        (pa.string(), "10000000000000000.001"),
    ],
)
def test_what_is_refused_has_more_digits_before_the_point_or_is_no_number(type_: pa.DataType, value: Any) -> None:
    (found,) = convert_column(STORING, type_, [value])
    assert found.code == "BAD_VALUE"
    assert found.message
    assert "it takes a number with at most 16 digits before the point" in found.message


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.30000000000000004", "0.30000000000000004"),
        ("-1234567890123456.1234567890123456789012", "-1234567890123456.1234567890123456789012"),
        ("+007.50", "7.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("0." + "0" * 30, "0"),
        ("0." + "0" * 22 + "1", None),
        ("1e2", None),
        ("1,5", None),
        ("NaN", None),
        (" 1", None),
    ],
)
def test_text_is_read_to_its_last_digit_or_refused(text: str, number: str | None) -> None:
    (found,) = convert_column(STORING, pa.string(), [text])
    assert found.value == (None if number is None else Decimal(number))
    assert number is not None or "16 digits before the point and 22 after it" in str(found.message)


@pytest.mark.parametrize("field", [STORING, SHOWING], ids=["a field that stores more", "a field that does not"])
@pytest.mark.parametrize(
    ("type_", "value", "rounded"),
    [
        (DOUBLE, 2.675, "2.68"),
        (DOUBLE, -2.675, "-2.68"),
        (DOUBLE, 1.005, "1.01"),
        (DOUBLE, 0.1 + 0.2, "0.3"),
        (DOUBLE, 0.005, "0.01"),
        (DOUBLE, 1e-7, "0"),
        (DOUBLE, -0.0, "0"),
        (DOUBLE, 1.25e-1, "0.13"),
        (DOUBLE, 1e20, None),
        (DOUBLE, float("nan"), None),
        (FLOAT, 2.675, "2.68"),
        (FLOAT, 0.1, "0.1"),
        (decimals(18, 3), Decimal("-0.005"), "-0.01"),
        (decimals(38, 20), Decimal("0.00499999999999999999"), "0"),
        (decimals(18, 2), Decimal("0.1"), "0.1"),
        (pa.string(), "2.6749999", "2.67"),
        (pa.string(), "2.675", "2.68"),
        (pa.string(), "9999999999999999.995", None),
        (pa.string(), "1e2", None),
        (pa.int64(), 7, "7"),
    ],
)
def test_rounding_is_half_up_by_the_digits_that_a_number_shows(
    field: Field, type_: pa.DataType, value: Any, rounded: str | None
) -> None:
    (found,) = convert_column(field, type_, [value], rounds=True)
    assert found.value == (None if rounded is None else Decimal(rounded)), found


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e15, 1e15), st.integers(0, 8))
def test_rounding_never_goes_through_floating_point(number: float, scale: int) -> None:
    field = Field(name="f", type=FieldType.DECIMAL, precision=30, scale=scale, stores_more_decimals=True)
    (found,) = convert_column(field, DOUBLE, [number], rounds=True)
    assert found.value == Decimal(repr(number)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def test_a_key_is_exact_whatever_the_field_stores() -> None:
    assert convert_key("v", "DOUBLE", STORING) == convert_key("v", "DOUBLE", SHOWING)
    (check,) = convert_key("v", "DECIMAL(18,4)", STORING).checks
    assert "2 after it" in check.message


def make_scores(values: Sequence[Any], type_: pa.DataType) -> pa.Table:
    keys = [f"e{number}" for number in range(len(values))]
    return pa.table({"k": keys, "e": keys, "n": keys, "s": pa.array(values, type_)})


def scores(bench: Bench) -> list[Decimal | None]:
    return [each["score"] for each in bench.store.records("people")]


@pytest.mark.parametrize("api", ["call", "two_phase", "leased_job"])
@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (DOUBLE, [0.1 + 0.2, 1e-05, -2.5, None]),
        (FLOAT, [0.1, -0.0, None]),
        (decimals(38, 20), [Decimal("0.1"), Decimal("0.00000000000000000001"), None]),
        (pa.string(), ["0.30000000000000004", "7", None]),
    ],
)
def test_what_is_stored_is_what_the_model_holds(bench: Bench, api: str, type_: pa.DataType, values: list[Any]) -> None:
    bench.change(fields=map_fields(name="n", score="s"), delivery=bench.sync.delivery.__class__(api=api))
    assert set(bench.run(make_scores(values, type_)).ledger.values()) == {"succeeded"}
    shown = {DOUBLE: repr, FLOAT: lambda each: f"{each:.7g}"}.get(type_, str)
    assert scores(bench) == [None if each is None else Decimal(shown(each)) for each in values]
    assert bench.run(make_scores(values, type_)).ledger == {}


def read_warnings(bench: Bench, rows: pa.Table) -> list[tuple[str, str]]:
    """Return the warnings of a plan, each with its advice."""
    return [(each.message, each.advice) for each in bench.plan(rows).findings if each.level is Level.WARNING]


def test_the_plan_says_once_how_many_rows_have_more_decimals_and_what_to_do(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", score="s", balance="b"))
    rows = make_scores([0.12345, 0.1234, 1.0, float("nan"), 123456789012.3456, None, 1e-7], DOUBLE)
    rows = rows.append_column("b", pa.array([1.5] * 7))
    ((message, advice),) = read_warnings(bench, rows)
    assert message == "score shows 4 decimals, and 2 rows have more, which are stored as well"
    assert advice == "set round: true on it to round them, or give the field more decimals"


@pytest.mark.parametrize(
    ("type_", "values", "rows"),
    [
        (decimals(18, 4), [Decimal("0.1234")], 0),
        (decimals(18, 5), [Decimal("0.12345"), Decimal("0.1234")], 1),
        (decimals(38, 38), [Decimal("0.12345"), Decimal("0.1234")], 1),
        (FLOAT, [0.12345, 0.1234], 1),
        (pa.string(), ["0.12345", "0.1234", "7"], 1),
        (pa.int64(), [1, 2], 0),
    ],
)
def test_only_decimals_that_are_not_shown_are_worth_a_word(
    bench: Bench, type_: pa.DataType, values: list[Any], rows: int
) -> None:
    bench.change(fields=map_fields(name="n", score="s"))
    assert len(read_warnings(bench, make_scores(values, type_))) == rows


def rounding(**more: Any) -> tuple[FieldMapping, ...]:
    return (*map_fields(name="n"), FieldMapping(field="score", column="s", round=True, **more))


def test_a_mapping_that_rounds_sends_rounded_numbers_and_warns_of_nothing(bench: Bench) -> None:
    bench.change(fields=rounding())
    rows = make_scores([2.00005, -2.00005, 0.1 + 0.2, None], DOUBLE)
    assert read_warnings(bench, rows) == []
    bench.run(rows)
    assert scores(bench) == [Decimal("2.0001"), Decimal("-2.0001"), Decimal("0.3"), None]


def test_saying_that_a_field_is_rounded_changes_every_row_and_leaving_it_unsaid_changes_none(bench: Bench) -> None:
    rows = make_scores([0.12345, 0.5], DOUBLE)
    bench.change(fields=map_fields(name="n", score="s"))
    bench.run(rows)
    assert bench.run(rows).ledger == {}
    bench.change(fields=rounding())
    assert bench.run(rows).ledger == {"e0": "succeeded", "e1": "succeeded"}
    assert scores(bench) == [Decimal("0.1235"), Decimal("0.5")]
    assert bench.run(rows).ledger == {}


@pytest.mark.parametrize(
    ("mapping", "type_", "known"),
    [
        (FieldMapping(field="f", column="amount"), FieldType.DECIMAL, "d159a2cf80ffec12"),
        (FieldMapping(field="f", value="x"), FieldType.TEXT, "6e4f8235aff6ad7a"),
    ],
)
def test_a_mapping_that_an_earlier_version_knew_keeps_its_fingerprint(
    mapping: FieldMapping, type_: FieldType, known: str
) -> None:
    """State holds these: with another fingerprint every row would be sent again."""
    assert fingerprint(mapping, (), type_) == known
    assert fingerprint(FieldMapping(field="f", column="amount", round=True), (), FieldType.DECIMAL) != known


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ("about", "about has no decimals that could be rounded"),
        ("age", "age has no decimals that could be rounded"),
        ("mentor", "mentor has no decimals that could be rounded"),
    ],
)
def test_only_numbers_with_decimals_can_be_rounded(bench: Bench, field: str, why: str) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field=field, column="x", round=True)))
    with pytest.raises(ConfigError) as raised:
        bench.plan([{"k": "1", "e": "a", "n": "Ann", "x": None}])
    (problem,) = raised.value.problems
    assert (problem.message, problem.path[-2:], problem.hint) == (why, (field, "round"), "remove round")


def test_what_records_are_found_by_is_not_rounded(bench: Bench) -> None:
    bench.sync = people(
        Mode.UPDATE, match=Match("badge", "b"), fields=(FieldMapping(field="badge", column="b", round=True),)
    )
    with pytest.raises(ConfigError, match="badge has no decimals"):
        bench.plan([{"k": "1", "b": "7"}])


@pytest.mark.parametrize(
    ("value", "rounds", "stored"),
    [
        (Decimal("1.23456"), False, "1.23456"),
        (Decimal("1E-7"), False, "0.0000001"),
        (Decimal("1.23456"), True, "1.2346"),
        (7, False, "7"),
    ],
)
def test_a_constant_follows_the_same_rules(bench: Bench, value: Any, rounds: bool, stored: str) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="score", value=value, round=rounds)))
    bench.run([{"k": "1", "e": "a", "n": "Ann"}])
    assert scores(bench) == [Decimal(stored)]


def test_a_constant_with_more_digits_before_the_point_is_a_problem_of_the_mapping(bench: Bench) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="score", value=Decimal("1E20"), null=OnNull.CLEAR)))
    with pytest.raises(ConfigError, match="14 digits before the point"):
        bench.plan([{"k": "1", "e": "a", "n": "Ann"}])
