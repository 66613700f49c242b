"""Read what past runs did: their reports, their ledgers and their API calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from attrs import evolve

from connector_sdk.contract.connection import Call, RunNotes
from connector_sdk.contract.errors import ConfigError, ExitCode, RunStopped
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.project import Outline, Project
from connector_sdk.contract.report import ActionCounts, CallCounts, ReportState, RowCounts, RunReport, report_from
from connector_sdk.files.corruption import CALLS, JOURNAL, LEDGER, PLAN
from connector_sdk.lifecycle.open_run_reports import Planned, is_under_way, report_of_open_run
from connector_sdk.lifecycle.session import find_sync, journal_of
from connector_sdk.observing.calls import read_calls
from connector_sdk.project.arguments import checks_arguments
from connector_sdk.state.folder import StateFolder, state_path
from connector_sdk.state.journal import Journal
from connector_sdk.state.ledger import LEDGER_SCHEMA
from connector_sdk.state.records import ENDED, JournalledRun, RunState

LEDGER_COLUMNS = (
    "key", "outcome", "action", "object", "record_id", "code", "message", "fields", "advice", "batch", "attempts",
    "possible_duplicate",
)  # fmt: skip
"""The columns of a ledger that users see."""


@checks_arguments()
def runs(
    project: Project | Outline, *, state: Path | None = None, sync: str | None = None, limit: int = 50
) -> list[RunReport]:
    """Return the reports of the latest runs, newest first, of one sync or of all. They include runs in progress."""
    with journal_of(project, state) as (folder, journal), JOURNAL.reading(folder.database):
        return [_report(folder, journal, each) for each in journal.runs(sync, limit)]


@checks_arguments()
def show(project: Project | Outline, run: str, *, state: Path | None = None) -> RunReport:
    """Return the report of one run, even while it is in progress. Raises `ConfigError` if there is no such run."""
    with journal_of(project, state) as (folder, journal):
        found = journal.run(run)
        if found is None:
            raise _no_run(project, run)
        with JOURNAL.reading(folder.database):
            return _report(folder, journal, found)


@checks_arguments()
def rows(
    project: Project | Outline,
    run: str,
    *,
    outcome: str | None = None,
    key: str | None = None,
    state: Path | None = None,
) -> pa.RecordBatchReader:
    """Return the ledger of a run as an Arrow stream with `LEDGER_COLUMNS`, in the order of the plan.

    While a run has not ended, its rows without an outcome are unprocessed: `IN_FLIGHT` if they were sent, `NOT_SENT`
    if they were not. Raises `ConfigError` if there is no such run, or if it has no rows.
    """
    wanted = {"outcome": outcome, "key": key}
    with journal_of(project, state) as (folder, journal):
        found, ledger = journal.run(run), folder.ledger(run)
        if found is None:
            raise _no_run(project, run)
        if found.state is RunState.RUNNING:
            opened = _open_ledger(folder, journal, run, wanted)
            if opened is not None:
                return opened
            found = journal.run(run) or found
    if not ledger.exists() and (found.state not in ENDED or found.report is None):
        raise _no_ledger(found)
    with LEDGER.reading(ledger):
        lines = _lines(ledger, wanted)
    return pa.RecordBatchReader.from_batches(lines.schema, _read(lines, ledger))


def _open_ledger(
    folder: StateFolder, journal: Journal, run: str, wanted: Mapping[str, str | None]
) -> pa.RecordBatchReader | None:
    """Return the present ledger of a run that has not ended. Return None if it has ended meanwhile."""
    from connector_sdk.lifecycle.open_ledger import open_ledger  # imported here to keep lists of runs fast

    with journal.as_of_now():
        found = journal.run(run)
        if found is None or found.state is not RunState.RUNNING:
            return None
        try:
            with PLAN.reading(folder.plan(run)):
                return open_ledger(folder, journal, run, LEDGER_COLUMNS, wanted)
        except RunStopped:
            if folder.ledger(run).exists():  # the run has just ended and deleted its plan
                return None
            raise


@checks_arguments()
def calls(project: Project | Outline, run: str, *, state: Path | None = None) -> Iterator[Call]:
    """Return the API calls of a run, in the order in which they ended, even while the run is in progress."""
    with journal_of(project, state) as (folder, journal):
        known, path = journal.run(run), folder.calls(run)
    if known is None:
        raise _no_run(project, run)
    return _read_calls(path)


@checks_arguments()
def orphaned_runs(project: Project | Outline, *, state: Path | None = None) -> tuple[Finding, ...]:
    """Return a finding for each unsettled run of a sync that the project no longer has, with the way to settle it."""
    if not StateFolder(state_path(project, state)).database.exists():
        return ()
    with journal_of(project, state) as (_, journal):
        waiting = [each for each in journal.list_unsettled() if each[0] not in project.syncs]
    return tuple(_describe_orphan(*each) for each in waiting)


def _describe_orphan(sync: str, run: str, held: int) -> Finding:
    if held:
        message = f"run {run} holds rows that need a decision, and its sync {sync} is not in the project"
        return Finding(Level.WARNING, message, f"settle them: connector resolve {run}")
    message = f"run {run} was interrupted or is in progress, and its sync {sync} is not in the project"
    advice = f"name the sync {sync} again and run it (--abandon leaves the rest unsent); then rename it"
    return Finding(Level.WARNING, message, advice)


@checks_arguments()
def notes(project: Project, run: str, *, state: Path | None = None) -> RunNotes:
    """Return the notes of a run. Raises `ConfigError` if there is no such run, or if the project lacks its sync."""
    with journal_of(project, state) as (_, journal):
        found, anchors = journal.run(run), journal.anchors(run)
    if found is None:
        raise _no_run(project, run)
    sync, _ = find_sync(project, found.sync)
    return RunNotes(run=run, sync=sync.name, connection=sync.connection, account=found.account, anchors=anchors)


def _lines(ledger: Path, wanted: Mapping[str, str | None]) -> pa.RecordBatchReader:
    """Return the lines of a ledger with these values, in the order of the plan.

    Columns that an earlier version did not write are null.
    """
    import duckdb  # imported here to keep lists of runs fast

    from connector_sdk.engines.sql import file

    relation = duckdb.connect().sql(f"select * from {file(ledger)}")
    for column, value in wanted.items():
        if value is not None:
            relation = relation.filter(duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value))
    have = set(relation.columns)
    types = {each: LEDGER_SCHEMA.field(each).type for each in LEDGER_COLUMNS}
    columns = (f'"{each}"' if each in have else f'null::{_SQL[types[each]]} as "{each}"' for each in LEDGER_COLUMNS)
    return relation.order('"row"').project(", ".join(columns)).to_arrow_reader(65_536)


_SQL = {pa.string(): "varchar", pa.int64(): "bigint", pa.bool_(): "boolean"}


def _read(lines: pa.RecordBatchReader, ledger: Path) -> Iterator[pa.RecordBatch]:
    with LEDGER.reading(ledger):
        yield from lines


def _read_calls(path: Path) -> Iterator[Call]:
    with CALLS.reading(path):
        yield from read_calls(path)


def _report(folder: StateFolder, journal: Journal, run: JournalledRun) -> RunReport:
    """Return the report that a run left or, if it has not ended, a report of its present state."""
    is_running = run.state not in ENDED and is_under_way(folder, run)
    if not is_running and run.state in (RunState.PLANNING, RunState.RUNNING):
        run = journal.run(run.id) or run  # the run may have just ended or been resumed
        is_running = run.state not in ENDED and is_under_way(folder, run)
    if run.state is RunState.PLANNING:
        planning = _empty(run, ReportState.PLANNING)
        return planning if is_running else evolve(planning, state=ReportState.INTERRUPTED, exit=ExitCode.STOPPED)
    if run.state is RunState.RUNNING and (run.session is not None or run.report is None):
        report = report_of_open_run(folder, journal, run, is_running=is_running)
        now = journal.run(run.id) or run
        return _report(folder, journal, now) if now.state in ENDED else report
    if run.report is not None:
        report = report_from(json.loads(run.report))
        return report if report.started else evolve(report, started=run.created)
    saved = Planned.of_run(folder, run, ()).rows if run.state is RunState.SAVED else RowCounts()
    return evolve(_empty(run, ReportState(run.state.value)), rows=saved)


def _empty(run: JournalledRun, state: ReportState) -> RunReport:
    return RunReport(
        run=run.id, sync=run.sync, resumed=False, state=state, exit=ExitCode.OK,
        rows=RowCounts(), actions=ActionCounts(), calls=CallCounts(), seconds=0.0, started=run.created,
    )  # fmt: skip


def _no_ledger(run: JournalledRun) -> ConfigError:
    hints = {
        RunState.PLANNING: "look again when it is running",
        RunState.SAVED: f"to run it: connector run {run.sync} --plan {run.id}",
    }
    hint = hints.get(run.state, "to see the runs that have a ledger: connector runs")
    return ConfigError(f"run {run.id} has no ledger: it is {run.state.value}", hint=hint)


def _no_run(project: Project | Outline, run: str) -> ConfigError:
    sync = run if run in project.syncs else None
    hint = f"it is a sync: connector runs --sync {sync} lists its runs" if sync else "connector runs lists them"
    return ConfigError(f"there is no run {run}", hint=hint)
