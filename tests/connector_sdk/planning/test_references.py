"""Lookups that are narrowed by further fields, and lookups in several objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import ConfigError, Connection, FieldMapping, Find, Match, Mode, Problem
from connector_sdk.contract.project import Scalar
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import plugin

from .bench import Bench, map_fields, people

GOLD = {"tier": "Gold"}


def _rows(*references: str | None) -> list[dict[str, str | None]]:
    return [{"k": str(n), "e": f"e{n}", "n": "x", "r": each} for n, each in enumerate(references)]


def _mentor(conditions: Mapping[str, Scalar], where: str | None = "name") -> tuple[FieldMapping, ...]:
    find = Find("people", "r", where, conditions)
    return (*map_fields(name="n"), FieldMapping(field="mentor", find=find))


def _write_notes(bench: Bench, find: Find) -> None:
    fields = (*map_fields(key="k", text="n"), FieldMapping(field="writer", find=find))
    bench.sync = people(Mode.INSERT, objects=("notes",), fields=fields)


def _problems(bench: Bench) -> dict[tuple[str | int, ...], Problem]:
    with pytest.raises(ConfigError) as raised:
        bench.run_open(_rows("Boss"))
    problems = raised.value.problems
    assert len({each.path for each in problems}) == len(problems)
    return {each.path: each for each in problems}


def _place(*place: str) -> tuple[str, ...]:
    return ("syncs", "people", "fields", *place)


class TestConditions:
    def test_they_tell_records_with_the_same_value_apart(self, bench: Bench) -> None:
        bench.change(fields=_mentor(GOLD))
        bench.store.put("people", external_id="b1", name="Boss", tier="Silver")
        gold = bench.store.put("people", external_id="b2", name="Boss", tier="Gold")
        assert bench.run(_rows("Boss")).ledger == {"0": "succeeded"}
        assert bench.records()["e0"]["mentor"] == gold

    def test_a_record_that_meets_none_of_them_is_not_found(self, bench: Bench) -> None:
        bench.change(fields=_mentor({**GOLD, "active": True}))
        bench.store.put("people", external_id="b1", name="Boss", tier="Silver", active=True)
        bench.store.put("people", external_id="b2", name="Boss", tier="Gold", active=False)
        ran = bench.run(_rows("Boss"))
        assert ran.ledger == {"0": "rejected REFERENCE_NOT_FOUND"}
        said = "Reference not found: people whose tier is Gold and whose active is true and whose name is Boss"
        assert ran.line("0")["message"] == said

    def test_several_records_that_meet_them_are_named(self, bench: Bench) -> None:
        bench.change(fields=_mentor(GOLD))
        ids = [bench.store.put("people", external_id=each, name="Boss", tier="Gold") for each in ("b1", "b2")]
        ran = bench.run(_rows("Boss"))
        assert ran.ledger == {"0": "rejected REFERENCE_AMBIGUOUS"}
        assert all(each in ran.line("0")["message"] for each in ids)

    def test_they_count_where_the_destination_would_find_the_record_itself(self, bench: Bench) -> None:
        find = Find("accounts", "r", "number", {"name": "Acme"})
        bench.change(fields=(*map_fields(name="n"), FieldMapping(field="account", find=find)))
        acme = bench.store.put("accounts", number="A1", name="Acme")
        bench.store.put("accounts", number="A2", name="Other")
        assert bench.run(_rows("A1", "A2")).ledger == {"0": "succeeded", "1": "rejected REFERENCE_NOT_FOUND"}
        assert bench.records()["e0"]["account"] == acme

    @pytest.mark.parametrize(
        ("field", "written", "held"),
        [
            ("active", "true", True),
            ("age", "7", 7),
            ("balance", Decimal("7.50"), Decimal("7.5")),
            ("joined", "2026-01-31", date(2026, 1, 31)),
            ("seen", "2026-01-31T10:00:00Z", datetime.fromisoformat("2026-01-31T10:00:00Z")),
            ("about", 7, "7"),
        ],
    )
    def test_a_value_is_read_as_its_field_reads_it(self, bench: Bench, field: str, written: Scalar, held: Any) -> None:
        bench.change(fields=_mentor({field: written}))
        bench.store.put("people", external_id="b1", name="Boss")
        boss = bench.store.put("people", external_id="b2", name="Boss", **{field: held})
        assert bench.run(_rows("Boss")).ledger == {"0": "succeeded"}
        assert bench.records()["e0"]["mentor"] == boss

    def test_the_own_record_is_asked_for_although_the_snapshot_knows_it(self, bench: Bench) -> None:
        bench.change(fields=_mentor(GOLD, "external_id"))
        bench.run([{"k": "1", "e": "a", "n": "Ann", "r": None}])
        (ann,) = bench.store.records("people")
        rows = [{"k": "1", "e": "a", "n": "Ann", "r": None}, {"k": "2", "e": "b", "n": "Bob", "r": "a"}]
        assert bench.run(rows).ledger == {"2": "rejected REFERENCE_NOT_FOUND"}
        bench.store.change("people", ann["id"], tier="Gold")
        assert bench.run(rows).ledger == {"2": "succeeded"}
        assert bench.records()["b"]["mentor"] == ann["id"]

    def test_a_record_that_the_same_run_makes_is_found_by_the_next_run(self, bench: Bench) -> None:
        fields = (*_mentor(GOLD, "external_id"), FieldMapping(field="tier", value="Gold"))
        bench.change(fields=fields)
        rows = [{"k": "1", "e": "a", "n": "Ann", "r": None}, {"k": "2", "e": "b", "n": "Bob", "r": "a"}]
        assert bench.run(rows).ledger == {"1": "succeeded", "2": "rejected REFERENCE_NOT_FOUND"}
        assert bench.run(rows).ledger == {"2": "succeeded"}

    def test_a_changed_condition_sends_every_row_again(self, bench: Bench) -> None:
        silver = bench.store.put("people", external_id="b1", name="Boss", tier="Silver")
        bench.store.put("people", external_id="b2", name="Boss", tier="Gold")
        bench.change(fields=_mentor(GOLD))
        bench.run(_rows("Boss"))
        assert bench.run(_rows("Boss")).ledger == {}
        bench.change(fields=_mentor({"tier": "Silver"}))
        assert bench.run(_rows("Boss")).ledger == {"0": "succeeded"}
        assert bench.records()["e0"]["mentor"] == silver

    def test_a_field_that_is_not_there_and_a_value_that_it_cannot_hold_are_told_at_once(self, bench: Bench) -> None:
        bench.change(fields=_mentor({"teir": "Gold", "tier": "Platinum", "age": "seven"}))
        told = {path: (each.message, each.hint) for path, each in _problems(bench).items()}
        assert told == {
            _place("mentor", "and", "teir"): ("people has no field teir", "did you mean tier?"),
            _place("mentor", "and", "tier"): (
                "tier has no value 'Platinum'; it has: Bronze, Silver, Gold", "correct the value",
            ),
            _place("mentor", "and", "age"): ("age cannot be 'seven': it takes a whole number", "correct the value"),
        }  # fmt: skip

    def test_a_value_of_a_kind_that_a_field_never_takes_is_told_as_what_it_is(self, bench: Bench) -> None:
        bench.change(fields=_mentor({"age": date(2026, 1, 31)}))
        (problem,) = _problems(bench).values()
        assert problem.path == _place("mentor", "and", "age")
        assert problem.message == "a date can never go into age, which takes a whole number"

    def test_an_empty_text_is_no_condition(self, bench: Bench) -> None:
        bench.change(fields=_mentor({"about": ""}))
        (problem,) = _problems(bench).values()
        assert problem.path == _place("mentor", "and", "about")
        assert "an empty text is none" in problem.message

    def test_a_destination_that_finds_by_one_field_only_says_so(self, bench: Bench) -> None:
        def match(connection: Connection, objects: Sequence[str], field: str, values: pa.Array) -> pa.Table:
            return plugin.match(connection, objects, field, values, False, (), {})

        bench.hooks["match"] = match
        bench.change(fields=_mentor(GOLD))
        (problem,) = _problems(bench).values()
        assert problem.path == _place("mentor", "and")
        assert problem.message == "reference finds records by one field only"
        bench.change(fields=_mentor({}))
        assert bench.run(_rows("Boss")).ledger == {"0": "rejected REFERENCE_NOT_FOUND"}


class TestSeveralObjects:
    def test_the_record_may_belong_to_any_of_them(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people", "guests"), "r", "external_id"))
        ann = bench.store.put("people", external_id="a", name="Ann")
        guest = bench.store.put("guests", external_id="g", name="Gus")
        bench.run(_rows("a", "G ", None), first_run=FirstRun.SEND)
        assert [note.get("writer") for note in bench.store.records("notes")] == [ann, guest, None]

    def test_a_value_that_is_in_both_names_both_records_and_one_that_is_in_none_both_objects(
        self, bench: Bench
    ) -> None:
        _write_notes(bench, Find(("people", "guests"), "r", "external_id"))
        ids = [bench.store.put(each, external_id="a", name="Ann") for each in ("people", "guests")]
        ran = bench.run(_rows("a", "nobody"), first_run=FirstRun.SEND)
        assert ran.ledger == {"0": "rejected REFERENCE_AMBIGUOUS", "1": "rejected REFERENCE_NOT_FOUND"}
        assert ran.line("0")["message"].startswith("there are several people or guests whose external_id is a: ")
        assert all(each in ran.line("0")["message"] for each in ids)
        said = "Reference not found: people or guests whose external_id is nobody"
        assert ran.line("1")["message"] == said

    def test_a_guest_that_became_one_of_the_people_is_found_once(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people", "guests"), "r", "external_id"))
        became = bench.store.convert(bench.store.put("guests", external_id="g", name="Gus"))
        bench.run(_rows("g"), first_run=FirstRun.SEND)
        assert [note["writer"] for note in bench.store.records("notes")] == [became]

    def test_ids_are_found_in_the_object_that_they_belong_to(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people", "guests"), "r", "id"))
        ids = [bench.store.put(each, external_id="a", name="Ann") for each in ("people", "guests")]
        ran = bench.run(_rows(*ids, "a-000001"), first_run=FirstRun.SEND)
        assert ran.ledger == {"0": "succeeded", "1": "succeeded", "2": "rejected BAD_VALUE"}
        assert "is not a value that a record of people or guests can have" in ran.line("2")["message"]

    def test_a_condition_holds_in_each_of_them(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people", "guests"), "r", "name", {"email": "a@example.com"}))
        bench.store.put("people", external_id="a", name="Ann", email="other@example.com")
        guest = bench.store.put("guests", external_id="g", name="Ann", email="a@example.com")
        bench.run(_rows("Ann"), first_run=FirstRun.SEND)
        assert [note["writer"] for note in bench.store.records("notes")] == [guest]

    def test_the_field_may_be_left_out_where_the_syncs_of_all_match_by_the_same(self, bench: Bench) -> None:
        guests = people(Mode.UPDATE, objects=("guests",))
        bench.others = {"guests": evolve(guests, name="guests")}
        _write_notes(bench, Find(("people", "guests"), "r"))
        guest = bench.store.put("guests", external_id="g", name="Gus")
        bench.run(_rows("g"), first_run=FirstRun.SEND)
        assert [note["writer"] for note in bench.store.records("notes")] == [guest]
        bench.others["badges"] = evolve(people(Mode.UPDATE, match=Match("badge", "k")), name="badges")
        assert "people or guests" in _problems(bench)[_place("writer")].message

    def test_everything_that_is_wrong_is_told_at_once(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people", "accounts"), "r", "external_id"))
        assert _problems(bench)[_place("writer", "find")].message == "writer cannot refer to accounts"
        _write_notes(bench, Find(("people", "people"), "r", "external_id"))
        assert _problems(bench)[_place("writer", "find")].message == "find names people more than once"
        _write_notes(bench, Find(("people", "guests"), "r", "badge", {"table": "4"}))
        told = {path: each.message for path, each in _problems(bench).items()}
        assert told == {
            _place("writer", "where"): "guests has no field badge",
            _place("writer", "and", "table"): "people has no field table",
        }

    @pytest.mark.parametrize(
        ("objects", "said"),
        [
            (("people", "gests"), "writer cannot refer to gests — did you mean guests?"),
            (("People",), "writer cannot refer to People — did you mean people?"),
            (("accounts",), "writer cannot refer to accounts — use one of: people, guests"),
            (("accounts", "gests"), "writer cannot refer to accounts or gests — use one of: people, guests"),
            (("people, guests",), "writer cannot refer to people, guests — write a list: [people, guests]"),
        ],
    )
    def test_an_object_that_the_field_cannot_refer_to_is_answered_with_those_that_it_can(
        self, bench: Bench, objects: tuple[str, ...], said: str
    ) -> None:
        _write_notes(bench, Find(objects, "r", "external_id"))
        problem = _problems(bench)[_place("writer", "find")]
        assert f"{problem.message} — {problem.hint}" == said

    def test_objects_in_one_text_are_answered_with_a_list_of_them(self, bench: Bench) -> None:
        _write_notes(bench, Find(("people, guests",), "r"))
        assert _problems(bench)[_place("writer")].hint == "write a list: [people, guests]"
        bench.change(objects=("notes, people",), fields=map_fields(name="n"))
        assert _problems(bench)["syncs", "people", "object"].hint == "write a list: [notes, people]"

    def test_a_field_of_different_types_is_refused(self, bench: Bench) -> None:
        schema = plugin.discover_schema("guests")
        badge = next(each for each in plugin.discover_schema("people").fields if each.name == "badge")
        numbered = evolve(schema, fields=(*schema.fields, evolve(badge, name="name")))
        numbered = evolve(numbered, fields=tuple(each for each in numbered.fields if each.label != "Name"))
        schemas = {"guests": numbered}
        bench.hooks = {
            "discover_schema": lambda object_name: schemas.get(object_name) or plugin.discover_schema(object_name)
        }
        _write_notes(bench, Find(("people", "guests"), "r", "name"))
        (problem,) = _problems(bench).values()
        assert problem.message == "name has different types: text in people, integer in guests"
