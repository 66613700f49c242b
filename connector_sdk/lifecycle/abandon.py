"""End an open run whose frozen plan is lost: keep what the journal knows of it, and report what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.errors import RunStopped
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.report import RowCounts, RunReport, RunStart
from connector_sdk.lifecycle.finish import RunEnding, end
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.state.journal import now
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.records import BatchState, JournalledBatch, JournalledRun, RunState, SyncState
from connector_sdk.state.snapshot_file import add_rows

_MESSAGE = (
    "its frozen plan is lost: counted are the rows that were to be sent, and those without an outcome have no key"
)


def end_without_plan(session: Session, request: Request, run: JournalledRun) -> RunReport:
    """Abandon a run from the journal alone.

    Rows that have outcomes keep them. Of the other rows only the number is known. The rows of a batch in flight are
    unknown; if they would be created, they are held together. The rest is unprocessed. In modes that compare, the
    next run sends every row again, because it is unknown which of them the destination has.
    """
    session.observers.run_started(RunStart(run=run.id, sync=run.sync, resumed=True, at=now()))
    session.journal.take_up(run.id, session.id)
    lines = [*session.journal.outcomes(run.id), *_without_outcome(session.journal.batches(run.id))]
    rows = sum(each.num_rows for each in lines)
    ending = RunEnding(RunState.ABANDONED, True, _MESSAGE)
    planned = RowCounts(read=rows, planned=rows)
    report = end(session, run, lines, planned, lambda ledger: _state_after(session, request, run, ledger), ending)
    session.observers.run_finished(report)
    session.host.begin_counting()
    session.watch.restart()
    return report


def _without_outcome(batches: tuple[JournalledBatch, ...]) -> Iterator[pa.Table]:
    for each in batches:
        if each.in_flight:
            yield _lines(each, Outcome.UNKNOWN, Code.ANSWER_LOST, "this row was being sent when the run broke off")
        elif each.state is BatchState.PLANNED:
            yield _lines(each, Outcome.UNPROCESSED, Code.NOT_SENT, "the run was abandoned")


def _lines(batch: JournalledBatch, outcome: Outcome, code: Code, message: str) -> pa.Table:
    known = {
        "outcome": outcome.value,
        "action": batch.action.value,
        "object": batch.object_name,
        "code": code.value,
        "message": f"{message}; which one it is, is lost with the plan",
        "advice": EXPLAINED[code].advice,
        "batch": batch.number,
        "attempts": batch.submitted,
        "possible_duplicate": batch.repeated and batch.submitted > 1 and batch.action is Action.CREATE,
    }
    numbers = [number for start, stop in batch.ranges for number in range(start, stop)]
    return pa.Table.from_pylist([known | {"row": number} for number in numbers], schema=LEDGER_SCHEMA)


def _state_after(session: Session, request: Request, run: JournalledRun, ledger: Path) -> SyncState:
    """Return the state after the run: the former snapshot, with the records that the run is known to have created."""
    previous = session.state()
    generation = session.generation + 1
    if previous is not None and previous.snapshot is not None:
        state = evolve(previous, fingerprints={}, run=run.id, generation=generation)
    elif run.config.partition(":")[0] == session.config:
        state = SyncState(session.target, {}, None, run.id, generation)
    else:
        return SyncState({}, {}, None, run.id, generation)
    created = _read_created_records(session, run, ledger)
    try:
        return add_rows(session.folder, run.sync, run.id, state, created) if created.num_rows else state
    except RunStopped:
        if request.start_over:
            return evolve(state, snapshot=None, checksum=None)
        raise


def _read_created_records(session: Session, run: JournalledRun, ledger: Path) -> pa.Table:
    """Return the keys and ids of the records that batches with the action `CREATE` created."""
    creating = [each.number for each in session.journal.batches(run.id) if each.action is Action.CREATE]
    accepted = [("outcome", "=", Outcome.SUCCEEDED.value), ("batch", "in", creating)]
    columns = ["key", "record_id"]
    empty = pa.schema([LEDGER_SCHEMA.field(each) for each in columns]).empty_table()
    return pq.read_table(ledger, columns=columns, filters=accepted) if creating else empty
