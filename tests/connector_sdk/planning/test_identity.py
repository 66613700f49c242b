"""Rows whose primary key or match value says nothing, or says the same as another row's: reported, never sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import Match, Mode
from connector_sdk.contract.schema import Equality, Field, FieldType
from connector_sdk.engines.sql import database
from connector_sdk.planning.mapping.identity import comparable, key
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference.values import same

from .bench import Bench, map_fields, people

BLANK = ["", " ", "\t\n", "\u00a0", "\u3000", None]


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE, Mode.INSERT])
def test_a_row_without_a_primary_key_is_rejected(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode)
    if mode is Mode.INSERT:
        bench.change(fields=map_fields(external_id="e", name="n"))
    bench.store.put("people", external_id="e0", name="-")
    rows = [{"k": blank, "e": f"e{number}", "n": "x"} for number, blank in enumerate(BLANK)]
    ran = bench.run(rows, first_run=FirstRun.SEND)
    assert ran.ledger == {None: ["rejected NULL_KEY"] * len(BLANK)}
    messages = [f"row {number} of the model has no primary key" for number in range(1, len(BLANK) + 1)]
    assert [line["message"] for line in ran.lines] == messages
    assert bench.names() == {"e0": "-"}


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE])
def test_a_row_without_a_match_value_is_rejected(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode)
    rows = [{"k": str(number), "e": blank, "n": "x"} for number, blank in enumerate(BLANK)]
    ran = bench.run(rows)
    assert ran.ledger == {str(number): "rejected NULL_MATCH" for number in range(len(BLANK))}
    assert {line["message"] for line in ran.lines} == {"the match column e is empty"}
    assert bench.store.execution_counts("people") == {}


def test_every_row_of_a_repeated_key_is_rejected_whether_it_was_sent_before_or_not(bench: Bench) -> None:
    bench.run([{"k": "1", "e": "a", "n": "x"}])
    rows = [{"k": "1", "e": "a", "n": "x"}, {"k": "1", "e": "b", "n": "y"}, {"k": "2", "e": "c", "n": "z"}]
    ran = bench.run(rows)
    assert ran.ledger == {"1": ["rejected REPEATED_KEY"] * 2, "2": "succeeded"}
    assert ran.lines[-1]["message"] == "several rows of the model have the primary key 1 (rows 1, 2)"
    assert bench.names() == {"a": "x", "c": "z"}


@pytest.mark.parametrize(
    ("one", "other"), [("a", "a"), ("a", "A"), ("a", " a"), ("a", "a\u00a0"), ("\u00c4\u03a3", "\u00e4\u03c2")]
)
def test_every_row_of_a_match_value_that_the_field_takes_for_one_is_rejected(
    bench: Bench, one: str, other: str
) -> None:
    bench.run([{"k": "1", "e": one, "n": "x"}])
    ran = bench.run([{"k": "1", "e": one, "n": "x"}, {"k": "2", "e": other, "n": "y"}, {"k": "3", "e": "c", "n": "z"}])
    assert ran.ledger == {"1": "rejected REPEATED_MATCH", "2": "rejected REPEATED_MATCH", "3": "succeeded"}
    assert bench.names() == {one: "x", "c": "z"}


@pytest.mark.rule("T8")
@pytest.mark.parametrize(
    ("count", "first", "last"),
    [
        (2, " (also: k2)", " (also: k1)"),
        (4, " (also: k2, k3, k4)", " (also: k1, k2, k3)"),
        (7, " (also: k2, k3, k4 and 3 more)", " (also: k1, k2, k3 and 3 more)"),
    ],
)
def test_rows_with_one_match_value_name_each_other(bench: Bench, count: int, first: str, last: str) -> None:
    ran = bench.run([{"k": f"k{number}", "e": "A", "n": "x"} for number in range(1, count + 1)])
    said = "several rows of the model have the same value in external_id: a"
    assert ran.line("k1")["message"] == said + first
    assert ran.line(f"k{count}")["message"] == said + last


@pytest.mark.rule("T8")
@pytest.mark.parametrize(("count", "where"), [(3, "rows 1, 2, 3"), (6, "rows 1, 2, 3 and 3 more")])
def test_rows_with_one_primary_key_say_where_they_are(bench: Bench, count: int, where: str) -> None:
    ran = bench.run([{"k": "1", "e": f"e{number}", "n": "x"} for number in range(count)])
    assert {line["message"] for line in ran.lines} == {f"several rows of the model have the primary key 1 ({where})"}


@pytest.mark.rule("T8")
def test_rows_without_a_key_do_not_name_themselves(bench: Bench) -> None:
    ran = bench.run([{"k": "1", "e": "a", "n": "x"}, {"k": None, "e": "a", "n": "x"}])
    assert ran.line("1")["message"] == "several rows of the model have the same value in external_id: a"
    assert ran.line(None)["code"] == "NULL_KEY"


@pytest.mark.parametrize(("one", "other"), [("7", "007"), ("7", "+7"), ("0", "-0")])
def test_numbers_are_one_by_their_value(bench: Bench, one: str, other: str) -> None:
    bench.sync = people(Mode.UPDATE, match=Match("badge", "e"))
    ran = bench.run([{"k": "1", "e": one, "n": "x"}, {"k": "2", "e": other, "n": "y"}])
    assert ran.ledger == {"1": "rejected REPEATED_MATCH", "2": "rejected REPEATED_MATCH"}


def test_the_former_record_of_a_row_that_lost_its_identity_is_left_alone(bench: Bench) -> None:
    bench.change(on_removed="delete")
    first = [{"k": "1", "e": "a", "n": "x"}, {"k": "2", "e": "b", "n": "y"}, {"k": "3", "e": "c", "n": "z"}]
    bench.run(first)
    second = [first[0], {**first[1], "e": "A"}, {**first[2], "e": None}]
    ran = bench.run(second)
    assert ran.ledger == {"1": "rejected REPEATED_MATCH", "2": "rejected REPEATED_MATCH", "3": "rejected NULL_MATCH"}
    assert ran.report.rows.removed == 0
    assert bench.names() == {"a": "x", "b": "y", "c": "z"}
    assert bench.run(first).ledger == {}


def test_a_primary_key_may_have_several_columns(bench: Bench) -> None:
    bench.primary_key = ("k", "x")
    rows = [{"k": k, "x": x, "e": f"{k}/{x}", "n": "n"} for k, x in (("1", "23"), ("12", "3"), ('"', ","), ('","', ""))]
    ran = bench.run(rows)
    assert ran.ledger == {
        '["1","23"]': "succeeded",
        '["12","3"]': "succeeded",
        '["\\"",","]': "succeeded",
        None: "rejected NULL_KEY",
    }
    assert bench.run([*rows[1:3], {**rows[0], "n": "m"}]).ledger == {'["1","23"]': "succeeded"}


def _key(*parts: tuple[object, pa.DataType]) -> str | None:
    table = pa.table({f"c{number}": pa.array([value], type_) for number, (value, type_) in enumerate(parts)})
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("t", table)
        types = {row[0]: row[1] for row in connection.execute("describe select * from t").fetchall()}
        ((found,),) = connection.execute(f"select {key(table.column_names, types)} from t").fetchall()
    return found


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (1, pa.int8(), "1"),
        (1, pa.uint64(), "1"),
        (1.0, pa.float64(), "1"),
        (0.1, pa.float64(), "0.1"),
        (-0.0, pa.float64(), "0"),
        (Decimal("1.00"), pa.decimal128(9, 2), "1"),
        (Decimal("100"), pa.decimal128(9, 2), "100"),
        (Decimal("-0.50"), pa.decimal128(9, 2), "-0.5"),
        ("1.00", pa.string(), "1.00"),
        ("007", pa.string(), "007"),
        (True, pa.bool_(), "true"),
    ],
)
def test_a_key_is_text_that_does_not_depend_on_its_type(value: Any, type_: pa.DataType, text: str) -> None:
    assert _key((value, type_)) == text
    assert _key((value, type_), ("x", pa.string())) == f'["{text}","x"]'


@settings(max_examples=30, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_numbers_have_one_key_each(number: Decimal) -> None:
    written = _key((number, pa.decimal128(20, 4)))
    assert written is not None
    assert Decimal(written) == number
    assert _key((number, pa.decimal128(30, 6))) == written


ALIKE = st.text(st.sampled_from(" \t\u00a0aAbB\u00e4\u00c4\u03c3\u03c2\u03a31+-0.\u017f\u00b5"), max_size=4)
RULES = st.frozensets(st.sampled_from([Equality.TRIMMED, Equality.CASELESS]))


@settings(max_examples=30, deadline=None)
@given(st.lists(ALIKE, max_size=6), RULES)
def test_values_are_told_apart_just_as_the_field_does(tmp_path_factory: Any, values: list[str], rules: Any) -> None:
    field = Field(name="f", type=FieldType.TEXT, equality=rules)
    with database(tmp_path_factory.getbasetemp()) as connection:
        connection.register("t", pa.table({"v": pa.array(values, pa.string())}))
        found = [row[0] for row in connection.execute(f"select {comparable('v', 'VARCHAR', field)} from t").fetchall()]
    for one, mine in zip(values, found, strict=True):
        assert (mine is None) == (not one.strip())
        for other, theirs in zip(values, found, strict=True):
            if mine is not None and theirs is not None:
                assert (mine == theirs) == (same(field, one) == same(field, other))


@pytest.mark.parametrize(
    ("one", "other", "alike"), [("abc", "abcXY", True), (" abc", "abc", True), ("abc", "aBc", False)]
)
def test_what_follows_the_significant_characters_makes_no_difference(
    tmp_path: Path, one: str, other: str, alike: bool
) -> None:
    field = Field(name="f", type=FieldType.TEXT, equality=frozenset({Equality.TRIMMED}), compared_prefix=3)
    with database(tmp_path) as connection:
        values = [comparable(f"'{each}'", "VARCHAR", field) for each in (one, other)]
        ((found,),) = connection.execute(f"select {values[0]} = {values[1]}").fetchall()
    assert found is alike
