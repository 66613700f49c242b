"""Numbers with more digits than a type of DuckDB, of Parquet or of floating point has: exact text, or left alone."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk.engines.exact_numbers import plain_number

from .conftest import Open, Read, Refuse

D = Decimal
FIFTY = "123456789012345678901234567890123456789012345678"
HUGE = 2**127 - 1


def store_table(kind: str, folder: Path, table: pa.Table) -> dict[str, Any]:
    """Write a table into the folder, unless it is data, and return the settings of a model that reads it."""
    if kind == "data":
        return {"data": table}
    pq.write_table(table, folder / "a.parquet")
    return {"file": "a.parquet"} if kind == "Parquet" else {"sql": "select * from 'a.parquet'"}


@pytest.mark.rule("V8")
@pytest.mark.parametrize("kind", ["data", "Parquet", "SQL"])
@pytest.mark.parametrize(
    ("number", "type_", "text"),
    [
        (f"{FIFTY}.10", pa.decimal256(50, 2), f"{FIFTY}.1"),
        (f"-{FIFTY}", pa.decimal256(76, 0), f"-{FIFTY}"),
        (f"0.{'0' * 43}12", pa.decimal256(60, 45), f"0.{'0' * 43}12"),
        ("100.00", pa.decimal256(40, 2), "100"),
        ("-0.50", pa.decimal256(76, 70), "-0.5"),
    ],
)  # fmt: skip
def test_decimals_of_more_than_38_digits_are_text_with_every_digit(
    folder: Path, read: Read, kind: str, number: str, type_: pa.DataType, text: str
) -> None:
    with localcontext() as context:
        context.prec = 80
        table = pa.table({"id": pa.array([D(number), None], type_), "n": [1, 2]})
    assert read(**store_table(kind, folder, table)).column("id").to_pylist() == [text, None]


@pytest.mark.rule("V8")
@pytest.mark.parametrize("kind", ["data", "Parquet", "SQL"])
def test_wide_decimals_inside_of_lists_and_structs_are_text_too(folder: Path, read: Read, kind: str) -> None:
    wide = pa.decimal256(50, 2)
    table = pa.table(
        {
            "id": [1],
            "l": pa.array([[D(f"{FIFTY}.10"), None]], pa.list_(wide)),
            "s": pa.array([{"x": D("1.20")}], pa.struct([("x", wide)])),
        }
    )
    found = read(**store_table(kind, folder, table), used=("l", "s")).to_pylist()
    assert found == [{"id": 1, "l": [f"{FIFTY}.10", None], "s": {"x": "1.20"}, "#": 1}]


@pytest.mark.rule("V8")
@pytest.mark.parametrize("sql", [None, "select id from 'a.parquet'"])
def test_wide_decimals_that_nothing_uses_cost_no_copy(folder: Path, open_: Open, sql: str | None) -> None:
    pq.write_table(pa.table({"id": [1], "n": pa.array([D(1)], pa.decimal256(50, 2))}), folder / "a.parquet")
    source = open_(file="a.parquet") if sql is None else open_(sql=sql)
    assert list(source.columns) == ["id"]
    assert source.left_out["n"] == "a.parquet has it as DECIMAL(50,2)"
    assert sql is not None or str(folder) in source.relation


@pytest.mark.rule("V8")
def test_small_decimals_in_wide_types_of_arrow_stay_decimals(read: Read) -> None:
    table = pa.table(
        {"id": pa.array([D("1.20")], pa.decimal256(20, 2)), "n": pa.array([D("1200")], pa.decimal128(5, -2))}
    )
    found = read(data=table)
    assert found.schema.field("id").type == pa.decimal128(20, 2)
    assert found.column("n").to_pylist() == ["1200"]


@pytest.mark.rule("V8", "V17")
@pytest.mark.parametrize("kind", ["SQL", "a relation", "types"])
def test_a_whole_number_of_39_digits_is_text_and_stops_nothing(folder: Path, read: Read, kind: str) -> None:
    (folder / "a.csv").write_text(f"id,small,huge\n1,5,{HUGE}\n2,,-{HUGE}\n", encoding="utf-8")
    select = f"select * from (values (1, 5::hugeint, {HUGE}::hugeint), (2, null, -{HUGE}::hugeint)) t(id, small, huge)"
    with duckdb.connect() as connection:
        settings_: dict[str, dict[str, Any]] = {
            "SQL": {"sql": select},
            "a relation": {"data": connection.sql(select)},
            "types": {"file": "a.csv", "types": {"id": "INTEGER", "small": "HUGEINT", "huge": "HUGEINT"}},
        }
        found = read(**settings_[kind], used=("small", "huge"))
    assert found.schema.field("small").type == pa.decimal128(38, 0)
    assert found.column("small").to_pylist() == [D(5), None]
    assert found.column("huge").to_pylist() == [str(HUGE), str(-HUGE)]


@pytest.mark.rule("V8", "V17")
def test_whole_numbers_of_128_bits_inside_of_lists_are_exact_or_left_out(read: Read, lack: Refuse) -> None:
    sql = f"select 1 as id, [9007199254740993::hugeint] as l, {{'HUGEINT': 2::hugeint}} as s, [{HUGE}::hugeint] as huge"
    found = read(sql=sql)
    assert found.to_pylist() == [{"id": 1, "l": [D(9007199254740993)], "s": {"HUGEINT": D(2)}, "#": 1}]
    assert "whole numbers of 39 digits" in lack(sql=sql, lacking="huge").message


@pytest.mark.rule("V8")
@pytest.mark.parametrize("form", ["lines", "a list"])
@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        (["12345678901234567890123", "5", "1.50"], ["12345678901234567890123", "5", "1.5"]),
        (["0.1234567890123456789", "1e2", "100.0"], ["0.1234567890123456789", "100", "100"]),
        (["9007199254740993", "0.5"], ["9007199254740993", "0.5"]),
        (["-18446744073709551616"], ["-18446744073709551616"]),
        (["1" * 41, "1"], ["1" * 41, "1"]),
        (["1e-400", "1"], ["0." + "0" * 399 + "1", "1"]),
    ],
    ids=["23 digits", "19 decimals", "beside a fraction", "below 64 bits", "41 digits", "too small"],
)
def test_numbers_of_json_that_floating_point_does_not_have_are_text(
    folder: Path, read: Read, form: str, numbers: list[str], texts: list[str]
) -> None:
    rows = [f'{{"id": {number}, "n": "a {number} \\" {number}"}}' for number in numbers]
    (folder / "a.json").write_text("\n".join(rows) if form == "lines" else f"[{', '.join(rows)}]", encoding="utf-8")
    for given_ in ({"file": "a.json"}, {"sql": "select * from 'a.json'"}):
        found = read(**given_)
        assert found.column("id").to_pylist() == texts
        assert found.column("n").to_pylist() == [f'a {number} " {number}' for number in numbers]


@pytest.mark.rule("V8")
@pytest.mark.parametrize("number", ["0.30000000000000004", "1.7976931348623157e308", "123456789012345.5", "1e22"])
def test_numbers_of_json_that_floating_point_prints_as_they_are_stay_numbers(
    folder: Path, read: Read, number: str
) -> None:
    (folder / "a.json").write_text(f'{{"id": {number}}}\n{{"id": 5}}', encoding="utf-8")
    assert read(file="a.json").column("id").to_pylist() == [float(number), 5.0]


@pytest.mark.rule("V8")
def test_long_numbers_of_json_keep_their_digits_beside_text_and_inside_of_structs(folder: Path, read: Read) -> None:
    rows = '{"id": 1, "m": 0.1234567890123456789, "s": {"x": 1.2345678901234567890, "y": "1.2345678901234567890"}}'
    (folder / "a.json").write_text(f'{rows}\n{{"id": 9007199254740993, "m": "x"}}', encoding="utf-8")
    numbers = {"id": [1, 9007199254740993], "m": ["0.1234567890123456789", "x"]}
    for given_, s in (
        ({"file": "a.json"}, [("x", "1.2345678901234567890"), ("y", '"1.2345678901234567890"')]),
        ({"sql": "select * from 'a.json'"}, {"x": "1.2345678901234567890", "y": "1.2345678901234567890"}),
    ):
        assert read(**given_).drop_columns(["#"]).to_pydict() == {**numbers, "s": [s, None]}


@pytest.mark.rule("V8")
@settings(max_examples=25, deadline=None)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    st.sampled_from("feEg"),
    st.sampled_from(["", "+", " ", "00"]),
)
def test_a_number_in_any_notation_becomes_the_same_plain_digits(number: Decimal, form: str, before: str) -> None:
    written = f"{number:{form}}"
    if before and not written.startswith("-"):
        written = before + written
    with duckdb.connect() as connection, localcontext() as context:
        context.prec = 200
        (found,) = connection.execute(f"select {plain_number('n')} from (select ? as n)", [written]).fetchone() or ()
        plain = f"{Decimal(written.strip()):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    assert found == ("0" if Decimal(written.strip()) == 0 else plain)


@pytest.mark.parametrize("text", ["", "x", "1e", "1.2.3", "--1", "1_000", "0x10", "nan", "inf", "1 2"])
def test_a_text_that_is_no_number_has_no_plain_digits(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"select {plain_number('n')} from (select ? as n)", [text]).fetchone() == (None,)


def test_json_written_by_python_arrives_as_python_reads_it(folder: Path, read: Read) -> None:
    rows = [{"id": number, "n": 0.1 * number, "t": str(number)} for number in range(50)]
    (folder / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    assert read(file="a.json").drop_columns(["#"]).to_pylist() == rows


@pytest.mark.rule("V8")
def test_long_whole_numbers_beside_fractions_of_their_own_column_need_no_copy(
    folder: Path, open_: Open, read: Read, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ids of 18 digits beside prices are common: each column keeps its type, and the file is read once as it is."""
    (folder / "a.json").write_text('{"id": 123456789012345678, "n": 1.5}\n{"id": 2, "n": 2}', encoding="utf-8")
    before = len(list(tmp_path_factory.getbasetemp().rglob("*.ndjson")))
    assert dict(open_(file="a.json").columns) == {"id": "BIGINT", "n": "DOUBLE"}
    assert len(list(tmp_path_factory.getbasetemp().rglob("*.ndjson"))) == before
    (folder / "a.json").write_text('{"id": 1, "n": 9007199254740993}\n{"id": 2, "n": 1.5}', encoding="utf-8")
    assert read(file="a.json").column("n").to_pylist() == ["9007199254740993", "1.5"]


@pytest.mark.rule("V8")
def test_long_whole_numbers_beside_fractions_inside_of_a_list_keep_their_digits(folder: Path, read: Read) -> None:
    (folder / "a.json").write_text('{"id": 1, "n": [9007199254740993, 1.5]}', encoding="utf-8")
    assert read(file="a.json").column("n").to_pylist() == [["9007199254740993", "1.5"]]
