"""Cells of a CSV file that the types of the model cannot hold exactly: their rows are rejected, and nothing else is."""

from __future__ import annotations

import pytest
from attrs import evolve

from connector_sdk import ConfigError, FieldMapping, Find, Match, Merge, Mode, Model, Removal
from connector_sdk.run import FirstRun

from .bench import Bench, map_fields

CSV = Model(name="rows", primary_key=("k",), file="a.csv")


def write(bench: Bench, *lines: str) -> None:
    """Write the CSV file of a model, its header first."""
    (bench.folder / "a.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def csv_model(**types: str) -> Model:
    return evolve(CSV, types=types)


@pytest.mark.rule("V6")
@pytest.mark.parametrize(
    ("type_", "kept", "refused"),
    [
        ("INTEGER", ["3", "3.0", "+3", "007"], ["2.7", "9999999999", "x", "1_000", "0x10"]),
        ("DECIMAL(10,2)", ["2.12", "2.120", "1e2"], ["2.125", "123456789.5", "x", "NaN"]),
        ("DOUBLE", ["0.1", "0.30000000000000004", "1e22"], ["0.1234567890123456789", "9007199254740993", "1e999"]),
        ("FLOAT", ["0.1", "16777216"], ["16777217", "0.123456789"]),
        ("BOOLEAN", ["true", "no", "1"], ["2", "maybe"]),
        ("DATE", ["2024-02-29", "2024-02-29T00:00:00"], ["2024-02-29T10:00:00", "2023-02-29", "29.02.2024"]),
        (
            "TIMESTAMP",
            ["2024-02-29T10:00:00Z", "2024-02-29 10:00:00+00:00", "2024-02-29 10:00:00.123456000"],
            ["2024-02-29T10:00:00+02:00", "2024-02-29 10:00:00.1234567", "2024-02-29 10:00:00 Europe/Berlin"],
        ),
        ("TIMESTAMPTZ", ["2024-02-29T10:00:00+02:00"], ["2024-02-29T10:00:00.1234567+02:00", "yesterday"]),
        ("TIME", ["10:00", "10:00:00.5"], ["10:00:00.1234567", "10:00:00+02", "2024-02-29 10:00:00"]),
        ("UUID", ["8d6b2f0e-4b1d-4a77-8e0b-0d2f3c4b5a69"], ["8d6b2f0e"]),
    ],
)
def test_a_cast_that_loses_something_rejects_the_row_with_the_value(
    bench: Bench, type_: str, kept: list[str], refused: list[str]
) -> None:
    good = [f"g{number},g{number},Ada,{value}" for number, value in enumerate(kept)]
    bad = [f"b{number},b{number},Ada,{value}" for number, value in enumerate(refused)]
    write(bench, "k,e,n,x", *good, *bad)
    bench.change(fields=map_fields(name="n", about="x"))
    ran = bench.run(csv_model(x=type_))
    assert set(bench.records()) == {f"g{number}" for number in range(len(kept))}
    assert ran.report.rows.rejected == len(refused)
    for number, value in enumerate(refused):
        line = ran.line(f"b{number}")
        assert line["code"] == "BAD_VALUE"
        assert line["message"].startswith("x cannot be ")
        assert line["message"].endswith(f"without loss: '{value}'")


@pytest.mark.rule("V6")
def test_a_cell_that_no_sync_uses_and_an_empty_one_reject_nothing(bench: Bench) -> None:
    write(bench, "k,e,n,x,y", "1,1,Ada,,2.7")
    bench.change(fields=map_fields(name="n", age="x"))
    assert bench.run(csv_model(x="INTEGER", y="INTEGER")).ledger == {"1": "succeeded"}


@pytest.mark.rule("V6")
def test_a_known_row_is_rejected_whatever_the_plain_cast_of_its_cell_would_be(bench: Bench) -> None:
    """The destination has 3 and nothing: 2.7 is no 3, and text that is no number is not nothing."""
    bench.change(fields=map_fields(name="n", age="x"))
    model = csv_model(x="INTEGER")
    write(bench, "k,e,n,x", "1,1,Ada,3", "2,2,Grace,", "3,3,Mary,5")
    bench.run(model)
    write(bench, "k,e,n,x", "1,1,Ada,2.7", "2,2,Grace,old", "3,3,Mary,5")
    for _ in range(2):
        ran = bench.run(model)
        assert ran.ledger == {"1": "rejected BAD_VALUE", "2": "rejected BAD_VALUE"}
        assert ran.line("2")["message"] == "x cannot be INTEGER without loss: 'old'"
    assert {key: record["age"] for key, record in bench.records().items()} == {"1": 3, "2": None, "3": 5}
    write(bench, "k,e,n,x", "1,1,Ada,4", "2,2,Grace,", "3,3,Mary,5")
    assert bench.run(model).ledger == {"1": "succeeded"}


@pytest.mark.rule("V6")
@pytest.mark.parametrize("spelled", ["007", "7.4"])
def test_a_refused_key_does_not_count_as_having_left_the_model(bench: Bench, spelled: str) -> None:
    bench.change(match=Match("external_id", "k"), on_removed=Removal.DELETE)
    model = csv_model(k="INTEGER")
    write(bench, "k,n", "7,Ada", "8,Grace")
    assert bench.run(model).ledger == {"7": "succeeded", "8": "succeeded"}
    write(bench, "k,n", f"{spelled},Ada", "8,Grace")
    ran = bench.run(model)
    assert ran.ledger == {"7": "rejected BAD_VALUE"}
    assert ran.line("7")["message"] == f"k cannot be INTEGER without loss: '{spelled}'"
    assert set(bench.names()) == {"7", "8"}
    write(bench, "k,n", "8,Grace")
    assert bench.run(model).report.actions.deleted == 1


@pytest.mark.rule("V6")
def test_a_key_that_no_cast_reads_is_rejected_like_a_null_one_with_its_value(bench: Bench) -> None:
    write(bench, "k,e,n", "1,1,Ada", "x1,2,Grace", "x2,3,Mary")
    ran = bench.run(csv_model(k="BIGINT"))
    assert ran.ledger == {"1": "succeeded", None: ["rejected NULL_KEY", "rejected NULL_KEY"]}
    messages = {line["message"] for line in ran.lines if line["key"] is None}
    assert "row 2 of the model has no primary key: k cannot be BIGINT without loss: 'x1'" in messages


@pytest.mark.rule("V6")
def test_leading_zeros_of_match_and_look_up_values_are_refused_and_those_of_other_numbers_are_dropped(
    bench: Bench,
) -> None:
    bench.store.put("accounts", number="7", name="Acme")
    bench.change(
        match=Match("external_id", "e"),
        fields=(*map_fields(name="n", age="x"), FieldMapping(field="account", find=Find("accounts", "a", "number"))),
    )
    write(bench, "k,e,n,x,a", "m,007,Ada,007,", "l,8,Grace,007,007", "g,9,Mary,007,7")
    ran = bench.run(csv_model(e="INTEGER", x="INTEGER", a="INTEGER"))
    assert ran.ledger == {"m": "rejected BAD_VALUE", "l": "rejected BAD_VALUE", "g": "succeeded"}
    assert bench.records()["9"]["age"] == 7


@pytest.mark.rule("V6")
def test_keys_of_a_file_without_types_are_taken_as_they_are_spelled(bench: Bench) -> None:
    bench.change(match=Match("external_id", "k"))
    write(bench, "k,n", "007,a", "7,b", "1.0,c", "1.10,d")
    bench.run(CSV)
    assert bench.names() == {"007": "a", "7": "b", "1.0": "c", "1.10": "d"}


@pytest.mark.rule("V6")
def test_rows_that_were_inserted_once_are_not_rejected_later(bench: Bench) -> None:
    bench.change(mode=Mode.INSERT, match=None, fields=map_fields(external_id="k", name="n", age="x"))
    model = csv_model(x="INTEGER")
    write(bench, "k,n,x", "1,Ada,3", "2,Grace,2.7")
    assert bench.run(model, first_run=FirstRun.SEND).ledger == {"1": "succeeded", "2": "rejected BAD_VALUE"}
    write(bench, "k,n,x", "1,Ada,3.5", "2,Grace,2")
    assert bench.run(model).ledger == {"2": "succeeded"}


@pytest.mark.rule("V6")
def test_a_row_that_is_merged_needs_no_sound_values_but_must_say_that_it_is(bench: Bench) -> None:
    bench.change(
        match=Match("external_id", "k"), fields=map_fields(name="n", age="x"), merge=Merge("g", is_child="c"),
        delivery=evolve(bench.sync.delivery, parallelism=1),
    )  # fmt: skip
    model = csv_model(x="INTEGER", c="BOOLEAN")
    write(bench, "k,n,x,g,c", "p,Ada,1,1,false", "c,Ada,1,2,false", "q,Eve,1,3,false")
    bench.run(model)
    write(bench, "k,n,x,g,c", "p,Ada,1,1,false", "c,Ada,2.7,1,true", "q,Eve,1,3,perhaps")
    ran = bench.run(model)
    assert ran.ledger == {"c": "succeeded", "q": "rejected BAD_VALUE"}
    assert ran.report.actions.merged == 1


@pytest.mark.rule("V6")
@pytest.mark.parametrize(
    ("key", "sql", "said"),
    [
        ("7", "select k, e, n, x from 'a.csv'", "a.csv: x cannot be INTEGER without loss: '2.7'"),
        ("7", "select k, e, n, x + 1 as x from 'a.csv'", "a.csv: x cannot be INTEGER without loss: '2.7'"),
        ("007", "select k, e, n, 1 as x from 'a.csv'", "a.csv: k cannot be BIGINT without loss: '007'"),
    ],
)
def test_a_cast_that_loses_something_in_sql_stops_the_model(bench: Bench, key: str, sql: str, said: str) -> None:
    write(bench, "k,e,n,x", f"{key},1,Ada,2.7")
    bench.change(fields=map_fields(name="n", age="x"))
    with pytest.raises(ConfigError) as raised:
        bench.run(Model(name="rows", primary_key=("k",), sql=sql, types={"x": "INTEGER", "k": "BIGINT"}))
    (problem,) = raised.value.problems
    assert (problem.path, problem.message) == (("models", "rows", "sql"), said)


@pytest.mark.rule("V6")
def test_a_cast_in_sql_that_no_row_needs_stops_nothing(bench: Bench) -> None:
    write(bench, "k,e,n,x,y", "1,1,Ada,3,2.7", "2,2,Grace,x,")
    bench.change(fields=map_fields(name="n", age="x"))
    sql = "select k, e, n, x from 'a.csv' where k = '1'"
    assert bench.run(
        Model(name="rows", primary_key=("k",), sql=sql, types={"x": "INTEGER", "y": "INTEGER"})
    ).ledger == {"1": "succeeded"}


@pytest.mark.rule("V6")
def test_types_that_can_mean_nothing_are_problems_of_the_project(bench: Bench) -> None:
    write(bench, "k,e,n", "1,1,Ada")
    with pytest.raises(ConfigError) as raised:
        bench.run(csv_model(nn="INTEGER", n="INT); drop table people; --"))
    assert {problem.path[-1]: problem.message for problem in raised.value.problems} == {
        "nn": "a.csv has no column nn",
        "n": "there is no type INT); drop table people; --",
    }
    with pytest.raises(ConfigError, match="reads no CSV file"):
        bench.run(Model(name="rows", primary_key=("k",), sql="select 1 as k", types={"k": "INTEGER"}))
