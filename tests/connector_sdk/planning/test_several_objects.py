"""Rows that go to one of the people or to a guest, whichever has their key; guests may become people."""

from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import ConfigError, DeliveryOptions, FieldMapping, Find, Mode, OnNull, Removal

from .bench import Bench, Rows, map_fields


@pytest.fixture
def both(bench: Bench) -> Bench:
    """An upsert into people and guests; a row that is neither becomes a guest."""
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", table="t", tier="x"))
    return bench


def row(key: str, name: str = "New", **more: Any) -> dict[str, Any]:
    return {"k": key, "e": key, "n": name, "t": "7", "x": "Gold", **more}


def put(bench: Bench, object_name: str, *keys: str) -> list[str]:
    return [bench.store.put(object_name, external_id=key, name="Old") for key in keys]


def names(bench: Bench, object_name: str) -> dict[str, str]:
    return {key: record["name"] for key, record in bench.records(object_name).items()}


def run_and_locate(bench: Bench, rows: Rows, **asked: Any) -> dict[str, str]:
    """Run the sync, and return the object of each row with its code, or with its action if it has none."""
    ran = bench.run(rows, **asked)
    told = {line["key"]: f"{line['object']} {line['code'] or line['action']}" for line in ran.lines}
    return dict(sorted(told.items()))


@pytest.mark.parametrize("objects", [("people", "guests"), ("guests", "people")])
def test_each_row_goes_to_the_object_that_has_its_key(both: Bench, objects: tuple[str, str]) -> None:
    both.change(objects=objects)
    put(both, "people", "p", "both")
    put(both, "guests", "g", "both")
    found = run_and_locate(both, [row("p"), row("g"), row("both"), row("new")])
    assert found == {"both": "people updated", "g": "guests updated", "new": "guests created", "p": "people updated"}
    assert names(both, "people") == {"p": "New", "both": "New"}
    assert names(both, "guests") == {"g": "New", "both": "Old", "new": "New"}


def test_a_field_goes_to_the_objects_that_have_it(both: Bench) -> None:
    put(both, "people", "p")
    put(both, "guests", "g")
    run_and_locate(both, [row("p"), row("g")])
    (person,), (guest,) = both.store.records("people"), both.store.records("guests")
    assert (person["tier"], guest["table"]) == ("Gold", "7")


def test_a_field_that_no_object_has_is_a_problem_of_the_mapping(both: Bench) -> None:
    both.change(fields=map_fields(name="n", nothing="x"))
    with pytest.raises(ConfigError, match="people has no field nothing"):
        both.plan([row("p")])


def test_new_rows_are_made_where_the_sync_says(both: Bench) -> None:
    both.change(create_in="people")
    assert run_and_locate(both, [row("new")]) == {"new": "people created"}
    assert (names(both, "people"), names(both, "guests")) == ({"new": "New"}, {})


def test_update_skips_what_no_object_has(both: Bench) -> None:
    both.change(mode=Mode.UPDATE, create_in=None)
    put(both, "guests", "g")
    ran = both.run([row("g"), row("new")])
    assert ran.ledger == {"g": "succeeded", "new": "skipped NO_RECORD"}
    assert "there is no people or guests whose external_id is new" in ran.line("new")["message"]


