"""Lists, structs and maps: joined in fields of choices, JSON in fields of text, refused with advice elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk import ConfigError, Field, FieldMapping, FieldType, Find, Match, Mode
from connector_sdk.planning.mapping.misfits import MisfitError

from .bench import Bench, map_fields, people
from .convert import Converted, convert_column, convert_sql

pytestmark = pytest.mark.rule("V15")

TEXTS = pa.list_(pa.string())
ABOUT = Field(name="about", type=FieldType.TEXT)
HOBBIES = Field(name="hobbies", type=FieldType.CHOICES, values=("Chess", "Sailing"))


@pytest.mark.parametrize(
    ("value", "joined"),
    [
        ("['Sailing', 'Chess']", "Chess;Sailing"),
        ("['Sailing', null, ' Chess ', 'Sailing', '']", "Chess;Sailing"),
        ("cast([] as varchar[])", None),
        ("[null::varchar]", None),
        ("null::varchar[]", None),
        ("[10, 9, null]", "10;9"),
        ("[1.50::decimal(4, 2)]", "1.50"),
        ("[5.0::double, 0.00001::double]", "0.00001;5"),
        ("[170141183460469231731687303715884105727]", "170141183460469231731687303715884105727"),
        ("[true, false]", "false;true"),
        ("[date '2026-01-31']", "2026-01-31"),
        ("[timestamptz '2026-01-31 10:00:00+02']", "2026-01-31T08:00:00Z"),
        ("['b', 'a']::varchar[2]", "a;b"),
        ("[{}]::uuid[]".format("'F47AC10B-58CC-4372-A567-0E02B2C3D479'"), "f47ac10b-58cc-4372-a567-0e02b2c3d479"),
    ],
)
def test_a_list_joins_into_several_choices(value: str, joined: str | None) -> None:
    assert convert_sql(HOBBIES, value) == Converted(joined, None, None)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("['Chess', 'a;b']", "hobbies cannot be 'a;b': it takes values without a semicolon"),
        ("[1.5, 'nan'::double]", "hobbies cannot be 'nan': it takes text"),
        ("['infinity'::date]", "hobbies cannot be 'infinity': it takes text"),
    ],
)
def test_an_element_that_would_become_another_value_is_rejected(value: str, why: str) -> None:
    assert convert_sql(HOBBIES, value) == Converted(None, "BAD_VALUE", why)


def test_a_list_into_a_restricted_field_is_checked_value_by_value() -> None:
    field = Field(name="hobbies", type=FieldType.CHOICES, values=("Chess", "Sailing"), restricted=True)
    good, bad = convert_column(field, TEXTS, [["Sailing", None, "Chess"], ["Sailing", "chess"]])
    assert good.value == "Chess;Sailing"
    assert bad.message == "hobbies has no value 'chess', did you mean Chess?"


@pytest.mark.parametrize(("count", "code"), [(100, None), (101, "TOO_LONG")])
def test_a_hundred_choices_are_allowed_at_most(count: int, code: str | None) -> None:
    (found,) = convert_column(HOBBIES, TEXTS, [[str(number) for number in range(count)]])
    assert found.code == code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{'a': 1, 'b': 'x'}", '{"a":1,"b":"x"}'),
        ("{'a': null, 'b': {'c': [1, null, 3]}}", '{"a":null,"b":{"c":[1,null,3]}}'),
        ("{'a': 1.10::decimal(38, 20)}", '{"a":1.10000000000000000000}'),
        ("[170141183460469231731687303715884105727]", "[170141183460469231731687303715884105727]"),
        ("[0.1::float]", "[0.1]"),
        ("[0.30000000000000004::double]", "[0.30000000000000004]"),
        ("['a \"b\" \\', 'é', chr(10)]", '["a \\"b\\" \\\\","é","\\n"]'),
        ("{'at': timestamptz '2026-01-31 10:00:00+02'}", '{"at":"2026-01-31T08:00:00Z"}'),
        ("{'at': timestamp '2026-01-31 10:00:00.5'}", '{"at":"2026-01-31T10:00:00.5Z"}'),
        ("{'on': date '2026-01-31', 't': time '10:00:00'}", '{"on":"2026-01-31","t":"10:00:00"}'),
        ("{'yes': true, 'id': 'f47ac10b-58cc-4372-a567-0e02b2c3d479'::uuid}",
         '{"yes":true,"id":"f47ac10b-58cc-4372-a567-0e02b2c3d479"}'),
        ("{'j': '{\"x\": 1.10}'::json}", '{"j":{"x": 1.10}}'),
        ("{'kind': 'a'::enum('a', 'b')}", '{"kind":"a"}'),
        ("{'a b\"c': 1}", '{"a b\\"c":1}'),
        ("map {'k\"': 1.5, 'l': null}", '{"k\\"":1.5,"l":null}'),
        ("map {1: [date '2026-01-31']}", '{"1":["2026-01-31"]}'),
        ("map {date '2026-01-31': true}", '{"2026-01-31":true}'),
        ("[[1, 2], [], null]", "[[1,2],[],null]"),
        ("[{'a': 1}, null]", '[{"a":1},null]'),
        ("[{'a': [{'b': [1]}, null]}]", '[{"a":[{"b":[1]},null]}]'),
        ("cast([] as varchar[])", "[]"),
        ("map {}::map(varchar, integer)", "{}"),
        ("null::struct(a integer)", None),
        ("[1, 2]::integer[2]", "[1,2]"),
    ],
)  # fmt: skip
def test_a_nested_value_becomes_json_in_a_text_field(value: str, text: str | None) -> None:
    assert convert_sql(ABOUT, value) == Converted(text, None, None)
    assert text is None or json.loads(text) is not None


@pytest.mark.parametrize(
    "value",
    [
        "{'a': 'nan'::double}",
        "[1.0, 'inf'::double]",
        "[['-inf'::float]]",
        "{'a': [{'b': 'infinity'::date}]}",
        "map {'a': 'infinity'::timestamptz}",
        "map {'nan'::double: 1}",
    ],
)
def test_what_has_no_json_is_rejected(value: str) -> None:
    found = convert_sql(ABOUT, value)
    assert (found.value, found.code) == (None, "BAD_VALUE")
    assert "it takes JSON, which has no infinity, no NaN" in str(found.message)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=4))
def test_every_text_comes_back_out_of_the_json(values: list[str | None]) -> None:
    (found,) = convert_column(ABOUT, TEXTS, [values])
    assert json.loads(found.value) == values


def test_json_is_as_long_as_the_field_allows() -> None:
    (found,) = convert_column(Field(name="about", type=FieldType.TEXT, length=5), TEXTS, [["abc"]])
    assert found.message == "about has 7 characters, 5 are allowed"


@pytest.mark.parametrize(
    ("value", "field_type", "advice"),
    [
        ("[1, 2]", FieldType.INTEGER, 'select it as: cast("the column"[1] as bigint)'),
        ("{'a': 1, 'b': 2}", FieldType.DATE, "map a column of another type"),
        ("{'a': 1, 'on': date '2026-01-31'}", FieldType.DATE, 'select it as: cast("the column"."on" as date)'),
        ("map {'a': 1}", FieldType.INTEGER, 'select it as: cast(map_values("the column")[1] as bigint)'),
        ("{'a': 1}", FieldType.CHOICES, 'select it as: cast("the column"."a" as varchar)'),
        ("[{'a': 1}]", FieldType.CHOICES, 'select it as: cast("the column"[1]."a" as varchar)'),
        ("['x']", FieldType.CHOICE, 'select it as: cast("the column"[1] as varchar)'),
        ("{'a': 'x'::blob}", FieldType.TEXT, "map a column of another type"),
        ("['x'::blob]", FieldType.TEXT, "map a column of another type"),
        ("{'a': ['x'::blob], 'b': 2}", FieldType.TEXT, 'select it as: cast("the column"."b" as varchar)'),
        ("[interval 1 day]", FieldType.TEXT, 'select it as: cast("the column"[1] as varchar)'),
        ("map {'a': '1'::json}", FieldType.INTEGER, "map a column of another type"),
    ],
)
def test_what_can_never_fit_is_refused_with_what_to_write_instead(
    value: str, field_type: FieldType, advice: str
) -> None:
    field = Field(name="f", type=field_type)
    with pytest.raises(MisfitError) as misfit:
        convert_sql(field, value)
    assert misfit.value.advice("the column") == advice
    if misfit.value.select:
        assert convert_sql(field, misfit.value.select.replace("{x}", f"({value})")).code is None


def table(type_: pa.DataType, *values: Any) -> pa.Table:
    keys = [f"e{number}" for number in range(len(values))]
    return pa.table({"k": keys, "e": keys, "n": keys, "v": pa.array(values, type_)})


def read_field(bench: Bench, field: str) -> list[str | None]:
    return [each[field] for each in bench.store.records("people")]


def test_one_list_may_fill_choices_and_text(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="v", about="v"))
    bench.run(table(TEXTS, ["Sailing", "Chess"], [], None, [None]))
    assert read_field(bench, "interests") == ["Chess;Sailing", None, None, None]
    assert read_field(bench, "about") == ['["Sailing","Chess"]', "[]", None, "[null]"]


def test_another_order_of_a_list_of_choices_is_no_change_nor_is_the_same_as_text(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", interests="v"))
    bench.run(table(TEXTS, ["Sailing", "Chess"], ["Chess"], None))
    assert bench.run(table(TEXTS, ["Chess", "Sailing", "Chess"], [None, "Chess"], [])).ledger == {}
    assert bench.run(table(pa.string(), "Sailing; Chess", "Chess", None)).ledger == {}
    assert bench.run(table(TEXTS, ["Chess"], ["Chess"], None)).ledger == {"e0": "succeeded"}


ONE, OTHER = pa.struct([("a", pa.int64())]), pa.struct([("b", pa.string())])


def test_a_struct_whose_members_are_all_others_is_a_changed_value(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", about="v"))
    bench.run(table(ONE, {"a": 1}, {"a": 2}, None))
    assert bench.run(table(ONE, {"a": 1}, {"a": 3}, None)).ledger == {"e1": "succeeded"}
    assert bench.run(table(OTHER, {"b": "x"}, None, None)).ledger == {"e0": "succeeded", "e1": "succeeded"}
    assert read_field(bench, "about") == ['{"b":"x"}', None, None]
    assert bench.run(table(OTHER, {"b": "x"}, None, None)).ledger == {}


@pytest.mark.parametrize("later", [pa.string(), TEXTS, pa.map_(pa.string(), pa.int64())])
def test_a_struct_may_become_a_column_of_any_other_type(bench: Bench, later: pa.DataType) -> None:
    bench.change(fields=map_fields(name="n", about="v"))
    bench.run(table(ONE, {"a": 1}, None))
    assert bench.run(table(later, None, None)).ledger == {"e0": "succeeded"}
    assert bench.run(table(later, None, None)).ledger == {}


def test_a_nested_value_that_is_wrong_rejects_its_row_alone(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", about="v"))
    ran = bench.run(table(pa.list_(pa.float64()), [1.5], [float("nan")], [None]))
    assert ran.ledger == {"e0": "succeeded", "e1": "rejected BAD_VALUE", "e2": "succeeded"}


@pytest.mark.parametrize("where", ["match", "find"])
def test_nothing_nested_is_a_key(bench: Bench, where: str) -> None:
    if where == "match":
        bench.sync = people(Mode.UPDATE, match=Match("external_id", "v"), fields=map_fields(name="n"))
    else:
        bench.change(
            fields=(*map_fields(name="n"), FieldMapping(field="mentor", find=Find("people", "v", "external_id")))
        )
    with pytest.raises(ConfigError, match="a column of type struct") as raised:
        bench.plan(table(ONE, {"a": 1}))
    assert raised.value.problems[0].hint == 'select it as: cast("v"."a" as varchar)'
