"""A run names all problems of a model or a mapping at once, each with its place, before it sends anything."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import ConfigError, FieldMapping, Find, Match, Mode, Problem, Removal
from connector_sdk.contract.project import Scalar
from connector_sdk.run import FirstRun

from .bench import Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}


def _problems(bench: Bench, rows: Any = (ANN,)) -> dict[tuple[Any, ...], Problem]:
    with pytest.raises(ConfigError) as raised:
        bench.run(rows, first_run=FirstRun.SEND)
    assert bench.store.execution_counts("people") == {}
    return {problem.path: problem for problem in raised.value.problems}


def _field(name: str, *more: str) -> tuple[str, ...]:
    return ("syncs", "people", "fields", name, *more)


def test_all_problems_are_told_at_once(bench: Bench) -> None:
    find = Find("people", "boss", "badg")
    bench.primary_key = ("kk",)
    bench.sync = people(
        match=Match("email", "ee"),
        fields=(
            *map_fields(nam="n", created_at="n", about="nn", age="d"),
            FieldMapping(field="tier", value="Platinum"),
            FieldMapping(field="mentor", find=find),
            FieldMapping(field="account", find=Find("people", "e", "external_id")),
        ),
    )
    problems = _problems(bench, pa.table({"k": ["1"], "e": ["a"], "n": ["Ann"], "d": [date(2026, 1, 31)]}))
    told = {path: (problem.message, problem.hint) for path, problem in problems.items()}
    message, hint = told.pop(("syncs", "people", "match", "field"))
    assert message == "email cannot be matched on: its values are not unique"
    assert hint == "use one of: external_id"
    assert told == {
        ("models", "rows", "primary_key"): ("model rows has no column kk", "did you mean k?"),
        ("syncs", "people", "match", "column"): ("model rows has no column ee", "did you mean e?"),
        _field("about"): ("model rows has no column nn", "did you mean n?"),
        _field("nam"): ("people has no field nam", "did you mean name?"),
        _field("created_at"): ("created_at cannot be written: the destination sets it", "remove it from the fields"),
        _field("age"): (
            "a column of type date can never go into age, which takes a whole number",
            'select it as: cast(epoch("d") as bigint)',
        ),
        _field("tier", "value"): ("tier has no value 'Platinum'; it has: Bronze, Silver, Gold", "correct the constant"),
        _field("mentor", "equals"): ("model rows has no column boss", "it has: k, e, n, d"),
        _field("mentor", "where"): ("people has no field badg", "did you mean badge?"),
        _field("account", "find"): ("account cannot refer to people", "use one of: accounts"),
    }


def test_a_column_that_is_nearly_there_is_named(bench: Bench) -> None:
    bench.change(fields=map_fields(name="nme"))
    assert (
        _problems(bench, pa.table({"k": ["1"], "e": ["a"], "name": ["x"]}))[_field("name")].hint == "did you mean name?"
    )


def test_a_column_of_several_of_the_key_is_told_by_its_place(bench: Bench) -> None:
    bench.primary_key = ("k", "missing")
    assert ("models", "rows", "primary_key", 1) in _problems(bench, pa.table({"k": ["1"], "e": ["a"], "n": ["x"]}))


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [
        ("about", "plain", "plain"),
        ("about", 7, "7"),
        ("about", True, "true"),
        ("age", 7, 7),
        ("age", "7", 7),
        ("active", True, True),
        ("active", "true", True),
        ("joined", date(2026, 1, 31), date(2026, 1, 31)),
        ("joined", "2026-01-31", date(2026, 1, 31)),
        ("tier", "Gold", "Gold"),
    ],
)
def test_a_constant_is_converted_like_a_column(bench: Bench, field: str, value: Scalar, sent: Any) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field=field, value=value)))
    bench.run([ANN])
    assert bench.records()["a"][field] == sent


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("age", "seven", "age cannot be 'seven': it takes a whole number"),
        ("joined", "31.1.2026", "joined cannot be '31.1.2026': it takes a date such as 2026-01-31"),
        ("email", "nobody", "'nobody' in email is not an e-mail address"),
        ("source", "x" * 41, "source has 41 characters, 40 are allowed"),
        ("balance", "1.005", "balance cannot be '1.005': it takes a number with at most 16 digits before the point"),
    ],
)
def test_a_constant_that_does_not_fit_is_a_problem_of_the_mapping(
    bench: Bench, field: str, value: str, message: str
) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field=field, value=value)))
    assert _problems(bench)[_field(field, "value")].message.startswith(message)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seen", date(2026, 1, 31), "a date can never go into seen, which takes a date with a time such as"),
        ("age", date(2026, 1, 31), "a date can never go into age, which takes a whole number"),
        ("age", datetime.fromisoformat("2026-01-31T10:00:00Z"), "a date with a time can never go into age"),
        ("joined", True, "true or false can never go into joined, which takes a date such as 2026-01-31"),
    ],
)
def test_a_constant_of_a_kind_that_never_fits_is_told_as_what_it_is(
    bench: Bench, field: str, value: Scalar, message: str
) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field=field, value=value)))
    problem = _problems(bench)[_field(field, "value")]
    assert problem.message.startswith(message)
    assert problem.hint == "correct the constant"


def test_columns_in_one_text_of_the_key_are_answered_with_a_list_of_them(bench: Bench) -> None:
    bench.primary_key = ("k, e",)
    problem = _problems(bench, pa.table({"k": ["1"], "e": ["a"], "n": ["x"]}))["models", "rows", "primary_key"]
    assert (problem.message, problem.hint) == ("model rows has no column k, e", "write a list: [k, e]")


@pytest.mark.parametrize(
    ("mode", "field", "reason"),
    [
        (Mode.UPDATE, "source", "it can be set only when a record is created"),
        (Mode.INSERT, "verified", "it can be set only on a record that exists"),
        (Mode.UPSERT, "id", "the destination sets it"),
    ],
)
def test_a_field_that_cannot_be_written_is_refused_with_the_reason(
    bench: Bench, mode: Mode, field: str, reason: str
) -> None:
    bench.sync = people(mode, fields=map_fields(external_id="e", name="n", **{field: "x"}))
    assert _problems(bench)[_field(field)].message == f"{field} cannot be written: {reason}"


def test_the_match_field_is_not_filled_with_another_column(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", external_id="k"))
    assert "is the match field, and filled with another column" in _problems(bench)[_field("external_id")].message


def test_an_insert_without_a_required_field_is_refused(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT)
    assert _problems(bench)["syncs", "people", "fields"].message == "people needs a value in external_id"


def test_an_upsert_without_a_required_field_is_warned_of(bench: Bench) -> None:
    bench.change(fields=map_fields(about="n"))
    (finding,) = bench.plan([ANN]).findings
    assert finding.level == "warning"
    assert "needs a value in name" in finding.message


def test_an_object_that_is_not_there_is_told_by_its_place(bench: Bench) -> None:
    bench.change(objects=("persons",))
    assert ("syncs", "people", "object") in _problems(bench)


def test_a_lookup_into_an_object_that_is_not_there_is_told_by_its_place(bench: Bench) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="about", find=Find("persons", "e", "id"))))
    assert _field("about", "find") in _problems(bench)


def test_mode_all_needs_to_know_which_records_the_rows_mean(bench: Bench) -> None:
    bench.sync = people(Mode.ALL)
    bench.change(objects=("tags",), match=None, fields=map_fields(name="n"))
    assert "needs match" in _problems(bench)["syncs", "people"].message


def test_what_becomes_of_removed_rows_is_checked_against_the_destination(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE, on_removed=Removal.DELETE)
    assert ("syncs", "people", "on_removed") in _problems(bench)


def test_a_match_field_that_is_written_like_a_lookup_is_answered_with_a_field_to_match_on(bench: Bench) -> None:
    bench.change(match=Match("account.number", "e"))
    problem = _problems(bench, pa.table({"k": ["1"], "e": ["a"], "n": ["x"]}))["syncs", "people", "match", "field"]
    assert problem.hint == "use one of: external_id"
