"""Every kind of column into every kind of field: exactly, or not at all and with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import Field, FieldType
from connector_sdk.planning.mapping.misfits import MisfitError

from .convert import TYPES, Converted, convert_column

FIELDS = {
    each: Field(name=f"the_{each}", type=each, precision=18 if each is FieldType.DECIMAL else None, scale=2)
    for each in FieldType
}
TEXTUAL = {FieldType.TEXT, FieldType.CHOICE, FieldType.CHOICES, FieldType.REFERENCE}
NUMERIC = {"text", "tiny", "whole", "unsigned", "decimal", "float", "double", "nothing"}
SCALAR = NUMERIC | {"boolean", "date", "timestamp", "nanoseconds", "instant", "zoned", "time"}
FITTING = {
    **dict.fromkeys(TEXTUAL, SCALAR),
    FieldType.TEXT: SCALAR | {"nested", "struct"},
    FieldType.CHOICES: SCALAR | {"nested"},
    FieldType.INTEGER: NUMERIC,
    FieldType.DECIMAL: NUMERIC,
    FieldType.FLOAT: NUMERIC,
    FieldType.BOOLEAN: NUMERIC | {"boolean"},
    FieldType.DATE: {"text", "date", "nothing"},
    FieldType.DATETIME: {"text", "timestamp", "nanoseconds", "instant", "zoned", "nothing"},
    FieldType.TIME: {"text", "time", "nothing"},
    FieldType.BINARY: {"binary"},
    FieldType.LIST: {"nested"},
    FieldType.JSON: SCALAR | {"nested", "struct"},
}
PYTHON: dict[FieldType, type] = {
    FieldType.INTEGER: int,
    FieldType.DECIMAL: Decimal,
    FieldType.FLOAT: float,
    FieldType.BOOLEAN: bool,
    FieldType.DATE: date,
    FieldType.DATETIME: datetime,
    FieldType.TIME: time,
    FieldType.BINARY: bytes,
    FieldType.LIST: list,
}


@pytest.mark.parametrize("column", TYPES)
@pytest.mark.parametrize("kind", FieldType)
def test_a_column_fits_a_field_value_by_value_or_never(column: str, kind: FieldType) -> None:
    field, (type_, values) = FIELDS[kind], TYPES[column]
    if column not in FITTING[kind]:
        with pytest.raises(MisfitError, match=f"can never go into the_{kind}, which takes") as misfit:
            convert_column(field, type_, values)
        _check_advice(misfit.value, field, type_, values)
        return
    for given, found in zip(values, convert_column(field, type_, values), strict=True):
        if given is not None and found.value is None:
            assert found.code == "BAD_VALUE"
            assert found.message
            assert found.message.startswith(f"the_{kind} cannot be '")
            assert ": it takes " in found.message
        elif given is not None:
            assert type(found.value) is PYTHON.get(kind, str)


def _check_advice(misfit: MisfitError, field: Field, type_: pa.DataType, values: list[Any]) -> None:
    """Check that the expression that the advice suggests makes a column that fits."""
    if not misfit.select:
        assert misfit.advice("v") == "map a column of another type"
        return
    (converted,) = convert_column(field, type_, values[:1], select=misfit.select)
    assert misfit.advice("the column").startswith("select it as: ")
    assert converted.code in (None, "BAD_VALUE")


@pytest.mark.parametrize("kind", FieldType)
def test_null_is_null_in_every_field(kind: FieldType) -> None:
    columns = [TYPES[column][0] for column in FITTING[kind]]
    assert [convert_column(FIELDS[kind], type_, [None]) for type_ in columns] == [[Converted(None, None, None)]] * len(
        columns
    )


def _check(kind: FieldType, column: str, given: Any, wanted: Any) -> None:
    (found,) = convert_column(FIELDS[kind], TYPES[column][0], [given])
    assert found.value == wanted, found
    assert (found.code is None) == (wanted is not None)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "007", 7),
        ("text", "+7", 7),
        ("text", "-0", 0),
        ("text", "9223372036854775807", 2**63 - 1),
        ("text", "9223372036854775808", None),
        ("text", "1.0", None),
        ("text", " 1", None),
        ("text", "1e3", None),
        ("text", "1_000", None),
        ("text", "\uff11", None),
        ("text", "1\n", None),
        ("unsigned", 2**63, None),
        ("decimal", Decimal("5"), 5),
        ("decimal", Decimal("5.0000000001"), None),
        ("double", 5.0, 5),
        ("double", 5.5, None),
        ("double", 1e300, None),
        ("double", float("nan"), None),
        ("double", float("inf"), None),
    ],
)
def test_whole_numbers(column: str, given: Any, wanted: int | None) -> None:
    _check(FieldType.INTEGER, column, given, wanted)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "1.50", 1.5),
        ("text", "-1e-3", -0.001),
        ("text", "1e400", None),
        ("text", "NaN", None),
        ("text", "0x10", None),
        ("text", " 1", None),
        ("whole", 2**53, 2.0**53),
        ("whole", 2**53 + 1, None),
        ("unsigned", 2**64 - 1, None),
        ("decimal", Decimal("0.1"), 0.1),
        ("float", 1.1, 1.1),
        ("double", 0.1, 0.1),
        ("double", float("nan"), None),
        ("double", float("-inf"), None),
    ],
)
def test_floating_point_numbers(column: str, given: Any, wanted: float | None) -> None:
    _check(FieldType.FLOAT, column, given, wanted)


@pytest.mark.parametrize(
    ("type_", "given", "wanted"),
    [
        (pa.list_(pa.string()), ["b", "a", "b", "x;y"], ["b", "a", "b", "x;y"]),
        (pa.list_(pa.string()), [], []),
        (pa.list_(pa.string()), ["a", None], ["a", None]),
        (pa.list_(pa.float64()), [1.0, 2.5], ["1", "2.5"]),
        (pa.list_(pa.float64()), [float("nan")], None),
        (pa.list_(pa.date32()), [date(2026, 1, 31)], ["2026-01-31"]),
    ],
)
def test_lists_keep_their_order_and_their_elements_become_texts(type_: pa.DataType, given: Any, wanted: Any) -> None:
    (found,) = convert_column(FIELDS[FieldType.LIST], type_, [given])
    assert found.value == wanted, found
    assert (found.code is None) == (wanted is not None)


@pytest.mark.parametrize(
    ("type_", "given", "wanted"),
    [
        (pa.string(), '{"a": [1, null]}', '{"a": [1, null]}'),
        (pa.string(), "7", "7"),
        (pa.string(), "x", None),
        (pa.string(), "{'a': 1}", None),
        (pa.int64(), 2**60, str(2**60)),
        (pa.bool_(), True, "true"),
        (pa.date32(), date(2026, 1, 31), '"2026-01-31"'),
        (pa.float64(), float("inf"), None),
        (pa.list_(pa.string()), ['say "x"'], '["say \\"x\\""]'),
        (pa.struct([("a", pa.int64())]), {"a": None}, '{"a":null}'),
    ],
)
def test_json_is_taken_as_it_is_or_made_of_a_value(type_: pa.DataType, given: Any, wanted: str | None) -> None:
    (found,) = convert_column(FIELDS[FieldType.JSON], type_, [given])
    assert found.value == wanted, found
    assert (found.code is None) == (wanted is not None)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "1.50", "1.50"),
        ("text", "1.5000", "1.50"),
        ("text", "1.505", None),
        ("text", ".5", "0.50"),
        ("text", "5.", "5.00"),
        ("text", "-9999999999999999.99", "-9999999999999999.99"),
        ("text", "10000000000000000", None),
        ("text", "1,5", None),
        ("text", "1e2", None),
        ("text", "NaN", None),
        ("text", ".", None),
        ("whole", 2**63 - 1, None),
        ("whole", -(10**15), "-1000000000000000.00"),
        ("decimal", Decimal("0.1"), "0.10"),
        ("decimal", Decimal("0.105"), None),
        ("decimal", Decimal("-0.001"), None),
        ("double", 0.1, "0.10"),
        ("double", 0.105, None),
        ("double", -0.0, "0.00"),
        ("double", 1e15, "1000000000000000.00"),
        ("double", 123456789012345.67, "123456789012345.67"),
        ("double", 1e-3, None),
        ("double", float("nan"), None),
        ("double", float("-inf"), None),
        ("float", 1.5, "1.50"),
    ],
)
def test_decimals(column: str, given: Any, wanted: str | None) -> None:
    _check(FieldType.DECIMAL, column, given, None if wanted is None else Decimal(wanted))


@pytest.mark.rule("V13")
@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "true", True),
        ("text", "FALSE", False),
        ("text", "1", True),
        ("text", "0", False),
        ("text", "Yes", True),
        ("text", "no", False),
        ("text", "Y", True),
        ("text", "n", False),
        ("text", "ON", True),
        ("text", "off", False),
        ("text", "t", None),
        ("text", "f", None),
        ("text", "maybe", None),
        ("text", "2", None),
        ("text", "01", None),
        ("text", " true", None),
        ("text", "yes ", None),
        ("text", "ye\u017f", None),
        ("whole", 1, True),
        ("whole", 0, False),
        ("whole", 2, None),
        ("double", 1.0, True),
        ("double", -0.0, False),
        ("double", 0.5, None),
        ("double", float("nan"), None),
        ("decimal", Decimal("1"), True),
        ("decimal", Decimal("0.0000000001"), None),
        ("boolean", True, True),
    ],
)
def test_booleans(column: str, given: Any, wanted: bool | None) -> None:
    _check(FieldType.BOOLEAN, column, given, wanted)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "2026-01-31", date(2026, 1, 31)),
        ("text", "0001-01-01", date(1, 1, 1)),
        ("text", "9999-12-31", date(9999, 12, 31)),
        ("text", "2024-02-29", date(2024, 2, 29)),
        ("text", "2026-02-29", None),
        ("text", "0000-01-01", None),
        ("text", "10000-01-01", None),
        ("text", "2026-1-31", None),
        ("text", "31.01.2026", None),
        ("text", "2026-01-31 ", None),
        ("text", "2026-01-31T00:00:00Z", None),
        ("text", "infinity", None),
        ("date", date(9999, 12, 31), date(9999, 12, 31)),
        ("date", -800_000, None),
        ("date", 4_000_000, None),
    ],
)
def test_dates(column: str, given: Any, wanted: date | None) -> None:
    _check(FieldType.DATE, column, given, wanted)


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.rule("V14")
@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "2026-01-31T12:00:00.000+0000", NOON),
        ("text", "2026-01-31T06:30:00.000-0530", NOON),
        ("text", "2026-01-31 17:30:00+0530", NOON),
        ("text", "2026-01-31T12:00+00", NOON),
        ("text", "2026-02-01T03:59:00+1559", NOON),
        ("text", "2026-02-01T04:00:00+1600", None),
        ("text", "2026-01-31T12:00:00.000+0060", None),
        ("text", "2026-01-31T12:00:00.000+000", None),
        ("text", "2026-01-31T12:00:00.000+00000", None),
        ("text", "2026-01-31T12:00:00.000 +0000", None),
        ("text", "2026-01-31T12:00:00Z", NOON),
        ("text", "2026-01-31 12:00:00", NOON),
        ("text", "2026-01-31T13:00:00+01", NOON),
        ("text", "2026-01-31T13:00:00+01:00", NOON),
        ("text", "2026-01-31T02:30:00-09:30", NOON),
        ("text", "2026-01-31T12:00:00.5Z", NOON.replace(microsecond=500_000)),
        ("text", "0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("text", "9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
        ("text", "9999-12-31T23:59:59-01:00", None),
        ("text", "0001-01-01T00:00:00+01:00", None),
        ("text", "2026-01-31 12:00:00 +01:00", None),
        ("text", "2026-01-31", None),
        ("text", "2026-01-31T24:00:00Z", None),
        ("text", "2026-01-31T23:59:60Z", None),
        ("text", "2026-02-30T12:00:00Z", None),
        ("text", "2026-01-31T12:00:00+99:99", None),
        ("text", "2026-01-31T12:00:00 Europe/Berlin", None),
        ("text", "12:00:00", None),
        ("timestamp", datetime(2026, 1, 31, 12), NOON),
        ("timestamp", 2**60, None),
        ("timestamp", -(2**61), None),
        ("zoned", NOON, NOON),
        ("instant", 2**60, None),
    ],
)
def test_moments(column: str, given: Any, wanted: datetime | None) -> None:
    (found,) = convert_column(FIELDS[FieldType.DATETIME], TYPES[column][0], [given])
    assert (found.value and found.value.astimezone(UTC)) == wanted, found
    assert (found.code is None) == (wanted is not None)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", "23:59:59.999999", time(23, 59, 59, 999_999)),
        ("text", "10:00", time(10)),
        ("text", "10:00:00Z", time(10)),
        ("text", "24:00:00", None),
        ("text", "10:60:00", None),
        ("text", "10", None),
        ("text", "10:00:00+02:00", None),
        ("time", time(23, 59, 59), time(23, 59, 59)),
    ],
)
def test_times(column: str, given: Any, wanted: time | None) -> None:
    _check(FieldType.TIME, column, given, wanted)


@pytest.mark.parametrize(
    ("column", "given", "wanted"),
    [
        ("text", " as it is \t", " as it is \t"),
        ("whole", -(2**63), "-9223372036854775808"),
        ("decimal", Decimal("1.5"), "1.5000000000"),
        ("double", 0.1, "0.1"),
        ("double", float("nan"), None),
        ("boolean", True, "true"),
        ("date", date(1, 1, 1), "0001-01-01"),
        ("date", -800_000, None),
        ("timestamp", datetime(2026, 1, 31, 12), "2026-01-31T12:00:00Z"),
        ("zoned", NOON, "2026-01-31T12:00:00Z"),
        ("timestamp", 2**60, None),
        ("time", time(10, 0, 0, 500_000), "10:00:00.5"),
    ],
)
def test_text(column: str, given: Any, wanted: str | None) -> None:
    _check(FieldType.TEXT, column, given, wanted)


def test_midnight_at_the_end_of_a_day_is_no_time() -> None:
    field = FIELDS[FieldType.TIME]
    late = pa.array([86_400_000_000], pa.int64()).view(pa.time64("us"))
    assert convert_column(field, pa.time64("us"), late)[0].code == "BAD_VALUE"