def test_a_key_that_several_objects_have_is_told_and_one_that_an_object_has_twice_is_rejected(
    both: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(both, "people", "both")
    put(both, "guests", "both")
    find = both.store.find

    def find_two_guests(object_name: str, field: str, values: list[str]) -> list[list[str]]:
        found = find(object_name, field, values)
        return [["g-1", "g-2"] if object_name == "guests" and value == "twice" else each
                for each, value in zip(found, values, strict=True)]  # fmt: skip

    monkeypatch.setattr(type(both.store), "find", lambda _, *asked: find_two_guests(*asked))
    rows = [row("both"), row("twice")]
    assert "match a record of people and one of guests: 1 (both)" in str(both.plan(rows).findings)
    ran = both.run(rows)
    assert ran.ledger == {"both": "succeeded", "twice": "rejected SEVERAL_RECORDS"}
    assert "several guests whose external_id is twice: g-1, g-2" in ran.line("twice")["message"]


def test_a_value_is_checked_for_the_object_that_gets_it(both: Bench) -> None:
    put(both, "people", "p")
    put(both, "guests", "g")
    ran = both.run([row("p", t="x" * 50), row("g", t="x" * 50), row("new", x="Lead")])
    assert ran.ledger == {"p": "succeeded", "g": "rejected TOO_LONG", "new": "succeeded"}


def test_a_guest_that_became_a_person_is_written_there(both: Bench) -> None:
    (guest,) = put(both, "guests", "g")
    both.run([row("g")])
    both.store.convert(guest)
    assert run_and_locate(both, [row("g", "Newer")]) == {"g": "people updated"}
    assert names(both, "people") == {"g": "Newer"}


def convert_under_other_key(bench: Bench) -> str:
    """Create a guest `g`, convert it into a person with the key `p`, and return the id of that."""
    (guest,) = put(bench, "guests", "g")
    person = bench.store.convert(guest)
    bench.store.change("people", person, external_id="p")
    return person


@pytest.mark.rule("T8")
def test_rows_whose_keys_mean_one_record_are_rejected_together(both: Bench) -> None:
    person = convert_under_other_key(both)
    ran = both.run([row("g"), row("p"), row("other")])
    assert ran.ledger == {"g": "rejected REPEATED_MATCH", "p": "rejected REPEATED_MATCH", "other": "succeeded"}
    assert ran.line("g")["message"] == f"several rows mean one record of people, {person}: g, p"
    assert names(both, "people") == {"p": "Old"}


def test_a_row_whose_key_means_the_record_of_a_row_that_was_sent_before_is_rejected(both: Bench) -> None:
    convert_under_other_key(both)
    both.run([row("p")])
    ran = both.run([row("p"), row("g", name="Other")])
    assert ran.ledger == {"g": "rejected REPEATED_MATCH"}
    assert names(both, "people") == {"p": "New"}


@pytest.mark.parametrize("on_removed", [Removal.CLEAR, Removal.DELETE])
def test_a_row_that_left_does_not_take_the_record_of_another_row_along(both: Bench, on_removed: Removal) -> None:
    both.change(on_removed=on_removed)
    convert_under_other_key(both)
    both.run([row("g")])
    assert both.run([row("p", name="Newer")]).ledger == {"g": "skipped RECORD_KEPT", "p": "succeeded"}
    (person,) = both.store.records("people")
    assert (person["name"], person["tier"]) == ("Newer", "Gold")
    assert both.run([row("p", name="Newer")]).report.rows.planned == 0


@pytest.mark.parametrize(("on_removed", "left"), [(Removal.DELETE, {}), (Removal.CLEAR, {"p": None})])
def test_a_row_that_left_is_removed_from_its_object(both: Bench, on_removed: Removal, left: dict[str, Any]) -> None:
    both.change(on_removed=on_removed)
    put(both, "people", "p")
    both.run([row("p"), row("g"), row("stays")])
    ran = both.run([row("stays")])
    assert {line["key"]: (line["object"], line["outcome"]) for line in ran.lines} == {
        "p": ("people", "succeeded"), "g": ("guests", "succeeded"),
    }  # fmt: skip
    assert {key: record.get("tier") for key, record in both.records("people").items()} == left
    assert both.run([row("stays")]).lines == ()


MENTOR = FieldMapping(field="mentor", find=Find("people", "r", "external_id"))
HOST = FieldMapping(field="host", find=Find("people", "r", "external_id"))
ACCOUNT = FieldMapping(field="account", find=Find("accounts", "r", "number"))


def read_references(bench: Bench, object_name: str, field: str) -> dict[str, str | None]:
    """Return the keys of the people whom records refer to."""
    keys = {record["id"]: record["external_id"] for record in bench.store.records("people")}
    return {key: keys.get(record.get(field)) for key, record in bench.records(object_name).items()}


def test_rows_that_refer_to_rows_of_any_of_the_objects_come_after_them(both: Bench) -> None:
    both.change(create_in="people", fields=(*map_fields(name="n"), MENTOR, HOST))
    put(both, "guests", "g")
    rows = [row("g", r="child"), row("child", r="parent"), row("parent", r=None)]
    assert both.run(rows).ledger == dict.fromkeys(("g", "child", "parent"), "succeeded")
    assert read_references(both, "people", "mentor") == {"child": "parent", "parent": None}
    assert read_references(both, "guests", "host") == {"g": "child"}


def test_a_row_that_refers_to_one_that_goes_to_another_object_finds_nobody(both: Bench) -> None:
    both.change(create_in="people", fields=(*map_fields(name="n"), HOST))
    put(both, "guests", "g", "other")
    ran = both.run([row("g", r="other"), row("other", r=None)])
    assert ran.ledger == {"g": "rejected REFERENCE_NOT_FOUND", "other": "succeeded"}


def test_rows_that_refer_to_each_other_across_objects_find_the_one_that_is_there(both: Bench) -> None:
    both.change(fields=(*map_fields(name="n"), MENTOR, HOST))
    put(both, "people", "p")
    put(both, "guests", "g")
    assert both.run([row("g", r="p"), row("p", r=None)]).ledger == {"g": "succeeded", "p": "succeeded"}
    assert read_references(both, "guests", "host") == {"g": "p"}
    ran = both.run([row("g", r="p"), row("p", r="p")])
    assert ran.ledger == {"p": "rejected CIRCULAR_REFERENCE"}


def test_a_reference_by_key_is_found_in_both_objects_and_cleared_by_a_null(both: Bench) -> None:
    both.change(fields=(*map_fields(name="n"), ACCOUNT))
    account = both.store.put("accounts", number="a", name="Acme")
    put(both, "people", "p")
    put(both, "guests", "g")
    for given, expected in (("a", account), (None, None)):
        both.run([row("p", r=given), row("g", r=given), row("new", r=given)])
        found = both.records("people") | both.records("guests")
        assert {key: record.get("account") for key, record in found.items()} == dict.fromkeys("pg", expected) | {
            "new": expected
        }


def test_a_null_clears_or_is_kept_in_the_object_that_the_row_goes_to(both: Bench) -> None:
    put(both, "people", "p")
    put(both, "guests", "g")
    rows = [row("p", about="said"), row("g", about="said")]
    for rule, expected in ((OnNull.KEEP, "said"), (OnNull.CLEAR, None)):
        both.change(fields=(*map_fields(name="n"), FieldMapping(field="about", column="about", null=rule)))
        both.run(rows)
        both.run([{**each, "about": None} for each in rows])
        found = both.records("people") | both.records("guests")
        assert {key: record.get("about") for key, record in found.items()} == dict.fromkeys("pg", expected)


def test_a_null_is_rejected_only_where_the_object_needs_a_value(both: Bench) -> None:
    both.change(fields=map_fields(name="n", active="a"))
    put(both, "people", "p")
    put(both, "guests", "g")
    ran = both.run([row("p", a=None), row("g", a=None)])
    assert ran.ledger == {"p": "rejected REQUIRED", "g": "succeeded"}


def test_rows_that_lock_a_record_travel_together_whatever_other_objects_do(both: Bench) -> None:
    both.change(
        fields=(*map_fields(name="n"), ACCOUNT), delivery=DeliveryOptions(api="two_phase", batch_size=3, parallelism=4)
    )
    for key in "ab":
        both.store.put("accounts", number=key, name="Acme")
    people_, guests = [f"p{n}" for n in range(6)], [f"g{n}" for n in range(3)]
    put(both, "people", *people_)
    put(both, "guests", *guests)
    rows = [row(key, r="ab"[number % 2]) for number, key in enumerate([*people_, *guests])]
    ran = both.run(rows)
    assert set(ran.ledger.values()) == {"succeeded"}
    batches = {key: ran.line(key)["batch"] for key in people_}
    assert len({batches[key] for key in people_[::2]}) == len({batches[key] for key in people_[1::2]}) == 1
    assert len(set(batches.values())) == 2
