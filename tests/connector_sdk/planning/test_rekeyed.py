"""A known key with a new match value: it writes another record, and its former one counts as a removed row."""

from __future__ import annotations

import pytest

from connector_sdk import ExitCode, Mode, Removal, RunStopped
from connector_sdk.cli.clean import printable
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}
MOVED = {**ANN, "e": "c"}
ACCEPT = {"rekeyed"}


@pytest.fixture
def deleting(bench: Bench) -> Bench:
    """Ann and Bob were sent; what leaves is deleted."""
    bench.change(on_removed=Removal.DELETE)
    bench.run([ANN, BOB])
    return bench


def test_it_stops_the_run_until_it_is_accepted(deleting: Bench) -> None:
    with pytest.raises(RunStopped, match="1 known rows have a new match value") as stopped:
        deleting.run([MOVED, BOB])
    assert stopped.value.exit_code is ExitCode.GUARD
    assert "--accept rekeyed" in stopped.value.hint
    assert deleting.names() == {"a": "Ann", "b": "Bob"}


def test_the_plan_shows_it(deleting: Bench) -> None:
    report = deleting.plan([MOVED, BOB])
    assert [finding.level for finding in report.findings] == ["stop"]
    assert (report.rows.removed, report.rows.planned, report.actions.deleted) == (1, 2, 1)
    assert deleting.plan([MOVED, BOB], accept=ACCEPT).findings == ()


def test_the_former_record_is_removed_once_it_is_accepted(deleting: Bench) -> None:
    ran = deleting.run([MOVED, BOB], accept=ACCEPT)
    assert ran.ledger == {"1": ["succeeded", "succeeded"]}
    assert (ran.report.actions.created, ran.report.actions.deleted, ran.report.rows.removed) == (1, 1, 1)
    assert deleting.names() == {"c": "Ann", "b": "Bob"}
    assert deleting.run([MOVED, BOB]).ledger == {}


@pytest.mark.parametrize("on_removed", [Removal.NOTHING, Removal.CLEAR])
def test_the_former_record_is_left_where_removed_rows_are(bench: Bench, on_removed: Removal) -> None:
    bench.change(on_removed=on_removed)
    bench.run([ANN, BOB])
    bench.run([MOVED, BOB], accept=ACCEPT)
    assert set(bench.names()) == {"a", "b", "c"}


def test_another_spelling_of_the_same_match_value_is_none(deleting: Bench) -> None:
    assert deleting.run([{**ANN, "e": " A "}, BOB]).ledger == {}


def test_two_keys_that_swap_their_match_values_swap_their_records(deleting: Bench) -> None:
    ran = deleting.run([{**ANN, "e": "b"}, {**BOB, "e": "a"}], accept=ACCEPT)
    assert ran.ledger == {"1": "succeeded", "2": "succeeded"}
    assert ran.report.rows.removed == 0
    assert deleting.names() == {"b": "Ann", "a": "Bob"}


def test_a_renamed_key_whose_match_value_stays_keeps_its_record(deleting: Bench) -> None:
    ids = {key: record["id"] for key, record in deleting.records().items()}
    ran = deleting.run([{**ANN, "k": "one"}, BOB])
    assert ran.ledger == {"1": "skipped RECORD_KEPT", "one": "succeeded"}
    assert {key: record["id"] for key, record in deleting.records().items()} == ids
    assert deleting.run([BOB]).ledger == {"one": "succeeded"}
    assert set(deleting.names()) == {"b"}


def test_a_record_that_got_a_new_key_at_the_destination_too_stays(deleting: Bench) -> None:
    ann = deleting.records()["a"]["id"]
    deleting.store.change("people", ann, external_id="c")
    ran = deleting.run([MOVED, BOB], accept=ACCEPT)
    assert ran.ledger == {"1": ["skipped RECORD_KEPT", "succeeded"]}
    assert {key: record["id"] for key, record in deleting.records().items() if key != "b"} == {"c": ann}
    assert deleting.run([MOVED, BOB]).ledger == {}


def test_a_record_is_not_taken_along_by_its_former_key(deleting: Bench) -> None:
    deleting.primary_key = ("e",)
    deleting.run([ANN, BOB], start_over=True)
    ann = deleting.records()["a"]["id"]
    deleting.store.change("people", ann, external_id="c")
    cara = {**ANN, "e": "c", "n": "Cara"}
    ran = deleting.run([cara])
    assert ran.ledger == {"c": "succeeded", "a": "skipped RECORD_KEPT", "b": "succeeded"}
    assert deleting.names() == {"c": "Cara"}
    assert deleting.run([cara]).ledger == {}
    assert deleting.run([BOB]).ledger == {"b": "succeeded", "c": "succeeded"}
    assert deleting.names() == {"b": "Bob"}


