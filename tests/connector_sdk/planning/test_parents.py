"""Rows that refer to other rows of the same sync: parents first, ids of records that this run makes, circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import DeliveryOptions, FieldMapping, Find, Match, Mode, Removal
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .bench import Bench, Ran, map_fields, people

CHAIN = {"d": "c", "c": "b", "a": None, "b": "a"}
"""Whom each refers to; the children come first."""


def _tree(parents: dict[str, str | None], **more: Any) -> list[dict[str, Any]]:
    return [{"k": key, "e": key, "n": key.upper(), "r": parent, **more} for key, parent in parents.items()]


def _find(where: str = "external_id") -> FieldMapping:
    return FieldMapping(field="mentor", find=Find("people", "r", where))


@pytest.fixture
def tree(bench: Bench) -> Bench:
    """People whose mentors are looked up among people."""
    bench.change(fields=(*map_fields(name="n"), _find()))
    return bench


@pytest.fixture
def keyed(bench: Bench) -> Bench:
    """Accounts whose parents the destination finds by their number."""
    parent = FieldMapping(field="parent", find=Find("accounts", "r", "number"))
    fields = (*map_fields(name="n"), parent)
    bench.sync = evolve(people(fields=fields, match=Match("number", "e")), objects=("accounts",))
    return bench


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The values that the destination is asked for."""
    found: list[Any] = []
    find = Store.find

    def find_and_note(store: Store, object_name: str, field: str, values: Sequence[Any]) -> list[list[str]]:
        found.extend(values)
        return find(store, object_name, field, values)

    monkeypatch.setattr(Store, "find", find_and_note)
    return found


def _mentors(bench: Bench) -> dict[str, str | None]:
    records = bench.records()
    keys = {record["id"]: key for key, record in records.items()}
    return {key: keys.get(record.get("mentor")) for key, record in records.items()}


def _created_keys(ran: Ran) -> list[str]:
    """Return the keys in the order in which their records were made."""
    made = sorted((line for line in ran.lines if line["record_id"]), key=lambda line: str(line["record_id"]))
    return [line["key"] for line in made]


