"""A model is read once: what was compared is what is sent and reported, also by a run that resumes after a stop."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from connector_sdk import ExitCode, Model, Project
from connector_sdk.testing.reference import Fault, FaultKind

from .bench import Bench, Rows, map_fields, people

RANDOM = """
with drawn as materialized (select cast(random() as varchar) as k from range(50))
select k, k as e, k as n, k as x from drawn
"""


class Fickle(Bench):
    """Its model has other keys and other values each time that it is asked."""

    def project(self, rows: Rows) -> Project:
        model = Model(name="rows", primary_key=self.primary_key, sql=RANDOM, folder=str(self.folder))
        return evolve(super().project(rows), models={"rows": model})


def test_rows_of_a_query_that_answers_differently_every_time_are_sent_as_they_are_told(tmp_path: Path) -> None:
    bench = Fickle(tmp_path, people(fields=map_fields(name="n", about="x")))
    ran = bench.run([])
    assert ran.report.rows.succeeded == len(ran.ledger) == 50
    records = {(each["external_id"], each["name"], each["about"]) for each in bench.store.records("people")}
    assert records == {(key, key, key) for key in ran.ledger}
    bench.store.close()


def test_a_run_that_goes_on_sends_what_was_frozen_and_not_what_the_model_says_now(bench: Bench) -> None:
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    stopped = bench.run_open([{"k": "1", "e": "a", "n": "Ann"}, {"k": "2", "e": "b", "n": "Bob"}])
    assert (stopped.exit, bench.names()) == (ExitCode.STOPPED, {})
    bench.reports([{"k": "2", "e": "b", "n": "Bill"}])
    assert bench.names() == {"a": "Ann", "b": "Bill"}
    assert bench.store.execution_counts("people") == {"a": 1, "b": 2}
