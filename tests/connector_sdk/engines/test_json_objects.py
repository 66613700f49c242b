"""Objects and lists in JSON files: what is in one of them does not depend on what the other rows hold."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk.engines.sql import name
from connector_sdk.planning.mapping.choice_lists import join_choices
from connector_sdk.planning.mapping.json_text import json_text

from .conftest import Open, Read

LOOKS = {"t": "1:02", "d": "2024-01-01T00:00:00", "e": "2024-1-5", "g": "8D6B2F0E-4B1D-4A77-8E0B-0D2F3C4B5A69"}
LONG = "0.12345678901234567890123"


def write(folder: Path, *rows: str) -> None:
    """Write objects as lines of a file."""
    (folder / "a.json").write_text("\n".join(rows), encoding="utf-8")


def read_json(open_: Open, column: str, **given_: Any) -> list[str | None]:
    """Return the JSON that a field of text gets from a column, in the order of the rows."""
    source = open_(**given_)
    made = json_text(name(column), source.columns[column]).text
    with duckdb.connect() as connection:
        rows = connection.execute(f"select {made} from {source.relation} order by {source.position}").fetchall()
    return [row[0] for row in rows]


def parse_exactly(value: str | None) -> Any:
    """Parse JSON with every digit of its numbers."""
    return None if value is None else json.loads(value, parse_float=lambda n: Decimal(n).normalize())


@pytest.mark.rule("V8", "V15")
@pytest.mark.parametrize("sql", [None, "select * from 'a.json'"])
@pytest.mark.parametrize("shape", ["an object", "a list of objects", "an object in an object", "a list in an object"])
def test_text_inside_of_objects_stays_as_it_is_written(folder: Path, open_: Open, sql: str | None, shape: str) -> None:
    value: Any = {
        "an object": LOOKS,
        "a list of objects": [LOOKS],
        "an object in an object": {"o": LOOKS},
        "a list in an object": {"l": list(LOOKS.values())},
    }[shape]
    write(folder, json.dumps({"id": 1, "v": value}))
    given_ = {"file": "a.json"} if sql is None else {"sql": sql}
    assert [parse_exactly(each) for each in read_json(open_, "v", **given_)] == [value]


@pytest.mark.rule("V8", "V15")
def test_lists_of_text_that_look_like_dates_stay_lists_of_text(folder: Path, read: Read) -> None:
    write(folder, '{"id": 1, "l": ["2024-1-5", "1:02"], "n": [["2024-1-5"]]}', '{"id": 2, "l": []}')
    for given_ in ({"file": "a.json"}, {"sql": "select * from 'a.json'"}):
        found = read(**given_)
        assert found.column("l").to_pylist() == [["2024-1-5", "1:02"], []]
        assert found.column("n").to_pylist() == [[["2024-1-5"]], None]


@pytest.mark.rule("V8", "V15")
def test_an_object_has_its_own_keys_and_numbers_whatever_the_other_rows_hold(folder: Path, open_: Open) -> None:
    rows = ['{"a":1}', '{"b":"x","a":null}', '{"a":1.5,"c":{"d":12345678901234567890123,"e":[1,"1",null]}}', "{}"]
    given_ = [f'{{"id": {number}, "v": {each}}}' for number, each in enumerate(rows)]
    write(folder, *given_)
    assert read_json(open_, "v", file="a.json") == rows
    write(folder, *given_, f'{{"id": {LONG}, "v": {{"a": {LONG}, "t": "{LONG}"}}}}')
    assert read_json(open_, "v", file="a.json") == [*rows, f'{{"a":{LONG},"t":"{LONG}"}}']


@pytest.mark.rule("V8", "V15")
def test_lists_of_numbers_stay_lists_of_numbers_with_every_digit(folder: Path, open_: Open) -> None:
    write(folder, f'{{"id": 1, "v": [{LONG}, 9007199254740993]}}', '{"id": 2, "v": [0.5, null]}', '{"id": 3}')
    assert read_json(open_, "v", file="a.json") == [f"[{LONG},9007199254740993]", "[0.5,null]", None]
    write(folder, '{"id": 1, "v": [9007199254740993, 1.5]}', '{"id": 2, "v": []}')
    assert read_json(open_, "v", file="a.json") == ["[9007199254740993,1.5]", "[]"]


@pytest.mark.rule("V15")
@pytest.mark.parametrize(
    ("listed", "joined"),
    [
        ('["Sailing", "Chess"]', "Sailing;Chess"),
        ('["Chess", 5, 5.0, 1e3, true, null, "a\\"b"]', 'Chess;5;5;1000;true;a"b'),
        (f"[{LONG}, 5.0]", f"{LONG};5"),
        ("[]", ""),
    ],
)
def test_lists_of_text_and_of_numbers_join_into_choices_without_quotes(
    folder: Path, open_: Open, listed: str, joined: str
) -> None:
    write(folder, f'{{"id": 1, "v": {listed}}}')
    source = open_(file="a.json")
    choices = join_choices("v", source.columns["v"])
    with duckdb.connect() as connection:
        found = connection.execute(f"select {choices.value}, {choices.torn} from {source.relation}").fetchone()
    assert found == (joined, None)


@pytest.mark.rule("V8", "V15")
@pytest.mark.parametrize("long", ["1", LONG])
def test_sql_takes_members_of_objects_as_they_are_written(folder: Path, read: Read, long: str) -> None:
    rest = '"n": 1.5, "i": 12345, "b": true, "l": [1, 2], "o": {"x": "1:02"}'
    write(folder, f'{{"id": 1, "x": {long}, "v": {{"t": "2024-1-5", {rest}}}}}', '{"id": 2}')
    found = read(sql="select id, v.t, v.n + 1 as n, v.i, v.b, v.l[2] as l, v.o.x as ox from 'a.json' where v.t > ''")
    (row,) = found.drop_columns(["#"]).to_pylist()
    assert {**row, "n": float(row["n"])} == {
        "id": 1, "t": "2024-1-5", "n": 2.5, "i": 12345, "b": True, "l": 2, "ox": "1:02"
    }  # fmt: skip


SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([*LOOKS.values(), "", 'a"b', "1.5", LONG, "é\u2028", "}"])
    | st.sampled_from([Decimal(LONG), Decimal("1.5"), Decimal("-0.30000000000000004"), Decimal("1E-7")])
    | st.integers(-(10**25), 10**25)
    | st.integers(-5, 5)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)


def dump(value: Any) -> str:
    """Return a value as JSON, decimals with all of their digits."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{dump(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(dump, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


@pytest.mark.rule("V8", "V15")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1, max_size=3), max_size=4))
def test_any_object_is_sent_as_it_is_in_the_file(folder: Path, open_: Open, objects: list[Any]) -> None:
    rows = [{"z": 1}, *objects]
    write(folder, *(f'{{"id": {number}, "v": {dump(each)}}}' for number, each in enumerate(rows)))
    assert [parse_exactly(each) for each in read_json(open_, "v", file="a.json")] == [
        parse_exactly(dump(each)) for each in rows
    ]
