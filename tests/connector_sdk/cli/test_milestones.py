"""What a run says off a terminal: a line at its start, when it is planned, for each tenth of it, and at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import define, field

from connector_sdk import (
    Action,
    ActionCounts,
    BatchReport,
    Call,
    CallCounts,
    Delivery,
    Mode,
    Outcome,
    PlanSummary,
    RowCounts,
    RunReport,
    RunStart,
)
from connector_sdk.cli.milestones import Milestones
from connector_sdk.hooks.observers import Observers
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .conftest import Invoke

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: store.db}
models:
  people: {file: people.csv, primary_key: key}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: key}
    fields: {name: text}
    options: {api: call, batch_size: 1, parallelism: 1}
"""


@define
class Told:
    """A run of rows in batches, and the lines that are said about it; time passes as a test says."""

    rows: int
    now: float = 0.0
    lines: list[str] = field(factory=list)
    observers: Observers = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.observers = Observers([Milestones(self.lines.append, lambda: self.now)])
        self.observers.run_started(RunStart(run="r1", sync="books", resumed=False, at=""))
        planned = {Action.UPSERT: self.rows}
        self.observers.run_planned(
            PlanSummary(
                run="r1",
                sync="books",
                mode=Mode.UPSERT,
                object_names=("Book",),
                api="rest",
                batch_size=1,
                parallelism=1,
                delivery=Delivery.AT_LEAST_ONCE,
                columns=(),
                planned=planned,
                batches={Action.UPSERT: self.rows},
            )
        )

    def batch(self, done: int, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        """Report a batch with one outcome; `done` rows of the run are done after it."""
        self.observers.batch_finished(
            BatchReport(run="r1", number=1, rows=1, outcomes={outcome: 1}, remaining=self.rows - done)
        )

    def call(self) -> None:
        """Report an API call."""
        self.observers.call_finished(
            Call(at="", method="GET", url="/job", status=200, seconds=0.1, request_bytes=0, response_bytes=0)
        )


START = ["books: run r1 starts", "books: 200 rows to send in 200 batches through rest"]


def run_through(told: Told, seconds: float) -> list[str]:
    for done in range(1, told.rows + 1):
        told.now += seconds
        told.batch(done)
    return told.lines


@pytest.mark.rule("T7")
def test_a_quick_run_has_a_line_for_each_tenth() -> None:
    lines = run_through(Told(200), 0.1)
    assert lines == [*START, *(f"books: {20 * tenth} of 200 rows ({10 * tenth} %)" for tenth in range(1, 10))]


@pytest.mark.rule("T7")
def test_tenths_that_are_done_at_once_have_one_line() -> None:
    told = Told(200)
    for done in (90, 100, 190):
        told.batch(done)
    assert told.lines == [*START, *(f"books: {done} of 200 rows ({done // 2} %)" for done in (90, 100, 190))]


@pytest.mark.rule("T7")
def test_a_slow_run_has_a_line_every_half_minute_and_for_each_tenth() -> None:
    lines = run_through(Told(200), 12)
    told = [done for done in range(1, 200) if not done % 20 or not done % 20 % 3]
    assert lines == [*START, *(f"books: {done} of 200 rows ({done // 2} %)" for done in told)]


@pytest.mark.rule("T7")
def test_a_batch_that_takes_its_time_is_no_silence() -> None:
    told = Told(200)
    for second in range(0, 100, 5):
        told.now = second
        told.call()
    assert told.lines == [*START, *["books: 0 of 200 rows (0 %)"] * 3]
    told.batch(200)
    told.now = 300
    told.call()
    assert len(told.lines) == 5


@pytest.mark.rule("T7")
def test_rejected_rows_are_counted_and_the_end_says_what_became_of_all() -> None:
    told = Told(10)
    told.batch(1, Outcome.REJECTED)
    assert told.lines[-1] == "books: 1 of 10 rows (10 %), 1 rejected"
    rows = RowCounts(read=10, planned=10, succeeded=8, rejected=2)
    told.observers.run_finished(
        RunReport(
            run="r1",
            sync="books",
            resumed=False,
            state="finished",
            exit=1,
            rows=rows,
            actions=ActionCounts(),
            calls=CallCounts(),
            seconds=12.34,
        )
    )
    assert told.lines[-1] == "books: finished in 12.3 s: 8 succeeded, 2 rejected"
    told.call()
    assert told.lines[-1].startswith("books: finished")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> Invoke:
    """Commands in a folder with a project of twenty rows."""
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(PROJECT)
    Path("people.csv").write_text("key,text\n" + "".join(f"k{number:02},text\n" for number in range(20)))
    return invoke


@pytest.mark.rule("T7")
def test_a_command_says_it_on_stderr_and_leaves_stdout_to_the_data(command: Invoke) -> None:
    result = command("run", "people", "--output", "json")
    (report,) = json.loads(result.stdout)
    said = result.stderr.splitlines()
    assert said[:2] == [f"people: run {report['run']} starts", "people: 20 rows to send in 20 batches through call"]
    assert said[2:-1] == [f"people: {2 * tenth} of 20 rows ({10 * tenth} %)" for tenth in range(1, 10)]
    assert said[-1].startswith("people: finished in ")
    assert said[-1].endswith(": 20 succeeded")
    again = command("run", "people").stderr.splitlines()
    assert again[1] == "people: nothing to send"
    assert again[-1].startswith("people: finished in ")


@pytest.mark.rule("T7")
def test_a_quiet_command_says_nothing_and_one_that_goes_on_says_so(command: Invoke) -> None:
    store = Store.at("store.db")
    store.add_fault(Fault(FaultKind.REFUSED, code="suspended", skip=10))
    assert command("run", "people", "--quiet").stderr.splitlines()[:-1] == []
    said = command("run", "people").stderr.splitlines()
    assert said[0].endswith("resumes")
    assert "people: 12 of 20 rows (60 %)" in said
    store.close()