class TestALookUp:
    def test_finds_records_that_this_very_run_makes(self, tree: Bench) -> None:
        ran = tree.run(_tree(CHAIN))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert _mentors(tree) == CHAIN
        assert _created_keys(ran) == ["a", "b", "c", "d"]
        assert tree.run(_tree(CHAIN)).report.rows.planned == 0

    def test_compares_as_the_destination_does(self, tree: Bench) -> None:
        tree.run([{"k": "1", "e": "Boss", "n": "x", "r": None}, {"k": "2", "e": "e2", "n": "y", "r": " bOSS "}])
        assert _mentors(tree)["e2"] == "Boss"

    def test_takes_records_that_are_there_before_those_that_are_made(self, tree: Bench) -> None:
        boss = tree.store.put("people", external_id="a", name="by hand")
        ran = tree.run(_tree(CHAIN))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert tree.records()["b"]["mentor"] == boss

    def test_rejects_the_row_whose_parent_was_rejected_and_those_that_hang_from_it(self, tree: Bench) -> None:
        tree.store.add_fault(Fault(FaultKind.ROW, key="b", code="bad", times=9))
        ran = tree.run(_tree({**CHAIN, "x": "a"}))
        missing = "rejected REFERENCE_NOT_FOUND"
        assert ran.ledger == {"a": "succeeded", "x": "succeeded", "b": "rejected bad", "c": missing, "d": missing}
        assert ran.line("c")["message"] == "Reference not found: people whose external_id is b"
        assert ran.line("c")["advice"]
        tree.store.clear_faults()
        assert tree.run(_tree({**CHAIN, "x": "a"})).report.rows.succeeded == 3
        assert _mentors(tree) == {**CHAIN, "x": "a"}

    def test_rejects_while_planning_what_hangs_from_rows_that_are_not_sent(self, tree: Bench) -> None:
        rows = [{**row, "n": None if row["k"] == "b" else "x"} for row in _tree(CHAIN)]
        assert tree.plan(rows).rows.rejected == 3
        ran = tree.run(rows)
        missing = "rejected REFERENCE_NOT_FOUND"
        assert ran.ledger == {"a": "succeeded", "b": "rejected REQUIRED", "c": missing, "d": missing}
        assert [each.rows for each in tree.store.batches()] == [1]

    def test_does_not_ask_for_records_that_it_knows(self, tree: Bench, asked: list[Any]) -> None:
        tree.run(_tree({"a": None, "b": None}))
        asked.clear()
        ran = tree.run(_tree({"a": None, "b": "a", "c": "b", "d": "c"}))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert _mentors(tree) == {"a": None, "b": "a", "c": "b", "d": "c"}
        assert asked.count("a") == 0

    def test_asks_for_them_anew_in_a_full_run(self, tree: Bench) -> None:
        tree.run(_tree({"a": None}))
        tree.store.delete("people", tree.records()["a"]["id"])
        again = tree.store.put("people", external_id="a", name="made again")
        tree.run(_tree({"a": None, "b": "a"}), full=True)
        assert tree.records()["b"]["mentor"] == again

    def test_by_another_field_than_the_match_field_finds_new_rows_too(self, tree: Bench) -> None:
        tree.change(fields=(*map_fields(name="n", badge="b"), _find("badge")))
        rows = [
            {"k": "1", "e": "e1", "n": "x", "b": "7", "r": None},
            {"k": "2", "e": "e2", "n": "y", "b": "8", "r": "007"},
        ]
        assert set(tree.run(rows).ledger.values()) == {"succeeded"}
        assert _mentors(tree) == {"e1": None, "e2": "e1"}

    def test_rejects_what_several_new_rows_may_mean(self, tree: Bench) -> None:
        tree.change(fields=(*map_fields(name="n"), _find("name")))
        rows = [{"k": each, "e": each, "n": "Boss", "r": None} for each in "ab"]
        ran = tree.run([*rows, {"k": "c", "e": "c", "n": "Child", "r": "Boss"}])
        assert ran.ledger["c"] == "rejected REFERENCE_AMBIGUOUS"
        assert ran.line("c")["message"] == "several rows are meant by Boss: a, b"

    def test_finds_what_an_insert_makes(self, bench: Bench) -> None:
        bench.sync = people(Mode.INSERT, fields=(*map_fields(external_id="e", name="n"), _find()))
        ran = bench.run(_tree(CHAIN), first_run=FirstRun.SEND)
        assert set(ran.ledger.values()) == {"succeeded"}
        assert _mentors(bench) == CHAIN
        bench.run(_tree({**CHAIN, "e": "d"}))
        assert _mentors(bench)["e"] == "d"

    def test_rows_that_are_tried_again_are_waited_for(self, tree: Bench) -> None:
        tree.store.add_fault(Fault(FaultKind.ROW, key="a", code="locked", times=2))
        assert set(tree.run(_tree(CHAIN)).ledger.values()) == {"succeeded"}
        assert _mentors(tree) == CHAIN

    def test_removes_after_everything_is_written(self, tree: Bench) -> None:
        tree.change(on_removed=Removal.DELETE)
        tree.run(_tree({"old": None}))
        tree.run(_tree(CHAIN))
        assert _mentors(tree) == CHAIN
        actions = [each.action for each in tree.store.batches()]
        assert actions == ["upsert"] * 5 + ["delete"]

    @pytest.mark.parametrize("abandon", [False, True])
    def test_survives_a_run_that_stopped_between_the_stages(self, tree: Bench, abandon: bool) -> None:
        tree.store.add_fault(Fault(FaultKind.REFUSED, call="write", code="suspended", skip=1))
        assert tree.run_open(_tree(CHAIN)).state == "stopped"
        assert _mentors(tree) == {"a": None}
        first, second = tree.reports(_tree(CHAIN), abandon=abandon)
        assert (first.rows.succeeded, first.rows.unprocessed) == ((1, 3) if abandon else (4, 0))
        assert second.rows.succeeded == (3 if abandon else 0)
        assert _mentors(tree) == CHAIN
        assert tree.store.execution_counts("people") == dict.fromkeys("abcd", 1)

    def test_is_told_in_the_plan(self, tree: Bench) -> None:
        report = tree.plan(_tree(CHAIN))
        assert "rows refer to other rows: they go in 4 stages, parents first" in [
            each.message for each in report.findings
        ]
        assert report.cost.batches == 4
        assert tree.plan(_tree({"a": None, "b": None})).findings == ()


class TestAKeyOfTheDestination:
    def test_costs_no_call_and_parents_go_first(self, keyed: Bench, asked: list[Any]) -> None:
        ran = keyed.run(_tree(CHAIN))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert _created_keys(ran) == ["a", "b", "c", "d"]
        assert ran.report.calls.made == 4

    def test_rows_that_refer_to_no_row_of_the_run_go_together(self, keyed: Bench) -> None:
        keyed.store.put("accounts", number="boss", name="Boss")
        ran = keyed.run(_tree({"a": "boss", "b": "boss", "c": "boss"}))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert len(keyed.store.batches()) == 1

    def test_a_child_whose_parent_was_rejected_is_refused_by_the_destination(self, keyed: Bench) -> None:
        keyed.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
        ran = keyed.run(_tree({"a": None, "b": "a"}))
        assert ran.ledger == {"a": "rejected bad", "b": "rejected reference_not_found"}


