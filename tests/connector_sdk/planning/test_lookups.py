"""The ids of other records: by the destination itself where it can, else looked up while planning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import ConfigError, FieldMapping, Find, Match, Mode, OnNull
from connector_sdk.planning import matches
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Store

from .bench import Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}


def _account(**more: Any) -> tuple[FieldMapping, ...]:
    return (*map_fields(name="n"), FieldMapping(field="account", find=Find("accounts", "r", "number"), **more))


def _mentor(where: str | None, **more: Any) -> tuple[FieldMapping, ...]:
    return (*map_fields(name="n"), FieldMapping(field="mentor", find=Find("people", "r", where), **more))


def _rows(*references: str | None) -> list[dict[str, str | None]]:
    return [{"k": str(n), "e": f"e{n}", "n": "x", "r": each} for n, each in enumerate(references)]


def _ids(bench: Bench, field: str) -> dict[str, str | None]:
    return {key: record.get(field) for key, record in bench.records().items()}


class TestByTheDestinationItself:
    def test_it_costs_no_call(self, bench: Bench) -> None:
        bench.change(fields=_account())
        id_ = bench.store.put("accounts", number="A1", name="Acme")
        ran = bench.run(_rows("A1", "a1 "))
        assert _ids(bench, "account") == {"e0": id_, "e1": id_}
        assert ran.report.calls.made == 1

    def test_rows_without_a_value_are_batches_of_their_own_and_clear(self, bench: Bench) -> None:
        bench.change(fields=_account())
        id_ = bench.store.put("accounts", number="A1", name="Acme")
        bench.run(_rows("A1", None, "A1"))
        assert sorted(each.rows for each in bench.store.batches()) == [1, 2]
        assert _ids(bench, "account") == {"e0": id_, "e1": None, "e2": id_}
        bench.run(_rows("A1", None, None))
        assert _ids(bench, "account") == {"e0": id_, "e1": None, "e2": None}

    def test_rows_without_a_value_are_left_alone_where_nulls_are_kept(self, bench: Bench) -> None:
        bench.change(fields=_account(null=OnNull.KEEP))
        id_ = bench.store.put("accounts", number="A1", name="Acme")
        bench.run(_rows("A1", "A1"))
        bench.run(_rows("A1", None))
        assert sorted(each.rows for each in bench.store.batches()) == [1, 2]
        assert _ids(bench, "account") == {"e0": id_, "e1": id_}

    def test_a_record_that_is_not_there_rejects_the_row_and_it_is_tried_again(self, bench: Bench) -> None:
        bench.change(fields=_account())
        assert bench.run(_rows("A1")).ledger == {"0": "rejected reference_not_found"}
        bench.store.put("accounts", number="A1", name="Acme")
        assert bench.run(_rows("A1")).ledger == {"0": "succeeded"}

    def test_a_value_that_the_other_field_cannot_hold_is_refused_before(self, bench: Bench) -> None:
        bench.change(fields=_account())
        ran = bench.run(_rows("x" * 41))
        assert ran.ledger == {"0": "rejected TOO_LONG"}


class TestLookedUp:
    def test_the_id_is_what_is_sent(self, bench: Bench) -> None:
        bench.change(fields=_mentor("external_id"))
        boss = bench.store.put("people", external_id="Boss", name="Boss")
        ran = bench.run(_rows("boss ", "Boss", None))
        assert ran.ledger == {"0": "succeeded", "1": "succeeded", "2": "succeeded"}
        assert _ids(bench, "mentor") == {"Boss": None, "e0": boss, "e1": boss, "e2": None}

    def test_a_number_is_looked_up_as_a_number(self, bench: Bench) -> None:
        bench.change(fields=_mentor("badge"))
        boss = bench.store.put("people", external_id="Boss", name="Boss", badge=7)
        ran = bench.run(_rows("007", "seven"))
        assert ran.ledger == {"0": "succeeded", "1": "rejected BAD_VALUE"}
        assert ran.line("1")["message"] == "badge cannot be 'seven': it takes a whole number"
        assert _ids(bench, "mentor") == {"Boss": None, "e0": boss}

    def test_a_value_that_is_not_found_rejects_the_row_by_object_field_and_value(self, bench: Bench) -> None:
        bench.change(fields=_mentor("external_id"))
        ran = bench.run(_rows("nobody"))
        assert ran.ledger == {"0": "rejected REFERENCE_NOT_FOUND"}
        assert ran.line("0")["message"] == "Reference not found: people whose external_id is nobody"
        assert bench.run(_rows("nobody")).ledger == {"0": "rejected REFERENCE_NOT_FOUND"}

    def test_a_value_that_is_found_twice_rejects_the_row_with_both_ids(self, bench: Bench) -> None:
        bench.change(fields=_mentor("name"))
        ids = [bench.store.put("people", external_id=each, name="Boss") for each in ("b1", "b2")]
        ran = bench.run(_rows("Boss"))
        assert ran.ledger == {"0": "rejected REFERENCE_AMBIGUOUS"}
        assert all(each in ran.line("0")["message"] for each in ids)

    def test_null_keeps_where_it_is_asked_to(self, bench: Bench) -> None:
        bench.change(fields=_mentor("external_id", null=OnNull.KEEP))
        boss = bench.store.put("people", external_id="Boss", name="Boss")
        bench.run(_rows("Boss"))
        bench.run(_rows(None))
        assert _ids(bench, "mentor")["e0"] == boss

    def test_rows_that_are_refused_anyway_are_not_looked_up(self, bench: Bench) -> None:
        bench.change(fields=_mentor("external_id"))
        ran = bench.run([{**row, "n": None} for row in _rows("nobody")])
        assert ran.ledger == {"0": "rejected REQUIRED"}

    def test_every_value_is_asked_for_once_some_at_a_time(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[int] = []
        find = Store.find

        def find_and_count(store: Store, object_name: str, field: str, values: Sequence[Any]) -> list[list[str]]:
            asked.append(len(values))
            return find(store, object_name, field, values)

        monkeypatch.setattr(Store, "find", find_and_count)
        monkeypatch.setattr(matches, "VALUES", 2_048)
        bench.change(fields=_mentor("external_id"))
        bench.plan(_rows(*[f"v{number % 5_000}" for number in range(10_000)]))
        assert sum(asked) == 5_000
        assert max(asked) <= 2_048


def test_the_field_may_be_left_out_where_one_sync_writes_the_object(bench: Bench) -> None:
    bench.change(fields=_mentor(None))
    boss = bench.store.put("people", external_id="Boss", name="Boss")
    bench.run(_rows("boss"))
    assert _ids(bench, "mentor")["e0"] == boss


def test_the_field_may_not_be_left_out_where_two_syncs_find_it_differently(bench: Bench) -> None:
    bench.others = {"badges": evolve(people(Mode.UPDATE), name="badges", match=Match("badge", "k"))}
    bench.change(fields=_mentor(None))
    with pytest.raises(ConfigError) as raised:
        bench.run(_rows("boss"))
    (problem,) = raised.value.problems
    assert problem.path == ("syncs", "people", "fields", "mentor")
    assert "external_id, badge" in problem.message


def test_insert_looks_up_too(bench: Bench) -> None:
    fields = (*map_fields(key="k", text="n"), FieldMapping(field="person", find=Find("people", "r", "external_id")))
    bench.sync = evolve(people(Mode.INSERT, fields=fields), objects=("notes",))
    ann = bench.store.put("people", external_id="a", name="Ann")
    bench.run(_rows("a", None), first_run=FirstRun.SEND)
    assert [note.get("person") for note in bench.store.records("notes")] == [ann, None]


def test_records_can_be_found_by_their_ids(bench: Bench) -> None:
    ids = [bench.store.put("notes", key="twin", text=each) for each in ("one", "two")]
    bench.sync = evolve(people(Mode.UPDATE), objects=("notes",), fields=map_fields(text="n"), match=Match("id", "e"))
    ran = bench.run([{"k": "1", "e": ids[0], "n": "new"}, {"k": "2", "e": "n-999999", "n": "new"}])
    assert ran.ledger == {"1": "succeeded", "2": "skipped NO_RECORD"}


@pytest.mark.parametrize("mode", [Mode.UPDATE, Mode.ARCHIVE])
def test_a_value_that_no_record_can_have_is_rejected_and_not_waited_for(bench: Bench, mode: Mode) -> None:
    fields = map_fields(text="n") if mode is Mode.UPDATE else ()
    bench.sync = evolve(people(mode), objects=("notes",), fields=fields, match=Match("id", "e"))
    ran = bench.run([{"k": "1", "e": "p-000001", "n": "new"}, {"k": "2", "e": "n-999999", "n": "new"}])
    code = "NO_RECORD" if mode is Mode.UPDATE else "ALREADY_GONE"
    assert ran.ledger == {"1": "rejected BAD_VALUE", "2": f"skipped {code}"}
    assert ran.line("1")["message"] == "'p-000001' in id is not a value that a record of notes can have"


def test_a_reference_that_no_record_can_be_is_rejected(bench: Bench) -> None:
    bench.change(fields=(*map_fields(name="n"), FieldMapping(field="account", find=Find("accounts", "r", "id"))))
    bench.store.put("accounts", number="a-1", name="Acme")
    ran = bench.run(_rows("p-000001", "a-999999"))
    assert [line["code"] for line in ran.lines] == ["BAD_VALUE", "REFERENCE_NOT_FOUND"]


def test_numbers_of_a_typed_column_find_text(bench: Bench) -> None:
    bench.change(fields=_account())
    id_ = bench.store.put("accounts", number="42", name="Acme")
    table = pa.table({"k": ["1"], "e": ["a"], "n": ["Ann"], "r": pa.array([42], pa.int32())})
    bench.run(table)
    assert _ids(bench, "account") == {"a": id_}
