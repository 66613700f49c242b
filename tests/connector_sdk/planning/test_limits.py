"""Values against what the schema says of a field: lengths, digits, choices, forms, and what must not be empty."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import Field, FieldMapping, FieldType, Mode, OnNull
from connector_sdk.run import FirstRun

from .bench import Bench, map_fields, people
from .convert import Converted, convert_column

TIER = Field(name="tier", type=FieldType.CHOICE, values=("Bronze", "Silver", "it's"), restricted=True)


def _one(field: Field, value: Any, type_: pa.DataType | None = None, **how: bool) -> Converted:
    (found,) = convert_column(field, type_ or pa.string(), [value], **how)
    return found


def test_a_text_that_is_too_long_is_refused_with_both_lengths() -> None:
    found = _one(Field(name="name", type=FieldType.TEXT, length=3), "\u00e9\u00e9\U0001f600\U0001f600")
    assert (found.code, found.message) == ("TOO_LONG", "name has 4 characters, 3 are allowed")
    assert _one(Field(name="name", type=FieldType.TEXT, length=4), "\u00e9\u00e9\U0001f600\U0001f600").code is None


def test_the_length_of_a_number_is_not_its_text() -> None:
    assert _one(Field(name="age", type=FieldType.INTEGER, length=1), 1234, pa.int64(), truncate=True).value == 1234


@pytest.mark.parametrize(("value", "refused"), [(999, False), (-999, False), (1000, True), (-(2**63), True)])
def test_a_whole_number_has_no_more_digits_than_the_field(value: int, refused: bool) -> None:
    found = _one(Field(name="age", type=FieldType.INTEGER, precision=3), value, pa.int64())
    assert (found.code == "BAD_VALUE") is refused
    assert not refused or found.message == f"age has more digits than 3: {value}"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("silver", "tier has no value 'silver', did you mean Silver?"),
        ("Gold", "tier has no value 'Gold'; it has: Bronze, Silver, it's"),
        ("Silver ", "tier has no value 'Silver '; it has: Bronze, Silver, it's"),
    ],
)
def test_a_restricted_choice_must_be_spelt_exactly(value: str, message: str) -> None:
    found = _one(TIER, value)
    assert (found.code, found.message) == ("NOT_A_CHOICE", message)


@pytest.mark.parametrize("value", ["Silver", "it's", None])
def test_a_restricted_choice_takes_its_values_and_null(value: str | None) -> None:
    assert _one(TIER, value).code is None


def test_a_form_is_named_in_words() -> None:
    email = Field(name="email", type=FieldType.TEXT, pattern=r"[^@\s]+@[^@\s]+", pattern_name="an e-mail address")
    assert _one(email, "ann@example.org").code is None
    assert _one(email, "ann").message == "'ann' in email is not an e-mail address"
    assert _one(email, "ann@example.org and more").code == "BAD_VALUE"


def test_a_long_value_is_shown_by_its_beginning() -> None:
    message = _one(Field(name="age", type=FieldType.INTEGER), "x" * 1_000).message
    assert message == f"age cannot be '{'x' * 60}': it takes a whole number"


def test_names_and_values_with_quotes_are_shown_as_they_are() -> None:
    found = _one(Field(name="it's {x}", type=FieldType.INTEGER), "'); drop table t; --")
    assert found.message == "it's {x} cannot be ''); drop table t; --': it takes a whole number"


ANN = {"k": "1", "e": "a", "n": "Ann"}


def test_a_refused_value_is_one_row_of_the_ledger_with_advice(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", age="x"))
    ran = bench.run([{**ANN, "x": "old"}, {"k": "2", "e": "b", "n": "Bob", "x": "7"}])
    line = ran.line("1")
    assert (line["outcome"], line["code"]) == ("rejected", "BAD_VALUE")
    assert line["message"] == "age cannot be 'old': it takes a whole number"
    assert line["advice"] == "Correct the value in the model."
    assert ran.report.exit == 1
    assert set(bench.names()) == {"b"}


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.INSERT])
def test_a_required_field_must_not_be_empty(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode, fields=map_fields(external_id="e", name="n"))
    ran = bench.run([{**ANN, "n": None}], first_run=FirstRun.SEND)
    assert ran.ledger == {"1": "rejected REQUIRED"}
    assert ran.line("1")["message"] == "name must have a value"


def test_a_boolean_is_never_empty_but_may_be_left_alone(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", active="x"))
    assert bench.run([{**ANN, "x": None}]).ledger == {"1": "rejected REQUIRED"}
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="active", column="x", null=OnNull.KEEP)))
    assert bench.run([{**ANN, "x": "true"}]).ledger == {"1": "succeeded"}
    assert bench.run([{**ANN, "x": None}]).ledger == {"1": "succeeded"}
    assert bench.records()["a"]["active"] is True


@pytest.mark.parametrize(("on_null", "left"), [(OnNull.CLEAR, None), (OnNull.KEEP, "tall")])
@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_value_clears_or_leaves_alone(bench: Bench, on_null: OnNull, left: str | None, empty: Any) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="about", column="x", null=on_null)))
    bench.run([{**ANN, "x": "tall"}])
    assert bench.run([{**ANN, "x": empty}]).ledger == {"1": "succeeded"}
    assert bench.records()["a"]["about"] == left


def test_truncate_cuts_what_is_sent(bench: Bench) -> None:
    bench.change(fields=(FieldMapping(field="name", column="n", truncate=True),))
    bench.run([{**ANN, "n": "x" * 100}])
    assert bench.names() == {"a": "x" * 80}


def test_values_that_an_open_choice_does_not_have_yet_are_sent_with_a_warning(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="x", tier="t"))
    ran = bench.plan([{**ANN, "x": "Flying", "t": "Gold"}])
    assert ran.rows.rejected == 0
