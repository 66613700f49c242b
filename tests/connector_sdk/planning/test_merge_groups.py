"""Rows that are one record: who stays, who goes, and that nothing is done to either twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector_sdk import ConfigError, FieldMapping, Find, Level, Merge, Mode, Removal
from connector_sdk.engines.sql import database
from connector_sdk.planning.diff.merge_groups import judge_groups
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, map_fields, people

CHILDREN = Merge("g", is_child="c")


def row(key: str, group: str | None = "1", child: str | None = "false", **more: Any) -> dict[str, str | None]:
    return {"k": key, "e": key, "n": f"New {key}", "g": group, "c": child, "m": None, **more}


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    made = Bench(tmp_path, people(merge=CHILDREN))
    yield made
    made.store.close()


def put_people(bench: Bench, *keys: str) -> None:
    for key in keys:
        bench.store.put("people", external_id=key, name=f"Old {key}")


GROUP = [row("a", child="true"), row("b", child="true"), row("p")]


def test_children_go_into_the_record_of_their_parent_after_it_was_written(bench: Bench) -> None:
    put_people(bench, "a", "b", "p")
    ran = bench.run(GROUP)
    assert ran.ledger == {"a": "succeeded", "b": "succeeded", "p": "succeeded"}
    assert (ran.report.actions.updated, ran.report.actions.merged) == (1, 2)
    assert bench.names() == {"p": "New p"}
    assert bench.store.merged_keys("people") == {"a": "p", "b": "p"}
    assert [each.action for each in bench.store.batches()] == ["upsert", "merge"]
    assert ran.line("a")["record_id"] == bench.records()["p"]["id"]


def test_the_record_of_a_parent_that_is_made_in_the_same_run_takes_its_children_in(bench: Bench) -> None:
    put_people(bench, "a")
    assert bench.run(GROUP).ledger == {"a": "succeeded", "b": "skipped NOTHING_TO_MERGE", "p": "succeeded"}
    assert bench.store.merged_keys("people") == {"a": "p"}


def test_a_batch_merges_no_more_rows_than_the_destination_takes(bench: Bench) -> None:
    children = [row(f"c{number}", child="true") for number in range(9)]
    put_people(bench, *(each["k"] or "" for each in children))
    bench.run([*children, row("p")])
    assert [each.rows for each in bench.store.batches() if each.action == "merge"] == [4, 4, 1]


@pytest.mark.parametrize("words", [("true", "false"), ("t", "f"), ("1", "0"), ("TRUE", None), ("yes", "")])
def test_what_says_yes_is_read_in_the_ways_in_which_people_write_it(
    bench: Bench, words: tuple[str, str | None]
) -> None:
    put_people(bench, "a")
    bench.run([row("a", child=words[0]), row("p", child=words[1])])
    assert bench.store.merged_keys("people") == {"a": "p"}


def test_a_group_of_one_and_a_row_without_a_group_are_ordinary_rows(bench: Bench) -> None:
    assert bench.run([row("a", "1", "true"), row("b", None, "true"), row("c", " ", "maybe")]).ledger == {
        "a": "succeeded", "b": "succeeded", "c": "succeeded",
    }  # fmt: skip
    assert set(bench.names()) == {"a", "b", "c"}


def test_a_group_is_judged_by_the_rows_that_did_not_change_too(bench: Bench) -> None:
    put_people(bench, "a")
    bench.run([row("p")])
    ran = bench.run([row("p"), row("a", child="true")])
    assert ran.ledger == {"a": "succeeded"}
    assert bench.store.merged_keys("people") == {"a": "p"}
    ran = bench.run([row("p"), row("a", child="true"), row("q")])
    assert set(ran.ledger.values()) == {"rejected SEVERAL_PARENTS"}
    assert len(ran.ledger) == 3
    assert bench.run([row("p"), row("a", child="true")]).ledger == {}


def test_a_settled_row_is_of_no_consequence_any_more(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    put_people(bench, "a", "b", "p")
    bench.run(GROUP)
    edited = row("a", child="true", n="Edited")
    assert bench.run([edited, *GROUP[1:]]).ledger == {}
    assert bench.run([edited, *GROUP[1:]], full=True).ledger == {"p": "succeeded"}
    assert bench.run(GROUP[1:]).ledger == {"a": "skipped RECORD_KEPT"}
    assert bench.names() == {"p": "New p"}


def test_rows_without_a_key_are_told_beside_settled_ones(bench: Bench) -> None:
    put_people(bench, "a", "p")
    bench.run([GROUP[0], GROUP[2]])
    assert bench.run([GROUP[0], GROUP[2], row("x", None, k=None)]).ledger == {None: "rejected NULL_KEY"}


def test_children_whose_parent_left_are_left_alone(bench: Bench) -> None:
    put_people(bench, "a", "b", "p")
    bench.run(GROUP)
    assert bench.run(GROUP[:2]).ledger == {}
    assert set(bench.names()) == {"p"}


def test_a_parent_that_was_merged_itself_takes_nothing_in(bench: Bench) -> None:
    put_people(bench, "a", "b", "p")
    bench.run([GROUP[0], GROUP[2]])
    ran = bench.run([row("a"), row("b", child="true")])
    assert set(ran.ledger.values()) == {"rejected NO_PARENT"}
    assert ran.line("b")["message"] == "group 1 has no parent any more: a was merged by an earlier run"
    assert set(bench.names()) == {"p", "b"}


def test_the_values_of_a_child_are_not_looked_at(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", age="y"))
    put_people(bench, "a")
    assert bench.run([row("a", child="true", n=None, y="old"), row("p", y="7")]).ledger == {
        "a": "succeeded", "p": "succeeded",
    }  # fmt: skip


def test_who_refers_to_a_child_refers_to_the_record_that_it_went_into(bench: Bench) -> None:
    mentor = FieldMapping(field="mentor", find=Find("people", "m", "external_id"))
    bench.change(fields=(*map_fields(name="n"), mentor))
    put_people(bench, "a")
    rows = [row("a", child="true"), row("p"), row("x", None, m="a"), row("y", None, m="p")]
    assert set(bench.run(rows).ledger.values()) == {"succeeded"}
    parent = bench.records()["p"]["id"]
    assert [bench.records()[key]["mentor"] for key in "xy"] == [parent, parent]
    assert bench.run([*rows, row("z", None, m="a")]).ledger == {"z": "succeeded"}
    assert bench.records()["z"]["mentor"] == parent


def test_what_a_child_refers_to_keeps_nobody_waiting(bench: Bench) -> None:
    mentor = FieldMapping(field="mentor", find=Find("people", "m", "external_id"))
    bench.change(fields=(*map_fields(name="n"), mentor))
    put_people(bench, "a", "b", "p")
    rows = [row("a", child="true", m="a"), row("b", child="true", m="nobody"), row("p")]
    assert set(bench.run(rows).ledger.values()) == {"succeeded"}
    assert bench.store.merged_keys("people") == {"a": "p", "b": "p"}


def test_a_parent_that_the_destination_refuses_keeps_its_children_from_being_merged(bench: Bench) -> None:
    put_people(bench, "a", "b", "p")
    bench.store.add_fault(Fault(FaultKind.ROW, key="p", code="bad_value"))
    ran = bench.run(GROUP)
    refused = "rejected PARENT_NOT_WRITTEN"
    assert ran.ledger == {"a": refused, "b": refused, "p": "rejected bad_value"}
    assert ran.line("a")["message"] == "the row that it is merged into was not written: p"
    assert set(bench.run(GROUP).ledger.values()) == {"succeeded"}


def test_a_parent_that_is_refused_while_planning_keeps_its_children_from_being_merged(bench: Bench) -> None:
    put_people(bench, "a", "p")
    assert bench.run([row("a", child="true"), row("p", n=None)]).ledger == {
        "a": "rejected PARENT_NOT_WRITTEN", "p": "rejected REQUIRED",
    }  # fmt: skip


def test_a_merge_id_names_the_parent_as_the_destination_compares_keys(bench: Bench) -> None:
    bench.change(merge=Merge("g", merge_id="m"))
    put_people(bench, "a", "b", "p")
    bench.run([row("a", m=" P"), row("b", m="p"), row("p")])
    assert bench.store.merged_keys("people") == {"a": "p", "b": "p"}


def test_a_merge_id_of_another_row_rejects_the_group_whole(bench: Bench) -> None:
    bench.change(merge=Merge("g", merge_id="m"))
    put_people(bench, "a", "b")
    for stray in ("a", "x", "zz"):
        ran = bench.run([row("a", m="p"), row("b", m=stray), row("p"), row("x", None)])
        assert {key for key, what in ran.ledger.items() if what == "rejected FOREIGN_PARENT"} == {"a", "b", "p"}
    assert bench.names() == {"a": "Old a", "b": "Old b", "x": "New x"}


def test_rows_that_were_inserted_are_merged_by_the_ids_that_they_got(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, merge=CHILDREN, fields=map_fields(external_id="e", name="n"))
    first = bench.run([row("a", "2"), row("p", "1")], first_run=FirstRun.SEND)
    assert set(first.ledger.values()) == {"succeeded"}
    rows = [row("a", "1", "true"), row("p", "1"), row("new", "1", "true")]
    assert bench.run(rows).ledger == {"a": "succeeded", "new": "skipped NOTHING_TO_MERGE"}
    assert bench.store.merged_keys("people") == {"a": "p"}
    assert bench.run(rows).ledger == {"new": "skipped NOTHING_TO_MERGE"}


def test_the_plan_says_what_goes_where_and_which_groups_cannot_be_judged(bench: Bench) -> None:
    put_people(bench, "a", "b", "p")
    planned = bench.plan([*GROUP, row("x", "2", "true"), row("y", "2", "true")])
    assert planned.actions.merged == 2
    assert [(each["key"], each["merged_into"]) for each in planned.samples["merged"]] == [("a", "p"), ("b", "p")]
    warnings = [each.message for each in planned.findings if each.level is Level.WARNING]
    assert warnings == ["groups that are rejected: 1 (group 2 has no parent: every row of it is a child)"]


def test_an_object_whose_records_cannot_be_merged_is_refused(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, merge=CHILDREN, objects=("notes",), fields=map_fields(text="n"))
    with pytest.raises(ConfigError, match="records of notes cannot be merged"):
        bench.plan(GROUP)


def test_a_column_that_the_model_does_not_have_is_named_with_its_place(bench: Bench) -> None:
    bench.change(merge=Merge("gg", is_child="c"))
    with pytest.raises(ConfigError) as raised:
        bench.plan(GROUP)
    assert [each.path for each in raised.value.problems] == [("syncs", "people", "merge", "shared_id")]


@pytest.mark.long
def test_millions_of_groups_are_judged_in_the_memory_that_planning_has(tmp_path: Path) -> None:
    columns = "'key-' || i as key, 'key-' || i as match, 'group-' || i // 4 as shared, i % 4 <> 0 as child"
    with database(tmp_path) as connection:
        connection.execute(
            f"create view model as select {columns}, null::varchar as named, null::varchar as unclear"
            " from range(8000000) t(i)"
        )
        groups = judge_groups(connection, Relations("model")).groups
        assert connection.execute(f"select count(*), count(defect) from {groups}").fetchall() == [(2_000_000, 0)]
