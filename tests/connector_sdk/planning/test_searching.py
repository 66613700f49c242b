"""How references are compared: as the destination's search does, while rows are matched as its keys are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import Equality, Field, FieldMapping, Find, Match, Mode, ObjectSchema, OnNull
from connector_sdk.testing.reference import plugin
from connector_sdk.testing.reference.shapes import SHAPES

from .bench import Bench, map_fields, people


def mentor(where: str, **more: Any) -> tuple[FieldMapping, ...]:
    return (*map_fields(name="n"), FieldMapping(field="mentor", find=Find("people", "r", where), **more))


def rows(*references: str | None) -> list[dict[str, str | None]]:
    return [{"k": str(n), "e": f"e{n}", "n": f"n{n}", "r": each} for n, each in enumerate(references)]


def mentors(bench: Bench) -> dict[str, str | None]:
    return {key: record.get("mentor") for key, record in bench.records().items() if key.startswith("e")}


@pytest.fixture
def asked(bench: Bench) -> list[tuple[bool, list[Any]]]:
    """What the destination is asked for: whether it is about references, and the values."""
    found: list[tuple[bool, list[Any]]] = []

    def match(connection: Any, objects: Any, field: str, values: pa.Array, is_reference: bool) -> pa.Table:
        found.append((is_reference, values.to_pylist()))
        return plugin.match(connection, objects, field, values, is_reference, (), {})

    bench.hooks["match"] = match
    return found


@pytest.mark.rule("V16")
@pytest.mark.parametrize(
    ("held", "sought"),
    [("Acme", "ACME"), ("acme", " Acme "), ("Müller", "MÜLLER"), ("ŻÓŁĆ", "żółć"), ("straße", "STRAßE")],
)
def test_a_reference_is_found_in_any_case_where_the_search_minds_none(bench: Bench, held: str, sought: str) -> None:
    bench.change(fields=mentor("name"))
    boss = bench.store.put("people", external_id="boss", name=held)
    assert bench.run(rows(sought)).ledger == {"0": "succeeded"}
    assert mentors(bench) == {"e0": boss}


@pytest.mark.rule("V16")
def test_several_spellings_of_one_value_are_asked_for_and_both_rows_get_the_id(
    bench: Bench, asked: list[tuple[bool, list[Any]]]
) -> None:
    bench.change(fields=mentor("name"))
    boss = bench.store.put("people", external_id="boss", name="Acme")
    bench.run(rows("ACME", "acme", "ACME"))
    assert mentors(bench) == dict.fromkeys(("e0", "e1", "e2"), boss)
    assert asked == [(True, ["ACME", "acme"])]


@pytest.mark.rule("V16")
def test_two_records_that_differ_in_case_alone_are_ambiguous(bench: Bench) -> None:
    bench.change(fields=mentor("name"))
    ids = [bench.store.put("people", external_id=key, name=name) for key, name in (("1", "Acme"), ("2", "ACME"))]
    ran = bench.run(rows("Acme"))
    assert ran.ledger == {"0": "rejected REFERENCE_AMBIGUOUS"}
    assert all(each in ran.line("0")["message"] for each in ids)


@pytest.mark.rule("V16")
@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.ARCHIVE])
def test_the_record_of_a_row_itself_is_matched_as_before(bench: Bench, monkeypatch: Any, mode: Mode) -> None:
    """A field that is not unique compares as a key with case, whatever a search does."""
    schema(bench, name=lambda each: evolve(each, not_matchable={}))
    bench.sync = people(mode, match=Match("name", "n"), fields=() if mode is Mode.ARCHIVE else map_fields(about="a"))
    bench.store.put("people", external_id="x", name="Acme")
    ledger = bench.run([{"k": "1", "n": "ACME", "a": "x"}, {"k": "2", "n": "Acme", "a": "y"}]).ledger
    assert ledger == {"2": "succeeded"} | ({"1": "skipped NO_RECORD"} if mode is Mode.UPDATE else {})


def schema(bench: Bench, **changes: Callable[[Field], Field]) -> None:
    """Let the destination describe fields of people otherwise."""

    def discover_schema(object_name: str) -> ObjectSchema:
        found = plugin.discover_schema(object_name)
        same: Callable[[Field], Field] = lambda each: each  # noqa: E731
        return evolve(found, fields=tuple(changes.get(each.name, same)(each) for each in found.fields))

    bench.hooks["discover_schema"] = discover_schema


CASED = frozenset({Equality.TRIMMED})
CASELESS = frozenset({Equality.TRIMMED, Equality.CASELESS})


@pytest.fixture
def with_case(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """People whose external id compares with case as a key and without case in a search, as one that is not unique."""
    shape = SHAPES["people"]
    fields = tuple(
        evolve(each, equality=CASED, search_equality=CASELESS) if each.name == "external_id" else each
        for each in shape.schema.fields
    )
    shapes: Mapping[str, Any] = {**SHAPES, "people": evolve(shape, schema=evolve(shape.schema, fields=fields))}
    for module in ("store", "records", "plugin"):
        monkeypatch.setattr(f"connector_sdk.testing.reference.{module}.SHAPES", shapes)
    return bench


@pytest.mark.rule("V16")
def test_rows_of_one_plan_are_paired_as_a_search_would(with_case: Bench) -> None:
    with_case.change(fields=mentor("external_id"))
    ran = with_case.run([{"k": "1", "e": "Boss", "n": "x", "r": None}, {"k": "2", "e": "e2", "n": "y", "r": "BOSS"}])
    assert ran.ledger == {"1": "succeeded", "2": "succeeded"}
    assert mentors(with_case) == {"e2": with_case.records()["Boss"]["id"]}


@pytest.mark.rule("V16")
def test_rows_of_one_plan_that_a_search_takes_for_one_are_ambiguous(with_case: Bench) -> None:
    with_case.change(fields=mentor("external_id"))
    heads = [{"k": each, "e": each, "n": "x", "r": None} for each in ("Boss", "BOSS")]
    ran = with_case.run([*heads, {"k": "2", "e": "e2", "n": "y", "r": "boss"}])
    assert ran.ledger == {"Boss": "succeeded", "BOSS": "succeeded", "2": "rejected REFERENCE_AMBIGUOUS"}


@pytest.mark.rule("V16")
def test_what_the_snapshot_knows_is_not_all_that_a_search_may_find(with_case: Bench) -> None:
    with_case.change(fields=mentor("external_id"))
    boss = {"k": "1", "e": "boss", "n": "x", "r": None}
    with_case.run([boss])
    with_case.store.put("people", external_id="BOSS", name="Made by hand")
    ran = with_case.run([boss, {"k": "2", "e": "e2", "n": "y", "r": "boss"}])
    assert ran.ledger == {"2": "rejected REFERENCE_AMBIGUOUS"}


BLANKS = ["", " ", "\t", "\u00a0", "\u3000 "]


@pytest.mark.rule("V16")
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("field", ["name", "external_id", "badge"])
def test_a_reference_of_blanks_only_refers_to_nothing(bench: Bench, field: str, blank: str) -> None:
    boss = bench.store.put("people", external_id="boss", name="Boss", badge=7)
    sought = {"name": "Boss", "external_id": "boss", "badge": "7"}[field]
    bench.change(fields=mentor(field))
    bench.run(rows(sought))
    assert mentors(bench) == {"e0": boss}
    assert bench.run(rows(blank)).ledger == {"0": "succeeded"}
    assert mentors(bench) == {"e0": None}


@pytest.mark.rule("V16")
@pytest.mark.parametrize("blank", BLANKS)
def test_a_key_of_blanks_only_is_none_where_the_destination_finds_the_record_itself(bench: Bench, blank: str) -> None:
    account = bench.store.put("accounts", number="A1", name="Acme")
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="account", find=Find("accounts", "r", "number"))))
    bench.run(rows("A1", blank))
    assert {key: each.get("account") for key, each in bench.records().items()} == {"e0": account, "e1": None}
    bench.run(rows(blank, blank))
    assert {each.get("account") for each in bench.records().values()} == {None}


@pytest.mark.rule("V16")
@pytest.mark.rule("V17")
@pytest.mark.parametrize("blank", BLANKS)
def test_a_column_of_ids_is_trimmed_and_blanks_are_no_id(bench: Bench, blank: str) -> None:
    boss = bench.store.put("people", external_id="boss", name="Boss")
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="mentor", column="r")))
    ran = bench.run(rows(f"{boss}{blank}", f"{blank}{boss}", blank))
    assert set(ran.ledger.values()) == {"succeeded"}
    assert mentors(bench) == {"e0": boss, "e1": boss, "e2": None}


@pytest.mark.rule("V16")
def test_blanks_keep_what_is_there_where_nulls_do(bench: Bench) -> None:
    boss = bench.store.put("people", external_id="boss", name="Boss")
    bench.change(fields=mentor("name", null=OnNull.KEEP))
    bench.run(rows("Boss"))
    bench.run(rows("  "))
    assert mentors(bench) == {"e0": boss}
