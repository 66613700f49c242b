"""Rows of which the destination says that their record is gone."""

from __future__ import annotations

from connector_sdk import Mode
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, people


def test_an_id_from_an_earlier_run_is_forgotten_and_one_that_was_just_looked_up_is_not(bench: Bench) -> None:
    bench.sync = people(Mode.UPDATE)
    bench.store.put("people", external_id="a", name="Ann")
    gone = Fault(FaultKind.ROW, key="a", code="gone")
    row = {"k": "1", "e": "a", "n": "One"}
    bench.store.add_fault(gone)
    assert bench.run([row]).ledger == {"1": "rejected gone"}
    assert bench.run([row]).ledger == {"1": "succeeded"}
    bench.store.add_fault(gone)
    assert bench.run([{**row, "n": "Two"}]).ledger == {"1": "skipped gone"}
    bench.store.add_fault(gone)
    assert bench.run([{**row, "n": "Two"}]).ledger == {"1": "rejected gone"}, "it was looked up anew"
    assert bench.run([{**row, "n": "Two"}]).ledger == {"1": "succeeded"}
