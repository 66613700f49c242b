"""Rows whose fate is unknown wait until a person has said what became of them."""

from __future__ import annotations

import pytest

from connector_sdk import ExitCode, Mode
from connector_sdk.resolve import Decision, Settlement, resolve
from connector_sdk.run import FirstRun
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, Ran, mapped, people

ANN = {"k": "1", "e": "a", "n": "Ann"}
BOB = {"k": "2", "e": "b", "n": "Bob"}


@pytest.fixture
def lost(bench: Bench) -> Ran:
    """An insert whose answer was lost: Ann was created, and nobody knows."""
    bench.sync = people(Mode.INSERT, fields=mapped(external_id="e", name="n"))
    bench.store.add_fault(Fault(FaultKind.CUT_AFTER, call="write"))
    ran = bench.run([ANN], first_run=FirstRun.SEND)
    assert ran.report.exit == ExitCode.HELD
    assert ran.ledger == {"1": "unknown ANSWER_LOST"}
    return ran


def test_a_held_row_is_skipped_and_others_go_on(bench: Bench, lost: Ran) -> None:
    ran = bench.run([ANN, BOB])
    assert ran.ledger == {"1": "skipped HELD", "2": "succeeded"}
    assert "connector resolve" in ran.line("1")["advice"]
    assert bench.store.executed("people") == {"a": 1, "b": 1}


def test_a_row_that_was_sent_is_not_sent_again(bench: Bench, lost: Ran) -> None:
    project = bench.project([ANN])
    assert resolve(project, lost.report.run, Settlement(Decision.SENT)) == ("1",)
    assert bench.run([ANN, BOB]).ledger == {"2": "succeeded"}
    assert bench.run([ANN, BOB]).ledger == {}


def test_a_row_that_was_not_sent_is_sent(bench: Bench, lost: Ran) -> None:
    bench.store.delete("people", bench.records()["a"]["id"])
    resolve(bench.project([ANN]), lost.report.run, Settlement(Decision.NOT_SENT))
    assert bench.run([ANN]).ledger == {"1": "succeeded"}


def test_a_held_row_is_skipped_in_a_full_run_too(bench: Bench, lost: Ran) -> None:
    assert bench.run([ANN], full=True).ledger == {"1": "skipped HELD"}
