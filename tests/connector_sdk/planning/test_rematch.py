"""Rows whose record becomes another one during the run: the run looks them up again and writes to that one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import (
    MATCH_SCHEMA,
    Classification,
    DeliveryOptions,
    Executed,
    FieldMapping,
    Find,
    Kind,
    Match,
    Mode,
    OnNull,
    Removal,
)
from connector_sdk.delivery.retry import Pace
from connector_sdk.testing.reference import Fault, FaultKind, plugin

from .bench import Bench, Ran, map_fields

APIS = ["call", "two_phase", "leased_job"]
KEPT = {"left": 7, "gone": 8}
"""Two people and their badges."""


@pytest.fixture
def both(bench: Bench) -> Bench:
    """An upsert into people and guests, of whom some become people while their rows are on the way."""
    bench.change(objects=("people", "guests"), create_in="guests", fields=map_fields(name="n", table="t", tier="x"))
    return bench


def row(key: str, name: str = "New", **more: Any) -> dict[str, Any]:
    return {"k": key, "e": key, "n": name, "t": "7", "x": "Gold", **more}


def put(bench: Bench, *keys: str) -> list[str]:
    return [bench.store.put("guests", external_id=key, name="Old") for key in keys]


def add_conversions(bench: Bench, *keys: str) -> None:
    """Let guests become people just before their rows are executed."""
    for key in keys:
        bench.store.add_fault(Fault(FaultKind.CONVERTED, key=key))


def read_actions(ran: Ran) -> dict[str, str]:
    return {line["key"]: f"{line['object']} {line['code'] or line['action']}" for line in ran.lines}


def people(bench: Bench, field: str = "name") -> dict[str, Any]:
    return {key: record.get(field) for key, record in bench.records().items()}


@pytest.mark.parametrize("api", APIS)
def test_a_row_goes_to_the_record_that_its_own_became(both: Bench, api: str) -> None:
    both.change(delivery=DeliveryOptions(api=api))
    put(both, "g1", "g2", "g3")
    add_conversions(both, "g2")
    ran = both.run([row("g1"), row("g2"), row("g3")])
    assert read_actions(ran) == {"g1": "guests updated", "g2": "people updated", "g3": "guests updated"}
    assert (people(both), people(both, "tier")) == ({"g2": "New"}, {"g2": "Gold"})
    assert ran.line("g2")["record_id"] == both.records()["g2"]["id"]
    assert ran.line("g2")["attempts"] == 2
    assert both.run([row("g1"), row("g2"), row("g3")]).lines == (), "the snapshot has the record that it went to"


def test_a_new_row_whose_record_somebody_made_and_converted_meanwhile_goes_there(both: Bench) -> None:
    both.store.add_fault(Fault(FaultKind.CONVERTED, key="g"))
    write = plugin.write_batch

    def put_and_write(connection: Any, batch: Any, options: Any, attempt: Any) -> Any:
        if not both.store.find("guests", "external_id", ["g"])[0]:
            put(both, "g")
        return write(connection, batch, options, attempt)

    both.hooks["write_batch"] = put_and_write
    assert read_actions(both.run([row("g")])) == {"g": "people updated"}
    assert people(both) == {"g": "New"}


def test_a_row_that_does_not_fit_the_other_object_is_rejected_and_says_why(both: Bench) -> None:
    put(both, "g1", "g2")
    add_conversions(both, "g1", "g2")
    ran = both.run([row("g1", x="Lead"), row("g2")])
    assert ran.ledger == {"g1": "rejected RECORD_MOVED", "g2": "succeeded"}
    line = ran.line("g1")
    assert f"its record is {both.records()['g1']['id']} of people now" in line["message"]
    assert "Lead" in line["message"]
    assert "the next run looks for its record again" in line["advice"]
    assert people(both) == {"g1": "Old", "g2": "New"}
    assert both.run([row("g1"), row("g2")]).ledger == {"g1": "succeeded"}


def test_a_row_that_fills_nothing_of_the_other_object_is_rejected(both: Bench) -> None:
    both.change(fields=map_fields(table="t"), mode=Mode.UPDATE, create_in=None)
    put(both, "g")
    add_conversions(both, "g")
    ran = both.run([row("g")])
    assert "no field of people is filled" in ran.line("g")["message"]


def test_a_look_up_that_the_other_object_would_need_is_left_to_the_next_run(both: Bench) -> None:
    both.change(fields=(*map_fields(name="n"), FieldMapping(field="mentor", find=Find("people", "r", "external_id"))))
    both.store.put("people", external_id="m", name="Mentor")
    put(both, "g1", "g2")
    add_conversions(both, "g1", "g2")
    rows = [row("g1", r="m"), row("g2", r=None)]
    ran = both.run(rows)
    assert ran.ledger == {"g1": "rejected RECORD_MOVED", "g2": "succeeded"}
    assert "mentor would have to be looked up" in ran.line("g1")["message"]
    assert both.run(rows).ledger == {"g1": "succeeded"}


def test_a_reference_by_key_goes_along_and_an_empty_one_clears(both: Bench) -> None:
    both.change(fields=(*map_fields(name="n"), FieldMapping(field="account", find=Find("accounts", "r", "number"))))
    account = both.store.put("accounts", number="a", name="Acme")
    put(both, "g1", "g2")
    add_conversions(both, "g1", "g2")
    assert read_actions(both.run([row("g1", r="a"), row("g2", r=None)])) == {
        "g1": "people updated",
        "g2": "people updated",
    }
    assert people(both, "account") == {"g1": account, "g2": None}


def test_a_null_that_is_kept_leaves_the_other_record_alone(both: Bench) -> None:
    both.change(fields=(*map_fields(name="n"), FieldMapping(field="about", column="x", null=OnNull.KEEP)))
    (guest,) = put(both, "g")
    both.store.change("guests", guest, about="shy")
    add_conversions(both, "g")
    both.run([row("g", x=None)])
    assert people(both, "about") == {"g": "shy"}


@pytest.mark.parametrize("on_removed", [Removal.DELETE, Removal.CLEAR])
def test_a_row_that_left_is_not_removed_from_the_record_that_its_own_became(both: Bench, on_removed: Removal) -> None:
    both.change(on_removed=on_removed, fields=map_fields(name="n", email="m"))
    both.run([row("g", m="g@x.y"), row("stays", m=None)])
    (guest, _) = both.store.records("guests")
    both.store.convert(guest["id"])
    ran = both.run([row("stays", m=None)])
    assert read_actions(ran) == {"g": "guests RECORD_KEPT"}
    assert people(both, "email") == {"g": "g@x.y"}
    assert both.run([row("stays", m=None)]).lines == ()


def test_a_row_that_left_takes_no_record_along_that_is_another_row_s(both: Bench) -> None:
    both.change(on_removed=Removal.DELETE)
    person = both.store.put("people", external_id="p", name="Old")
    both.run([row("g"), row("p")])
    add_conversions(both, "g")
    look = plugin.match

    def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
        """Return the person that a guest became: one of the people that were there."""
        lines = look(connection, objects, field, values, False, (), {})
        if values.to_pylist() != ["g"]:
            return lines
        return pa.table([[0], ["people"], [person]], schema=MATCH_SCHEMA)

    both.hooks["match"] = match
    ran = both.run([row("p")])
    assert read_actions(ran) == {"g": "guests RECORD_KEPT"}
    assert "to which this row was never written" in str(ran.line("g")["message"])
    assert people(both) == {"p": "New"}


def test_what_cannot_be_found_anew_is_what_the_destination_says(both: Bench) -> None:
    put(both, "g")
    add_conversions(both, "g")
    both.hooks["match"] = lambda connection, objects, field, values: plugin.match(
        connection, ["guests"], field, values, False, (), {}
    )
    ran = both.run([row("g")])
    assert ran.ledger == {"g": "rejected converted"}


def test_a_value_that_several_records_have_by_now_means_none_of_them(both: Bench) -> None:
    put(both, "g")
    add_conversions(both, "g")
    others = [both.store.put("people", external_id=key, name="Old") for key in ("p", "q")]
    asked: list[Any] = []

    def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
        asked.append(values)
        if len(asked) == 1:
            return plugin.match(connection, objects, field, values, False, (), {})
        return pa.table([[0, 0], ["people"] * 2, others], schema=MATCH_SCHEMA)

    both.hooks["match"] = match
    assert both.run([row("g")]).ledger == {"g": "rejected converted"}
    assert people(both) == {"g": "Old", "p": "Old", "q": "Old"}
    assert len(asked) == 2


def test_a_row_is_matched_again_by_a_number_as_well(bench: Bench) -> None:
    left, gone = (bench.store.put("people", external_id=key, name="Old", badge=badge) for key, badge in KEPT.items())
    bench.change(mode=Mode.UPDATE, match=Match("badge", "b"))
    answers = [gone, left]
    asked: list[Any] = []

    def match(values: pa.Array) -> pa.Table:
        asked.append(values.to_pylist())
        return pa.table([[0], ["people"], [answers.pop(0)]], schema=MATCH_SCHEMA)

    bench.hooks["match"] = match
    bench.hooks["classify_error"] = lambda error: Classification(kind=Kind.REJECTED, executed=Executed.NO, rematch=True)
    bench.store.delete("people", gone)
    ran = bench.run(pa.table({"k": ["1"], "b": [7], "n": ["New"]}))
    assert (ran.ledger, asked) == ({"1": "succeeded"}, [[7], [7]])
    assert bench.names() == {"left": "New"}


def test_looking_again_has_an_end(both: Bench) -> None:
    """A destination that answers another record each time, and refuses each."""
    ids = iter(range(99))

    def match(values: pa.Array) -> pa.Table:
        lines = [[0], ["guests"], [f"g-{next(ids)}"]]
        return pa.Table.from_arrays(
            [pa.array(line, each.type) for line, each in zip(lines, MATCH_SCHEMA, strict=True)], schema=MATCH_SCHEMA
        )

    both.hooks["match"] = match
    both.hooks["classify_error"] = lambda error: Classification(kind=Kind.REJECTED, executed=Executed.NO, rematch=True)
    ran = both.run([row("g")])
    assert ran.ledger == {"g": "rejected gone"}
    assert ran.line("g")["attempts"] == 4


def test_a_record_of_the_same_object_may_have_taken_the_place_of_the_row_s_own(bench: Bench) -> None:
    """As after a merge by hand: the code says so, and the key is that of the record that is left."""
    bench.change(mode=Mode.UPDATE)
    left, gone = (bench.store.put("people", external_id=key, name="Old") for key in ("left", "gone"))
    found = plugin.match
    answers = [gone, left]

    def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
        lines = found(connection, objects, field, values, False, (), {})
        return lines.set_column(2, "record_id", pa.array([answers.pop(0)], pa.string()))

    bench.hooks["match"] = match
    bench.hooks["classify_error"] = lambda error: Classification(kind=Kind.REJECTED, executed=Executed.NO, rematch=True)
    bench.store.delete("people", gone)
    ran = bench.run([{"k": "1", "e": "left", "n": "New"}])
    assert (ran.ledger, ran.line("1")["record_id"]) == ({"1": "succeeded"}, left)
    assert bench.names() == {"left": "New"}


def test_a_run_that_cannot_look_again_stops_and_goes_on_from_there(both: Bench) -> None:
    put(both, "g")
    add_conversions(both, "g")
    asked: list[Any] = []

    def match(connection: Any, objects: Any, field: str, values: pa.Array) -> pa.Table:
        asked.append(values)
        if 2 <= len(asked) <= 5:
            raise ConnectionError("the line is dead")
        return plugin.match(connection, objects, field, values, False, (), {})

    both.hooks["match"] = match
    report = both.run_open([row("g")])
    assert (report.state, people(both)) == ("stopped", {"g": "Old"})
    first, second = both.reports([row("g")])
    assert (first.resumed, first.rows.succeeded, second.rows.planned) == (True, 1, 0)
    assert people(both) == {"g": "New"}


def test_rows_that_are_tried_again_keep_the_record_that_was_found_for_them(both: Bench) -> None:
    put(both, *"abcd")
    add_conversions(both, *"abcd")
    both.store.add_fault(Fault(FaultKind.ROW, object_name="people", key="b", code="locked"))
    both.store.add_fault(Fault(FaultKind.REFUSED, object_name="people", code="too_large"))
    ran = both.run([row(each) for each in "abcd"])
    assert read_actions(ran) == dict.fromkeys("abcd", "people updated")
    assert people(both) == dict.fromkeys("abcd", "New")
    assert {line["key"]: line["attempts"] for line in ran.lines} == {"a": 2, "b": 3, "c": 2, "d": 2}


def test_a_run_that_stops_after_it_looked_again_goes_on_without_asking_once_more(both: Bench) -> None:
    put(both, "g")
    add_conversions(both, "g")
    both.store.add_fault(Fault(FaultKind.REFUSED, object_name="people", code="suspended"))
    assert both.run_open([row("g")]).state == "stopped"
    both.hooks["match"] = lambda: pytest.fail("it is known already")
    resumed, _ = both.reports([row("g")])
    assert (resumed.rows.succeeded, people(both)) == (1, {"g": "New"})


def test_an_abandoned_run_looks_nothing_up(both: Bench) -> None:
    put(both, "g")
    add_conversions(both, "g")
    both.change(delivery=DeliveryOptions(api="two_phase"))
    both.store.add_fault(Fault(FaultKind.REFUSED, call="look", code="suspended", times=99))
    assert both.run_open([row("g")], pace=Pace(base=0, attempts=2)).state == "stopped"
    both.store.clear_faults()
    abandoned, fresh = both.reports([row("g")], abandon=True)
    assert (abandoned.rows.rejected, fresh.rows.succeeded) == (1, 1)
