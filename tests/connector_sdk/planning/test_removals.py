"""Rows that leave the model: nothing, clear or delete, and only what this sync had accepted."""

from __future__ import annotations

import pytest

from connector_sdk import FieldMapping, Mode, Removal
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann", "x": "tall"}
BOB = {"k": "2", "e": "b", "n": "Bob", "x": "small"}


def test_nothing_happens_where_nothing_is_asked(bench: Bench) -> None:
    bench.run([ANN, BOB])
    ran = bench.run([BOB])
    assert ran.ledger == {}
    assert ran.report.rows.removed == 0
    assert set(bench.names()) == {"a", "b"}


def test_clear_empties_the_mapped_fields_and_leaves_the_others(bench: Bench) -> None:
    bench.change(on_removed=Removal.CLEAR, fields=map_fields(name="n", about="x"))
    bench.run([ANN, BOB])
    bench.store.change("people", bench.records()["a"]["id"], email="ann@example.org")
    ran = bench.run([BOB])
    assert ran.report.actions.cleared == 1
    record = bench.records()["a"]
    assert (record["name"], record["about"], record["email"]) == ("Ann", None, "ann@example.org")
    assert bench.run([BOB]).ledger == {}


def test_clear_keeps_what_must_have_a_value_or_cannot_change_and_says_so(bench: Bench) -> None:
    constants = (FieldMapping(field="active", value=True), FieldMapping(field="source", value="web"))
    fields = (*map_fields(external_id="e", name="n", about="x"), *constants)
    bench.change(on_removed=Removal.CLEAR, fields=fields)
    (finding,) = bench.plan([ANN]).findings
    assert finding.level == "info"
    assert finding.message.endswith("keep their value: external_id, name, active, source")


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_clear_goes_to_the_record_that_was_written(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode, on_removed=Removal.CLEAR, fields=map_fields(name="n", about="x"))
    bench.store.put("people", external_id="a", name="-")
    ran = bench.run([ANN])
    assert bench.run([]).line("1")["record_id"] == ran.line("1")["record_id"] == bench.records()["a"]["id"]


def test_delete_deletes_the_record_once(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    ran = bench.run([BOB])
    assert ran.ledger == {"1": "succeeded"}
    assert (ran.report.rows.removed, ran.report.actions.deleted) == (1, 1)
    assert set(bench.names()) == {"b"}
    assert bench.run([BOB]).ledger == {}


def test_a_record_that_is_gone_already_is_no_failure(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    bench.store.delete("people", bench.records()["a"]["id"])
    ran = bench.run([BOB])
    assert ran.line("1")["outcome"] == "skipped"
    assert ran.report.exit == 0
    assert bench.run([BOB]).ledger == {}


def test_a_removal_that_fails_is_tried_again(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    assert bench.run([BOB]).ledger == {"1": "rejected bad"}
    assert bench.run([BOB]).ledger == {"1": "succeeded"}
    assert bench.run([BOB]).ledger == {}


def test_records_of_others_are_never_removed(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.store.put("people", external_id="other", name="Other")
    bench.run([ANN])
    bench.run([])
    assert set(bench.names()) == {"other"}


def test_a_row_that_was_never_accepted_is_not_removed(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.store.put("people", external_id="a", name="theirs")
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    bench.run([ANN, BOB])
    assert bench.run([BOB]).ledger == {}
    assert bench.names()["a"] == "theirs"


def test_rows_that_were_taken_as_sent_have_no_record_to_remove(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.store.put("people", external_id="a", name="theirs")
    assert bench.run([ANN, BOB], first_run=FirstRun.BASELINE).ledger == {
        "1": "skipped BASELINE",
        "2": "skipped BASELINE",
    }
    assert bench.run([BOB]).ledger == {"1": "skipped NO_RECORD"}
    assert set(bench.names()) == {"a"}
    assert bench.run([BOB]).ledger == {}


def test_removals_come_after_everything_that_is_written(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    bench.run([{**BOB, "n": "Bobby"}, {"k": "3", "e": "c", "n": "Cid"}])
    assert [each.action for each in bench.store.batches()] == ["upsert", "upsert", "delete"]


def test_everything_can_leave_at_once(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    ran = bench.run([])
    assert (ran.report.rows.read, ran.report.rows.removed) == (0, 2)
    assert bench.names() == {}


def test_a_field_that_is_no_longer_mapped_is_not_cleared(bench: Bench) -> None:
    bench.change(on_removed=Removal.CLEAR, fields=map_fields(name="n", about="x", email="m"))
    bench.run([{**ANN, "m": "ann@example.org"}])
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run([])
    assert (bench.records()["a"]["about"], bench.records()["a"]["email"]) == (None, "ann@example.org")