@pytest.mark.parametrize("kind", ["tree", "keyed"])
class TestCircles:
    def test_a_row_that_is_its_own_parent_is_rejected(self, kind: str, request: pytest.FixtureRequest) -> None:
        bench: Bench = request.getfixturevalue(kind)
        ran = bench.run(_tree({"a": "A", "b": None}))
        assert ran.ledger == {"a": "rejected CIRCULAR_REFERENCE", "b": "succeeded"}
        assert ran.line("a")["message"] == "rows refer to each other: a > a"

    def test_rows_in_a_circle_are_rejected_and_named(self, kind: str, request: pytest.FixtureRequest) -> None:
        bench: Bench = request.getfixturevalue(kind)
        ran = bench.run(_tree({"a": "c", "b": "a", "c": "b", "child": "a", "grandchild": "child", "x": None}))
        circular = "rejected CIRCULAR_REFERENCE"
        assert {key: ran.ledger[key] for key in "abcx"} == {
            "a": circular,
            "b": circular,
            "c": circular,
            "x": "succeeded",
        }
        assert ran.line("b")["message"] == "rows refer to each other: b > a > c > b"
        assert str(ran.ledger["child"]).casefold() == "rejected reference_not_found"
        assert str(ran.ledger["grandchild"]).casefold() == "rejected reference_not_found"

    def test_a_long_circle_is_not_told_to_its_end(self, kind: str, request: pytest.FixtureRequest) -> None:
        bench: Bench = request.getfixturevalue(kind)
        ran = bench.run(_tree({f"k{n:03}": f"k{(n + 1) % 300:03}" for n in range(300)}))
        assert set(ran.ledger.values()) == {"rejected CIRCULAR_REFERENCE"}
        message = str(ran.line("k000")["message"])
        assert message.startswith("rows refer to each other: k000 > k001 > k002")
        assert message.endswith(" > ...")


class TestUpdates:
    def test_a_record_moves_after_the_one_that_it_moves_below(self, tree: Bench) -> None:
        for each in ("a", "b"):
            tree.store.put("people", external_id=each, name=each)
        tree.change(mode=Mode.UPDATE)
        ran = tree.run(_tree({"a": "b", "b": None}))
        assert set(ran.ledger.values()) == {"succeeded"}
        assert [line["key"] for line in ran.lines] == ["b", "a"]
        assert _mentors(tree) == {"a": "b", "b": None}

    def test_a_circle_is_rejected_though_its_records_exist(self, tree: Bench) -> None:
        for each in ("a", "b"):
            tree.store.put("people", external_id=each, name=each)
        tree.change(mode=Mode.UPDATE)
        assert set(tree.run(_tree({"a": "b", "b": "a"})).ledger.values()) == {"rejected CIRCULAR_REFERENCE"}

    def test_a_row_without_a_record_makes_none_to_refer_to(self, tree: Bench) -> None:
        tree.store.put("people", external_id="b", name="b")
        tree.change(mode=Mode.UPDATE)
        ran = tree.run(_tree({"a": None, "b": "a"}))
        assert ran.ledger == {"a": "skipped NO_RECORD", "b": "rejected REFERENCE_NOT_FOUND"}


def test_two_references_to_the_same_object_both_go_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector_sdk.testing.reference.shapes import SHAPES

    shape = SHAPES["people"]
    mentor = shape.field("mentor")
    assert mentor is not None
    schema = evolve(shape.schema, fields=(*shape.schema.fields, evolve(mentor, name="deputy")))
    monkeypatch.setitem(SHAPES, "people", evolve(shape, schema=schema))  # type: ignore[arg-type]
    deputy = FieldMapping(field="deputy", find=Find("people", "s", "external_id"))
    bench.change(fields=(*map_fields(name="n"), _find(), deputy))
    rows = [
        {"k": "a", "e": "a", "n": "A", "r": "b", "s": "d"},
        {"k": "b", "e": "b", "n": "B", "r": None, "s": "c"},
        {"k": "c", "e": "c", "n": "C", "r": "d", "s": None},
        {"k": "d", "e": "d", "n": "D", "r": None, "s": None},
    ]
    assert set(bench.run(rows).ledger.values()) == {"succeeded"}
    records = bench.records()
    ids = {key: record["id"] for key, record in records.items()}
    assert (records["a"]["mentor"], records["a"]["deputy"]) == (ids["b"], ids["d"])
    assert (records["b"].get("mentor"), records["b"]["deputy"]) == (None, ids["c"])


def test_a_large_tree_goes_level_by_level_and_keeps_every_parent(tree: Bench) -> None:
    tree.change(delivery=DeliveryOptions(batch_size=100, parallelism=4))
    keys = [f"k{number:05}" for number in range(3_000)]
    parents = [None if number < 30 else keys[number // 10] for number in range(3_000)]
    rows = pa.table({"k": keys, "e": keys, "n": keys, "r": pa.array(parents, pa.string())})
    shuffled = rows.take(pa.array(sorted(range(3_000), key=lambda number: number * 7919 % 3_001)))
    assert set(tree.run(shuffled).ledger.values()) == {"succeeded"}
    assert _mentors(tree) == dict(zip(keys, parents, strict=True))
