"""What the rows of a model mean after earlier runs, mode by mode: the table of changes between runs."""

from __future__ import annotations

import pytest

from connector_sdk import Mode, Removal
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, map_fields, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}
ANNA = {**ANN, "n": "Anna"}


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_keyed_modes_send_what_is_new_or_changed(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode)
    bench.store.put("people", external_id="a", name="-")
    bench.store.put("people", external_id="b", name="-")

    assert bench.run([ANN, BOB]).ledger == {"1": "succeeded", "2": "succeeded"}
    assert bench.run([ANN, BOB]).report.rows.unchanged == 2
    assert bench.run([ANNA, BOB]).ledger == {"1": "succeeded"}
    assert bench.names() == {"a": "Anna", "b": "Bob"}


def test_update_skips_a_row_without_a_record_and_tries_it_again(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    assert bench.run([ANN]).ledger == {"1": "skipped NO_RECORD"}
    assert bench.run([ANN]).report.exit == 0
    bench.store.put("people", external_id="A ", name="-")
    assert bench.run([ANN]).ledger == {"1": "succeeded"}
    assert bench.run([ANN]).ledger == {}


def test_update_looks_again_for_a_record_that_is_gone(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    bench.store.put("people", external_id="a", name="-")
    bench.run([ANN])
    bench.store.delete("people", bench.records()["a"]["id"])
    assert bench.run([ANNA]).line("1")["outcome"] == "skipped"
    bench.store.put("people", external_id="a", name="-")
    assert bench.run([ANNA]).ledger == {"1": "succeeded"}
    assert bench.names() == {"a": "Anna"}


def test_insert_creates_each_key_once_whatever_happens_later(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    assert bench.run([ANN], first_run=FirstRun.SEND).report.actions.created == 1
    assert bench.run([ANNA, BOB]).ledger == {"2": "succeeded"}
    assert bench.run([BOB]).ledger == {}
    assert bench.run([ANNA, BOB]).ledger == {}
    assert bench.names() == {"a": "Ann", "b": "Bob"}


def test_archive_deletes_each_key_once_and_again_when_it_returns(bench: Bench) -> None:
    bench.sync = people(Mode.ARCHIVE)
    for each in ("a", "b", "c"):
        bench.store.put("people", external_id=each, name="-")

    assert bench.run([ANN]).report.actions.deleted == 1
    assert bench.run([ANN, BOB]).ledger == {"2": "succeeded"}
    assert bench.run([BOB]).ledger == {}
    bench.store.put("people", external_id="a", name="back")
    assert bench.run([ANN, BOB]).ledger == {"1": "succeeded"}
    assert set(bench.names()) == {"c"}


def test_archive_takes_a_record_that_is_not_there_for_no_failure(bench: Bench) -> None:
    bench.sync = people(Mode.ARCHIVE)
    ran = bench.run([ANN])
    assert ran.ledger == {}
    assert (ran.report.rows.unchanged, ran.report.exit) == (1, 0)


def test_a_row_that_returns_is_new_again(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    bench.run([BOB])
    assert bench.names() == {"b": "Bob"}
    ran = bench.run([ANN, BOB])
    assert ran.ledger == {"1": "succeeded"}
    assert ran.report.actions.created == 1


def test_a_row_that_returns_after_nothing_was_removed_is_sent_again(bench: Bench) -> None:
    bench.run([ANN, BOB])
    bench.run([BOB])
    assert bench.run([ANN, BOB]).report.actions.updated == 1


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_a_rejected_row_is_tried_again_until_it_is_accepted(bench: Bench, mode: Mode) -> None:
    bench.sync = people(mode)
    bench.store.put("people", external_id="a", name="-")
    bench.run([ANN])
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad", times=2))

    assert bench.run([ANNA]).ledger == {"1": "rejected bad"}
    assert bench.run([ANNA]).ledger == {"1": "rejected bad"}
    assert bench.run([ANNA]).ledger == {"1": "succeeded"}
    assert bench.run([ANNA]).ledger == {}


def test_a_rejected_row_that_goes_back_to_what_was_accepted_is_not_sent(bench: Bench) -> None:
    bench.run([ANN])
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    bench.run([ANNA])
    assert bench.run([ANN]).ledger == {}


def test_a_rejected_insert_is_tried_again(bench: Bench) -> None:
    bench.sync = people(Mode.INSERT, fields=map_fields(external_id="e", name="n"))
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    assert bench.run([ANN], first_run=FirstRun.SEND).ledger == {"1": "rejected bad"}
    assert bench.run([ANN]).ledger == {"1": "succeeded"}
    assert bench.run([ANN]).ledger == {}


def test_a_row_that_was_rejected_and_left_is_forgotten(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    bench.run([ANN, BOB])
    ran = bench.run([BOB])
    assert ran.ledger == {}
    assert ran.report.rows.removed == 0


def test_full_sends_every_row_and_leaves_removed_ones_alone(bench: Bench) -> None:
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    ran = bench.run([ANN], full=True)
    assert ran.ledger == {"1": "succeeded"}
    assert set(bench.names()) == {"a", "b"}
    assert bench.run([ANN]).ledger == {"2": "succeeded"}
    assert set(bench.names()) == {"a"}


def test_full_keeps_the_ids_of_records(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    bench.store.put("people", external_id="a", name="-")
    bench.run([ANN])
    calls = bench.run([ANN], full=True).line("1")["record_id"]
    assert calls == bench.records()["a"]["id"]


def test_a_null_is_a_change_and_clears(bench: Bench) -> None:
    bench.change(fields=map_fields(name="n", about="x"))
    bench.run([{**ANN, "x": "tall"}])
    assert bench.run([{**ANN, "x": None}]).ledger == {"1": "succeeded"}
    assert bench.records()["a"]["about"] is None
    assert bench.run([{**ANN, "x": ""}]).ledger == {}


def test_the_order_of_rows_and_columns_without_a_field_mean_nothing(bench: Bench) -> None:
    bench.run([{**ANN, "z": "1"}, {**BOB, "z": "1"}])
    assert bench.run([{"z": "2", **BOB}, {"z": "3", **ANN}]).ledger == {}
