"""Rows that go to one of the people or to a guest, whichever has their key; guests may become people."""

from __future__ import annotations

from typing import Any

import pytest

from connector_sdk import ConfigError, Mode, Removal

from .bench import Bench, Rows, mapped


@pytest.fixture
def both(bench: Bench) -> Bench:
    """An upsert into people and guests; whoever is neither becomes a guest."""
    bench.change(objects=("people", "guests"), create_in="guests", fields=mapped(name="n", table="t", tier="x"))
    return bench


def row(key: str, name: str = "New", **more: Any) -> dict[str, Any]:
    return {"k": key, "e": key, "n": name, "t": "7", "x": "Gold", **more}


def put(bench: Bench, object_name: str, *keys: str) -> list[str]:
    return [bench.store.put(object_name, external_id=key, name="Old") for key in keys]


def names(bench: Bench, object_name: str) -> dict[str, str]:
    return {key: record["name"] for key, record in bench.records(object_name).items()}


def where(bench: Bench, rows: Rows, **asked: Any) -> dict[str, str]:
    """The object and the action of each row of a run, with its code if it has one."""
    ran = bench.run(rows, **asked)
    told = {line["key"]: f"{line['object']} {line['code'] or line['action']}" for line in ran.lines}
    return dict(sorted(told.items()))


@pytest.mark.parametrize("objects", [("people", "guests"), ("guests", "people")])
def test_each_row_goes_to_the_object_that_has_its_key(both: Bench, objects: tuple[str, str]) -> None:
    both.change(objects=objects)
    put(both, "people", "p", "both")
    put(both, "guests", "g", "both")
    found = where(both, [row("p"), row("g"), row("both"), row("new")])
    assert found == {"both": "people updated", "g": "guests updated", "new": "guests created", "p": "people updated"}
    assert names(both, "people") == {"p": "New", "both": "New"}
    assert names(both, "guests") == {"g": "New", "both": "Old", "new": "New"}


def test_a_field_goes_to_the_objects_that_have_it(both: Bench) -> None:
    put(both, "people", "p")
    put(both, "guests", "g")
    where(both, [row("p"), row("g")])
    (person,), (guest,) = both.store.records("people"), both.store.records("guests")
    assert (person["tier"], guest["table"]) == ("Gold", "7")


def test_a_field_that_no_object_has_is_a_problem_of_the_mapping(both: Bench) -> None:
    both.change(fields=mapped(name="n", nothing="x"))
    with pytest.raises(ConfigError, match="people has no field nothing"):
        both.plan([row("p")])


def test_new_rows_are_made_where_the_sync_says(both: Bench) -> None:
    both.change(create_in="people")
    assert where(both, [row("new")]) == {"new": "people created"}
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

    def twice(object_name: str, field: str, values: list[str]) -> list[list[str]]:
        found = find(object_name, field, values)
        return [["g-1", "g-2"] if object_name == "guests" and value == "twice" else each
                for each, value in zip(found, values, strict=True)]  # fmt: skip

    monkeypatch.setattr(type(both.store), "find", lambda _, *asked: twice(*asked))
    rows = [row("both"), row("twice")]
    assert "on a record of people and on one of guests: 1 (both)" in str(both.plan(rows).findings)
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
    assert where(both, [row("g", "Newer")]) == {"g": "people updated"}
    assert names(both, "people") == {"g": "Newer"}


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
