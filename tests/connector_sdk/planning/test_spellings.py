"""A key has one text: a column that changes its type changes no key, and text is taken as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import FieldMapping, Find, Match, Mode, Removal, RunStopped
from connector_sdk.run import FirstRun

from .bench import UNGUARDED, Bench, map_fields, people

KEYS = range(1, 41)
CHANGED = range(1, 11)

NUMBERS: dict[str, pa.DataType] = {
    "bigint": pa.int64(),
    "smallint": pa.int16(),
    "unsigned": pa.uint32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "decimal": pa.decimal128(18, 2),
    "long decimal": pa.decimal128(38, 10),
    "text": pa.string(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}
"""Types that say the same numbers."""


def column(type_: str, keys: Sequence[int]) -> pa.Array:
    """Return numbers as a column of a type, with a null beside them where there are nulls."""
    if type_ == "dictionary":
        return pa.array([str(each) for each in keys]).dictionary_encode()
    whole = pa.array(keys, pa.int64())
    return whole.cast(pa.decimal128(38, 0)).cast(NUMBERS[type_]) if "decimal" in type_ else whole.cast(NUMBERS[type_])


def table(type_: str, keys: Sequence[int] = KEYS, changed: Sequence[int] = ()) -> pa.Table:
    """Return a model with a key and a match column of a type."""
    names = [f"{each} {'new' if each in changed else 'old'}" for each in keys]
    return pa.table({"k": column(type_, keys), "e": column(type_, keys), "n": names})


@pytest.mark.rule("V1", "V2")
@pytest.mark.parametrize("match", ["k", "e"])
@pytest.mark.parametrize(
    ("before", "after"), [("bigint", each) for each in NUMBERS] + [(each, "bigint") for each in NUMBERS]
)
def test_a_key_column_may_change_its_type(bench: Bench, before: str, after: str, match: str) -> None:
    bench.change(match=Match("external_id", match), on_removed=Removal.DELETE)
    assert bench.run(table(before)).report.actions.created == 40
    ran = bench.run(table(after, changed=CHANGED))
    assert (ran.report.actions.created, ran.report.actions.updated) == (0, 10)
    assert sorted(bench.names()) == sorted(map(str, KEYS))
    bench.run(table(after, keys=[each for each in KEYS if each != 3], changed=CHANGED))
    assert sorted(bench.names()) == sorted(str(each) for each in KEYS if each != 3)


@pytest.mark.rule("V1")
@pytest.mark.parametrize("match", ["k", "e"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(one, other) for one in ("text", "double", "decimal") for other in NUMBERS if one != other]
    + [("moments as text", "moments"), ("moments", "moments as text"), ("days as text", "days")],
)
def test_a_changed_type_plans_nothing_on_the_days_after(bench: Bench, before: str, after: str, match: str) -> None:
    bench.change(match=Match("external_id", match))
    bench.run(make_model(before, "old", "old"))
    assert len(bench.run(make_model(after, "new", "old")).lines) == 1
    assert bench.run(make_model(after, "new", "old")).lines == ()


def make_model(type_: str, *names: str) -> pa.Table:
    """Return a model with a row for each name, and a key and a match column of a type."""
    numbers = range(1, len(names) + 1)
    texts = pa.array([f"2026-01-{each:02}T10:00:00Z" for each in numbers])
    made = {
        "moments as text": texts,
        "moments": texts.cast(pa.timestamp("us", "UTC")),
        "days as text": pa.array([f"2026-01-{each:02}" for each in numbers]),
        "days": pa.array([f"2026-01-{each:02}" for each in numbers]).cast(pa.date32()),
    }
    keys = made[type_] if type_ in made else column(type_, numbers)
    return pa.table({"k": keys, "e": keys, "n": names})


@pytest.mark.rule("V1")
@pytest.mark.parametrize("type_", ["double", "decimal", "text"])
def test_an_inserted_key_is_not_inserted_again_under_another_type(bench: Bench, type_: str) -> None:
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="e", text="n"))
    bench.run(table("bigint"), first_run=FirstRun.SEND)
    assert bench.run(table(type_, changed=CHANGED)).lines == ()
    assert {each["key"] for each in bench.store.records("notes")} == set(map(str, KEYS))


@pytest.mark.rule("V2")
@pytest.mark.parametrize("type_", NUMBERS)
@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.ARCHIVE])
def test_records_are_found_whatever_the_type_of_the_match_column(bench: Bench, mode: Mode, type_: str) -> None:
    bench.sync = people(mode)
    for each in KEYS:
        bench.store.put("people", external_id=str(each), name="-")
    ran = bench.run(table(type_))
    assert {line["outcome"] for line in ran.lines} == {"succeeded"}
    assert len(ran.lines) == 40


@pytest.mark.rule("V2")
@pytest.mark.parametrize("type_", ["double", "decimal"])
@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.ARCHIVE])
def test_records_with_keys_as_a_type_spells_them_are_found_too(bench: Bench, mode: Mode, type_: str) -> None:
    spelled = {"double": "{}.0", "decimal": "{}.00"}[type_]
    bench.sync = people(mode)
    for each in KEYS:
        bench.store.put("people", external_id=spelled.format(each), name="-")
    assert {line["outcome"] for line in bench.run(table(type_)).lines} == {"succeeded"}


@pytest.mark.rule("V2")
@pytest.mark.parametrize("type_", NUMBERS)
@pytest.mark.parametrize("field", ["mentor", "account"])
def test_a_look_up_finds_its_record_whatever_the_type_of_its_column(bench: Bench, field: str, type_: str) -> None:
    find = Find("people", "m", "badge") if field == "mentor" else Find("accounts", "m", "number")
    bench.store.put("people", external_id="boss", name="-", badge=7)
    bench.store.put("accounts", number="7", name="-")
    bench.change(fields=(FieldMapping(field="name", column="n"), FieldMapping(field=field, find=find)))
    rows = table("bigint", [1]).append_column("m", column(type_, [7]))
    assert bench.run(rows).ledger == {"1": "succeeded"}
    assert bench.records()["1"][field]


@pytest.mark.rule("V1")
@pytest.mark.parametrize("type_", NUMBERS)
def test_several_columns_make_one_key_whatever_their_types(bench: Bench, type_: str) -> None:
    bench.primary_key = ("k", "e")
    bench.run(table("bigint"))
    rows = table("bigint", changed=CHANGED)
    rows = rows.set_column(0, "k", column(type_, KEYS))
    ran = bench.run(rows)
    assert set(ran.ledger) == {f'["{each}","{each}"]' for each in CHANGED}


@pytest.mark.rule("V1")
def test_text_is_taken_as_it_stands(bench: Bench) -> None:
    keys = ["007", "7", "1.0", "1.10", "1.1", "1e3", "+7", "-0"]
    bench.run([{"k": each, "e": each, "n": "x"} for each in keys])
    assert sorted(bench.names()) == sorted(keys)
    assert bench.run([{"k": each, "e": each, "n": "x"} for each in keys]).ledger == {}


MOMENT = datetime(2026, 1, 31, 23, 59, 59, 123_456)


@pytest.mark.rule("V1")
@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([date(2026, 1, 31)]), "2026-01-31"),
        (pa.array([MOMENT], pa.timestamp("us")), "2026-01-31T23:59:59.123456Z"),
        (pa.array([MOMENT.replace(microsecond=0)], pa.timestamp("s")), "2026-01-31T23:59:59Z"),
        (pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), "2026-01-31T23:59:59.123456Z"),
        (pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "Asia/Kolkata")), "2026-01-31T23:59:59.123456Z"),
        (pa.array([MOMENT], pa.timestamp("ns")), "2026-01-31T23:59:59.123456Z"),
        (pa.array([-0.0]), "0"),
        (pa.array([2.0**53 - 1]), "9007199254740991"),
        (pa.array([Decimal("12345678901234567890123456789012345678")]), "12345678901234567890123456789012345678"),
        (pa.array([Decimal("0.10")]), "0.1"),
        (pa.array([True]), "true"),
    ],
)  # fmt: skip
def test_a_key_is_spelled_by_the_type_of_its_column(bench: Bench, values: pa.Array, text: str) -> None:
    rows = pa.table({"k": values, "e": values, "n": ["x"]})
    assert bench.run(rows).ledger == {text: "succeeded"}
    assert list(bench.names()) == [text]


@pytest.mark.rule("V1")
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_moment_is_one_key_in_every_unit_and_zone(bench: Bench, unit: str) -> None:
    moments = pa.array([datetime(2026, 1, day, 10) for day in range(1, 5)], pa.timestamp("us"))
    bench.run(pa.table({"k": moments, "e": moments, "n": ["x"] * 4}))
    other = moments.cast(pa.timestamp(unit)).cast(pa.timestamp(unit, "UTC"))
    assert bench.run(pa.table({"k": other, "e": other, "n": ["x"] * 4})).ledger == {}


@pytest.mark.rule("V1")
@pytest.mark.parametrize(
    "value", [0.5, 2.0**53, 2.0**53 + 2, 1e300, float("nan"), float("inf"), -1.25], ids=lambda value: str(value)
)
def test_a_floating_point_number_that_is_not_exact_is_no_key(bench: Bench, value: float) -> None:
    keys = pa.array([1.0, value])
    ran = bench.run(pa.table({"k": keys, "e": ["a", "b"], "n": ["x", "x"]}))
    assert sorted(map(str, ran.ledger.values())) == ["rejected INEXACT_KEY", "succeeded"]
    assert list(bench.names()) == ["a"]
    (line,) = (each for each in ran.lines if each["code"])
    assert line["message"].endswith("is a floating point number that is not exact (k)")
    assert "Cast the column" in line["advice"]


@pytest.mark.rule("V1")
def test_an_integer_that_is_no_floating_point_number_gets_no_twin_when_its_column_becomes_one(bench: Bench) -> None:
    keys = pa.array([2**53 + 1, 7])
    bench.run(pa.table({"k": keys, "e": keys, "n": ["x", "x"]}))
    floats = keys.cast(pa.float64(), safe=False)
    bench.change(guards=UNGUARDED)
    assert bench.run(pa.table({"k": floats, "e": floats, "n": ["y", "y"]})).ledger == {
        "9007199254740992": "rejected INEXACT_KEY", "7": "succeeded",
    }  # fmt: skip
    assert sorted(bench.names()) == ["7", "9007199254740993"]


@pytest.mark.rule("V1")
def test_nor_is_it_a_match_value_or_the_value_of_a_look_up(bench: Bench) -> None:
    inexact = pa.array([0.5], pa.float32())
    find = FieldMapping(field="mentor", find=Find("people", "m", "external_id"))
    ran = bench.run(pa.table({"k": ["1"], "e": inexact, "n": ["x"]}))
    assert ran.ledger == {"1": "rejected INEXACT_KEY"}
    assert ran.line("1")["message"] == "external_id cannot be 0.5: it is not a whole exact number"
    bench.change(fields=(FieldMapping(field="name", column="n"), find))
    ran = bench.run(pa.table({"k": ["1"], "e": ["a"], "n": ["x"], "m": inexact}))
    assert ran.ledger == {"1": "rejected INEXACT_KEY"}


@pytest.mark.rule("V1")
def test_a_number_that_is_not_whole_may_be_a_match_value_where_the_field_holds_numbers(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE, match=Match("badge", "e"))
    bench.store.put("people", external_id="a", name="-", badge=7)
    keys = pa.array([7.0, 7.5])
    ran = bench.run(pa.table({"k": ["1", "2"], "e": keys, "n": ["x", "y"]}))
    assert ran.ledger == {"1": "succeeded", "2": "rejected BAD_VALUE"}


@pytest.mark.rule("V2")
def test_a_number_that_becomes_a_text_of_other_looks_is_another_match_value(bench: Bench) -> None:
    """`1` and `1.0` are two texts; that they are one number is not known any more."""
    bench.run(pa.table({"k": ["1"], "e": pa.array([1]), "n": ["x"]}))
    with pytest.raises(RunStopped, match="new match value"):
        bench.run(pa.table({"k": ["1"], "e": ["1.0"], "n": ["y"]}))


def test_a_known_row_is_written_in_the_spelling_of_the_model_where_the_field_takes_both_for_one(bench: Bench) -> None:
    bench.run([{"k": "1", "e": "abc", "n": "x"}])
    bench.run([{"k": "1", "e": " ABC", "n": "y"}])
    assert bench.names() == {" ABC": "y"}


def test_a_merged_group_may_change_the_type_of_its_ids(bench: Bench) -> None:
    from connector_sdk import Merge

    bench.change(merge=Merge("s", is_child="c"))
    for key in ("1", "2"):
        bench.store.put("people", external_id=key, name="-")
    rows = {"k": ["1", "2"], "e": ["1", "2"], "n": ["x", "y"], "c": [False, True]}
    assert bench.run(pa.table({**rows, "s": [7, 7]})).report.actions.merged == 1
    assert bench.run(pa.table({**rows, "s": pa.array([7.0, 7.0])})).ledger == {}


def test_the_same_file_under_a_folder_of_another_version_is_not_asked_twice(bench: Bench, tmp_path: Path) -> None:
    asked: list[Any] = []
    matching = bench.destinations["reference"]

    def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
        asked.append(values.to_pylist())
        return matching.match(connection, objects, field, values)

    bench.sync = evolve(people(Mode.UPDATE))
    for each in ("1", "2.0"):
        bench.store.put("people", external_id=each, name="-")
    bench.hooks["match"] = match
    bench.run(pa.table({"k": ["a", "b", "c"], "e": pa.array([1.0, 2.0, 3.0]), "n": ["x"] * 3}))
    assert asked == [["1", "2", "3"], ["2.0", "3.0"]]


@pytest.mark.rule("V14")
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_a_moment_of_any_unit_and_zone_fills_a_date_time_and_a_text(bench: Bench, unit: str, zone: str | None) -> None:
    moments = pa.array([datetime(2026, 1, 31, 10)], pa.timestamp(unit, zone and "UTC"))
    moments = moments.cast(pa.timestamp(unit, zone))
    bench.change(fields=map_fields(name="m", seen="m"))
    assert bench.run(pa.table({"k": ["1"], "e": ["a"], "m": moments})).ledger == {"1": "succeeded"}
    (record,) = bench.store.records("people")
    assert record["name"] == "2026-01-31T10:00:00Z"
    assert record["seen"] == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.rule("V2")
@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([5.0]), "5"),
        (pa.array([0.5]), "0.5"),
        (pa.array([1e20]), "100000000000000000000"),
        (pa.array([1e-7]), "0.0000001"),
        (pa.array([-0.0]), "0"),
        (pa.array([5.0], pa.float32()), "5"),
        (pa.array([Decimal("1.50")]), "1.50"),
    ],
)
def test_a_number_in_a_text_field_is_written_in_plain_digits(bench: Bench, values: pa.Array, text: str) -> None:
    """A decimal keeps the decimals of its type, as SQL prints it: that is how prices look."""
    bench.change(fields=map_fields(name="m"))
    assert bench.run(pa.table({"k": ["1"], "e": ["a"], "m": values})).ledger == {"1": "succeeded"}
    assert bench.names() == {"a": text}
