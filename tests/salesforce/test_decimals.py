"""Numbers through every api: each digit arrives, also those that the field does not show, in plain notation."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from connector_salesforce import format_numbers
from hypothesis import given
from hypothesis import strategies as st

from .projects import Project

pytestmark = pytest.mark.rule("V12")

APIS = ["bulk", "bulk2", "rest"]
NUMBERS = {"LastName": "id", "Credit_Limit__c": "credit"}


def write(project: Project, values: list[Any], type_: pa.DataType, **column: Any) -> None:
    """Write a model of one number column; its field has 18 digits, 2 of them after the point."""
    keys = [f"k{number}" for number in range(len(values))]
    project.sync(fields={**NUMBERS, "Credit_Limit__c": {"column": "credit", **column}})
    project.typed_model(pa.table({"id": keys, "credit": pa.array(values, type_)}))


def numbers_in(bodies: str) -> list[str]:
    """Return the numbers that were sent, as they are written in CSV or JSON."""
    if '"records":' in bodies:
        return re.findall(r'"Credit_Limit__c":([^,}]+)', bodies)
    (start,) = (found.start() for found in re.finditer(r"^.*\bCredit_Limit__c\b.*$", bodies, flags=re.MULTILINE))
    return [line["Credit_Limit__c"] for line in csv.DictReader(io.StringIO(bodies[start:])) if line["Credit_Limit__c"]]


CASES = [
    (pa.float64(), [0.1 + 0.2, 1e-05, 1e-7, -0.0, -390.111, 5.0, 1e15],
     ["0.30000000000000004", "0.00001", "0.0000001", "0", "-390.111", "5", "1000000000000000"]),
    (pa.float32(), [0.1, 16777216.0], ["0.1", "16777216"]),
    (pa.decimal128(18, 3), [Decimal("123456789012345.678"), Decimal("5.000")], ["123456789012345.678", "5"]),
    (pa.decimal128(18, 2), [Decimal("0.10"), Decimal("100.00"), Decimal("-0.01")], ["0.1", "100", "-0.01"]),
    (pa.decimal128(38, 20), [Decimal("0"), Decimal("0.00000000000000000001")], ["0", "0.00000000000000000001"]),
    (pa.string(), ["+007.50", "0.1234567890123456789012", "-.5"], ["7.5", "0.1234567890123456789012", "-0.5"]),
    (pa.int64(), [100, -7], ["100", "-7"]),
]  # fmt: skip


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("type_", "values", "written"), CASES, ids=lambda each: str(each)[:20])
def test_a_number_is_written_with_every_digit_and_none_that_says_nothing(
    project: Project, api: str, type_: pa.DataType, values: list[Any], written: list[str]
) -> None:
    project.sync(fields=NUMBERS, options={"api": api})
    project.typed_model(pa.table({"id": [f"k{n}" for n in range(len(values))], "credit": pa.array(values, type_)}))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, len(values)), project.ledger(run)
    assert numbers_in(project.bodies(run)) == written
    stored = [each["Credit_Limit__c"] for each in project.emulated.records("Contact")]
    assert stored == [float(each) for each in written]


@pytest.mark.parametrize("field", ["double", "currency", "percent"])
def test_every_kind_of_number_field_takes_more_decimals_than_it_shows(project: Project, field: str) -> None:
    flags = {"type": field, "precision": 5, "scale": 2}
    project.emulated.change({"objects": {"Contact": {"fields": {"Score__c": flags}}}})
    project.sync(fields={"LastName": "id", "Score__c": "score"})
    project.typed_model(pa.table({"id": ["k0", "k1"], "score": [999.98765, 1000.0]}))
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    line = project.ledger(run)["k1"]
    assert line["message"] == "Score__c cannot be '1000.0': it takes a number with at most 3 digits before the point"
    assert [each["Score__c"] for each in project.emulated.records("Contact")] == [999.98765]


@pytest.mark.parametrize("rounds", [False, True])
@pytest.mark.parametrize(
    ("amount", "type_"),
    [
        (float("nan"), pa.float64()),
        (float("inf"), pa.float64()),
        (1e20, pa.float64()),
        (-1e16, pa.float32()),
        (Decimal("12345678901234567.89"), pa.decimal128(19, 2)),
        ("1,000.00", pa.string()),
        ("1e3", pa.string()),
        ("12345678901234567", pa.string()),
        (10**16, pa.int64()),
    ],
)
def test_what_is_no_number_or_has_too_many_digits_before_the_point_is_rejected(
    project: Project, amount: Any, type_: Any, rounds: bool
) -> None:
    write(project, [amount], type_, round=rounds)
    line = project.ledger(project.run())["k0"]
    assert (line["outcome"], line["code"]) == ("rejected", "BAD_VALUE"), line
    assert "16 digits before the point" in line["message"]
    assert project.emulated.records("Contact") == []


@pytest.mark.parametrize("api", APIS)
def test_a_field_that_is_rounded_gets_numbers_rounded_half_up(project: Project, api: str) -> None:
    values = [2.675, -2.675, 0.1 + 0.2, 1.005, 5.0]
    project.sync(fields={**NUMBERS, "Credit_Limit__c": {"column": "credit", "round": True}}, options={"api": api})
    project.typed_model(pa.table({"id": [f"k{n}" for n in range(5)], "credit": values}))
    run = project.run()
    assert numbers_in(project.bodies(run)) == ["2.68", "-2.68", "0.3", "1.01", "5"]
    (planned,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    assert planned["rows"]["planned"] == 0, "what was sent is not sent again"


def test_the_plan_says_once_for_a_field_that_it_does_not_show_all_decimals(project: Project) -> None:
    write(project, [0.125, 0.5, 1 / 3, float("nan")], pa.float64())
    (planned,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    told = [each for each in planned["findings"] if "decimals" in each["message"]]
    assert [(each["level"], each["message"]) for each in told] == [
        ("warning", "Credit_Limit__c shows 2 decimals, and 2 rows have more, which are stored as well")
    ]
    assert "round: true" in told[0]["advice"]


def test_a_mapping_of_text_that_is_to_be_rounded_is_a_problem(project: Project) -> None:
    project.sync(fields={"LastName": {"column": "id", "round": True}})
    project.model([{"id": "k1"}])
    run = project.run()
    assert run.exit == 64
    assert "contacts.fields.LastName.round: LastName has no decimals" in " ".join(run.said.split())


@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_a_number_that_is_a_key_is_exact(project: Project, mode: str) -> None:
    project.emulated.insert("Account", {"Name": "one", "Number_Key__c": "7"})
    project.sync(object="Account", mode=mode, match={"field": "Number_Key__c", "column": "key"}, fields={"Name": "id"})
    keys = pa.array([Decimal("7.00"), Decimal("7.50")], pa.decimal128(18, 2))
    project.typed_model(pa.table({"id": ["new", "no"], "key": keys}))
    ledger = project.ledger(project.run())
    assert ledger["new"]["outcome"] == "succeeded"
    assert (ledger["no"]["outcome"], ledger["no"]["code"]) == ("rejected", "BAD_VALUE"), ledger["no"]
    assert [each["Name"] for each in project.emulated.records("Account")] == ["new"]


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_float_is_written_as_the_number_that_it_shows(values: list[float | None]) -> None:
    for value, text in zip(values, format_numbers(pa.array(values, pa.float64())).to_pylist(), strict=True):
        assert (text is None) == (value is None)
        assert text is None or (re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text) and float(text) == value)
        assert text is None or value == 0 or Decimal(text) == Decimal(repr(value))


@given(st.lists(st.none() | st.integers(-(10**38) + 1, 10**38 - 1)), st.integers(0, 38))
def test_a_decimal_is_written_to_its_last_digit(digits: list[int | None], places: int) -> None:
    values = [None if each is None else Decimal(f"{each}e-{places}") for each in digits]
    written = format_numbers(pa.array(values, pa.decimal128(38, places))).to_pylist()
    for value, text in zip(values, written, strict=True):
        assert (text is None) == (value is None)
        assert text is None or (re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text) and Decimal(text) == value)