def test_a_row_that_takes_over_the_record_of_one_that_left_keeps_it(deleting: Bench) -> None:
    ran = deleting.run([{**BOB, "e": "a"}], accept=ACCEPT)
    assert deleting.names() == {"a": "Bob"}
    assert ran.ledger == {"1": "skipped RECORD_KEPT", "2": ["succeeded", "succeeded"]}


def test_a_record_is_left_to_a_row_that_was_refused(deleting: Bench) -> None:
    """The row that claims it will be mended; deleting its record meanwhile would be loss."""
    twins = [{"k": "3", "e": "a", "n": "x"}, {"k": "4", "e": "A", "n": "y"}]
    ran = deleting.run([BOB, *twins])
    twice = "rejected REPEATED_MATCH"
    assert ran.ledger == {"1": "skipped RECORD_KEPT", "3": twice, "4": twice}
    assert deleting.names() == {"a": "Ann", "b": "Bob"}


def test_update_looks_for_the_record_of_the_new_match_value(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    for each in ("a", "c"):
        bench.store.put("people", external_id=each, name="-")
    bench.run([ANN])
    ran = bench.run([MOVED], accept=ACCEPT)
    assert ran.line("1")["record_id"] == bench.records()["c"]["id"]
    assert bench.names() == {"a": "Ann", "c": "Ann"}


def test_update_waits_for_the_record_of_the_new_match_value_and_keeps_the_former_one(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE, on_removed=Removal.CLEAR)
    bench.store.put("people", external_id="a", name="-")
    bench.run([ANN])
    ran = bench.run([MOVED])
    assert ran.ledger == {"1": "skipped NO_RECORD"}
    assert ran.report.rows.removed == 0
    assert bench.run([ANN]).ledger == {}


def test_a_former_record_that_could_not_be_removed_does_not_bring_the_row_back(deleting: Bench) -> None:
    deleting.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    ran = deleting.run([MOVED, BOB], accept=ACCEPT)
    assert ran.ledger == {"1": ["rejected bad", "succeeded"]}
    assert "1" not in deleting.run([MOVED, BOB]).ledger


@pytest.mark.parametrize("on_removed", [Removal.DELETE, Removal.CLEAR])
def test_a_former_record_that_could_not_be_removed_is_tried_again_until_it_is(
    bench: Bench, on_removed: Removal
) -> None:
    bench.change(on_removed=on_removed)
    bench.run([ANN, BOB])
    former = bench.records()["a"]["id"]
    bench.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad", times=2))
    bench.run([MOVED, BOB], accept=ACCEPT)

    again = bench.run([MOVED, BOB])
    assert again.report.rows.removed == 1
    ((key, outcome),) = again.ledger.items()
    assert (printable(key or ""), outcome) == (f"1 (former record {former})", "rejected bad")
    assert bench.run([MOVED, BOB]).ledger == {key: "succeeded"}
    assert set(bench.names()) == {"b", "c", *("a" if on_removed is Removal.CLEAR else "")}
    assert bench.run([MOVED, BOB]).ledger == {}


def test_a_former_record_that_another_row_claims_meanwhile_is_left_to_it(deleting: Bench) -> None:
    deleting.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    deleting.run([MOVED, BOB], accept=ACCEPT)
    carl = {"k": "3", "e": "a", "n": "Carl"}
    ran = deleting.run([MOVED, BOB, carl])
    assert sorted(map(str, ran.ledger.values())) == ["skipped RECORD_KEPT", "succeeded"]
    assert ran.ledger["3"] == "succeeded"
    assert deleting.names() == {"a": "Carl", "b": "Bob", "c": "Ann"}
    assert deleting.run([MOVED, BOB, carl]).ledger == {}


def test_a_former_record_to_which_its_row_returns_is_kept(deleting: Bench) -> None:
    deleting.store.add_fault(Fault(FaultKind.ROW, key="a", code="bad"))
    deleting.run([MOVED, BOB], accept=ACCEPT)
    deleting.run([ANN, BOB], accept=ACCEPT)
    assert deleting.names() == {"a": "Ann", "b": "Bob"}
    assert deleting.run([ANN, BOB]).ledger == {}
