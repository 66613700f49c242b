"""Several choices in one text are a set: their order, repeated ones and blanks around them mean nothing."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk import ConfigError, Field, FieldMapping, FieldType

from .bench import Bench, map_fields
from .convert import convert_column

HOBBIES = Field(name="hobbies", type=FieldType.CHOICES, values=("Chess", "Sailing"), restricted=True)
ANN = {"k": "1", "e": "a", "n": "Ann"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Sailing;Chess", "Chess;Sailing"),
        (" Sailing ; Chess;Sailing;;", "Chess;Sailing"),
        ("Chess", "Chess"),
        (" ; ", None),
        (None, None),
    ],
)
def test_each_choice_is_sent_once(given: str | None, sent: str | None) -> None:
    (found,) = convert_column(HOBBIES, pa.string(), [given])
    assert (found.value, found.code) == (sent, None)


def test_of_several_choices_the_wrong_one_is_named() -> None:
    (found,) = convert_column(HOBBIES, pa.string(), ["Sailing; chess"])
    assert found.message == "hobbies has no value 'chess', did you mean Chess?"


@pytest.mark.parametrize(("count", "code"), [(100, None), (101, "TOO_LONG")])
def test_a_hundred_choices_are_allowed_at_most(count: int, code: str | None) -> None:
    several = ";".join(str(number) for number in range(count))
    (found,) = convert_column(Field(name="hobbies", type=FieldType.CHOICES), pa.string(), [f"{several};{several}"])
    assert found.code == code
    assert code is None or found.message == "hobbies takes at most 100 values, not 101"


@given(st.lists(st.text(st.sampled_from("ab '\"é"), min_size=1), min_size=1), st.randoms())
def test_any_order_of_the_same_choices_is_the_same(choices: list[str], random: object) -> None:
    shuffled = sorted(choices + choices[:1], key=lambda _: random.random())  # type: ignore[attr-defined]
    one, other = convert_column(
        Field(name="f", type=FieldType.CHOICES), pa.string(), [";".join(choices), ";".join(shuffled)]
    )
    assert one.value == other.value
    assert set((one.value or "").split(";")) == {each.strip(" ") for each in choices if each.strip(" ")} or {""}


def test_another_order_or_a_repeated_choice_is_no_change(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="x"))
    bench.run([{**ANN, "x": "Sailing;Chess"}])
    assert bench.records()["a"]["interests"] == "Chess;Sailing"
    assert bench.run([{**ANN, "x": "Chess; Sailing;Chess"}]).ledger == {}
    assert bench.run([{**ANN, "x": "Chess"}]).ledger == {"1": "succeeded"}
    assert bench.run([{**ANN, "x": None}]).ledger == {"1": "succeeded"}
    assert bench.run([{**ANN, "x": " ; "}]).ledger == {}


def test_the_order_counts_where_the_column_also_fills_a_text(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="x", about="x"))
    bench.run([{**ANN, "x": "Sailing;Chess"}])
    assert bench.run([{**ANN, "x": "Chess;Sailing"}]).ledger == {"1": "succeeded"}
    assert bench.records()["a"]["about"] == "Chess;Sailing"


def test_each_choice_that_an_open_field_does_not_have_yet_is_told(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="x"))
    (found,) = (
        each for each in bench.plan([{**ANN, "x": "Chess;Flying;Diving"}]).findings if "interests" in each.message
    )
    assert found.message == "interests does not have these values yet: 'Diving', 'Flying'"


def test_only_text_can_be_cut(bench: Bench) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="interests", column="x", truncate=True)))
    with pytest.raises(ConfigError, match="interests is not text that could be cut"):
        bench.plan([{**ANN, "x": "Chess"}])
