from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from attrs import evolve

from connector_sdk import Action, Cancelled
from connector_sdk.state.database import open_database
from connector_sdk.state.journal import Journal
from connector_sdk.state.ledger import with_all_columns
from connector_sdk.state.records import BatchState, HeldRow, NewBatch, RunState, SyncState

BATCH = NewBatch(0, "people", Action.UPSERT, 0, ((0, 3), (5, 7)))


@pytest.fixture
def journal(tmp_path: Path):
    journal = Journal(open_database(tmp_path / "state.db"))
    journal.begin_run("r1", "contacts", "acme", "hash")
    journal.freeze("r1", [BATCH, BATCH], RunState.RUNNING)
    yield journal
    journal.close()


def reopen(tmp_path: Path) -> Journal:
    return Journal(open_database(tmp_path / "state.db"))


def test_a_frozen_plan_has_its_batches_in_order(journal: Journal) -> None:
    first, second = journal.batches("r1")

    assert (first.number, second.number) == (1, 2)
    assert first.ranges == ((0, 3), (5, 7))
    assert first.rows == 5
    assert first.state is BatchState.PLANNED


def test_an_intent_is_on_disk_when_it_returns(journal: Journal, tmp_path: Path) -> None:
    assert journal.intend(journal.batches("r1")[0]).attempts == 1

    other = reopen(tmp_path)
    assert [(each.state, each.attempts) for each in other.batches("r1")] == [
        (BatchState.SENDING, 1),
        (BatchState.PLANNED, 0),
    ]
    other.close()


def test_anchors_come_back_in_the_order_in_which_they_were_noted(journal: Journal) -> None:
    first, second = journal.batches("r1")
    journal.anchor(first, 1, "job", {"job": "j1"})
    journal.anchor(second, 1, "job", {"job": "j2"})
    journal.anchor(first, 1, "batch", {"job": "j1", "batch": "b1"})

    assert [(each.step, dict(each.handle)) for each in journal.anchors("r1", 1)] == [
        ("job", {"job": "j1"}),
        ("batch", {"job": "j1", "batch": "b1"}),
    ]
    assert [each.batch for each in journal.anchors("r1")] == [1, 2, 1]


def test_outcomes_and_the_batches_of_rows_that_are_tried_again_are_one_commit(journal: Journal) -> None:
    outcomes = with_all_columns(pa.table({"row": [0, 1], "outcome": ["succeeded", "rejected"]}))
    again = NewBatch(0, "people", Action.UPSERT, 0, ((2, 3),), round=1)

    (child,) = journal.record(journal.batches("r1")[0], outcomes, [again])

    assert child == journal.batches("r1")[2]
    assert (child.number, child.round, child.state) == (3, 1, BatchState.PLANNED)
    assert journal.batches("r1")[0].state is BatchState.DONE
    assert [table.to_pydict() for table in journal.outcomes("r1")] == [outcomes.to_pydict()]


def test_the_end_of_a_run_moves_snapshot_report_and_held_rows_at_once(journal: Journal) -> None:
    after = SyncState({"account": "acme"}, {"Email": "f1"}, "/snapshots/1", "r1", 1)
    journal.finish(journal.runs()[0], RunState.FINISHED, "{}", after, [HeldRow("k1", "look there")])

    assert journal.sync("contacts") == after
    assert journal.held_rows("contacts") == (HeldRow("k1", "look there"),)
    assert (journal.runs()[0].state, journal.runs()[0].report) == (RunState.FINISHED, "{}")


def test_released_rows_are_held_no_longer(journal: Journal) -> None:
    after = SyncState({}, {}, "/old", "r1", 1)
    journal.finish(journal.runs()[0], RunState.FINISHED, "{}", after, [HeldRow("k1", ""), HeldRow("k2", "")])

    journal.release("contacts", ["k1"], evolve(after, snapshot="/new", checksum=7))

    assert [each.key for each in journal.held_rows("contacts", "r1")] == ["k2"]
    assert journal.sync("contacts") == evolve(after, snapshot="/new", checksum=7)


def test_a_closed_journal_refuses_a_late_worker(journal: Journal) -> None:
    batch = journal.batches("r1")[0]
    journal.close()

    with pytest.raises(Cancelled):
        journal.intend(batch)
