"""What past runs did: their reports, their ledgers, their API calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from connector_sdk.connection import Call, RunNotes
from connector_sdk.damage import CALLS, JOURNAL, LEDGER
from connector_sdk.errors import ConfigError, ExitCode
from connector_sdk.observing.calls import recorded_calls
from connector_sdk.plan import Finding, Level
from connector_sdk.report import ActionCounts, CallCounts, RowCounts, RunReport
from connector_sdk.session import find_sync, journal_of
from connector_sdk.state.entries import ENDED, JournalledRun, RunState
from connector_sdk.state.folder import StateFolder, state_path
from connector_sdk.sync import Outline, Project

LEDGER_COLUMNS = (
    "key", "outcome", "action", "object", "record_id", "code", "message", "fields", "advice", "batch", "attempts",
)  # fmt: skip
"""The columns of a ledger as people see it."""


def runs(
    project: Project | Outline, *, state: Path | None = None, sync: str | None = None, limit: int = 50
) -> list[RunReport]:
    """The latest runs, newest first, of one sync or of all."""
    with journal_of(project, state) as (folder, journal), JOURNAL.reading(folder.database):
        return [_report(each) for each in journal.runs(sync, limit)]


def show(project: Project | Outline, run: str, *, state: Path | None = None) -> RunReport:
    """The report of one run; raises `ConfigError` when there is none."""
    with journal_of(project, state) as (folder, journal):
        found = journal.run(run)
    if found is None:
        raise _no_run(run)
    with JOURNAL.reading(folder.database):
        return _report(found)


def rows(
    project: Project | Outline,
    run: str,
    *,
    outcome: str | None = None,
    key: str | None = None,
    state: Path | None = None,
) -> pa.RecordBatchReader:
    """The ledger of a finished run as an Arrow stream with `LEDGER_COLUMNS`, in the order of the plan."""
    with journal_of(project, state) as (folder, journal):
        found, ledger = journal.run(run), folder.ledger(run)
    if found is None:
        raise _no_run(run)
    if not ledger.exists() and (found.state not in ENDED or found.report is None):
        hint = f"connector run {found.sync} goes on from here"
        raise ConfigError(f"run {run} has no ledger: it is {_state(found)}", hint=hint)
    with LEDGER.reading(ledger):
        lines = _lines(ledger, {"outcome": outcome, "key": key})
    return pa.RecordBatchReader.from_batches(lines.schema, _read(lines, ledger))


def calls(project: Project | Outline, run: str, *, state: Path | None = None) -> Iterator[Call]:
    """The API calls of a run, in the order in which they ended; may be read while it runs."""
    with journal_of(project, state) as (folder, journal):
        known, path = journal.run(run), folder.calls(run)
    if known is None:
        raise _no_run(run)
    return _recorded(path)


def left_behind(project: Project | Outline, *, state: Path | None = None) -> tuple[Finding, ...]:
    """What waits for somebody under names of syncs that the project does not have any more, and the way out."""
    if not StateFolder(state_path(project, state)).database.exists():
        return ()
    with journal_of(project, state) as (_, journal):
        waiting = [each for each in journal.unsettled() if each[0] not in project.syncs]
    return tuple(_left_behind(*each) for each in waiting)


def _left_behind(sync: str, run: str, held: int) -> Finding:
    if held:
        message = f"run {run} of {sync}, a sync that the project does not have, holds rows"
        return Finding(Level.WARNING, message, f"settle them: connector resolve {run}")
    message = f"run {run} of {sync}, a sync that the project does not have, was interrupted or is in progress"
    advice = f"call the sync {sync} again and run it, with --abandon to leave the rest unsent; then rename it"
    return Finding(Level.WARNING, message, advice)


def notes(project: Project, run: str, *, state: Path | None = None) -> RunNotes:
    """What a run noted at its destination; raises `ConfigError` when there is no such run, or its sync is gone."""
    with journal_of(project, state) as (_, journal):
        found, anchors = journal.run(run), journal.anchors(run)
    if found is None:
        raise _no_run(run)
    sync, _ = find_sync(project, found.sync)
    return RunNotes(run, sync.name, sync.connection, found.account, anchors)


def _lines(ledger: Path, wanted: Mapping[str, str | None]) -> pa.RecordBatchReader:
    """The lines of a ledger with these values, in the order of the plan."""
    import duckdb  # a list of runs comes sooner without it

    from connector_sdk.engines.embedded import file

    columns = ", ".join(f'"{name}"' for name in LEDGER_COLUMNS)
    relation = duckdb.connect().sql(f"select * from {file(ledger)}")
    for column, value in wanted.items():
        if value is not None:
            relation = relation.filter(duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value))
    return relation.order('"row"').project(columns).to_arrow_reader(65_536)


def _read(lines: pa.RecordBatchReader, ledger: Path) -> Iterator[pa.RecordBatch]:
    with LEDGER.reading(ledger):
        yield from lines


def _recorded(path: Path) -> Iterator[Call]:
    with CALLS.reading(path):
        yield from recorded_calls(path)


def _report(run: JournalledRun) -> RunReport:
    if run.report is None:
        state = _state(run)
        exit_ = ExitCode.STOPPED if run.state is RunState.RUNNING else ExitCode.OK
        return RunReport(run.id, run.sync, False, state, exit_, RowCounts(), ActionCounts(), CallCounts(), 0.0)
    kept = json.loads(run.report)
    return RunReport(
        **kept
        | {
            "rows": RowCounts(**kept["rows"]),
            "actions": ActionCounts(**kept["actions"]),
            "calls": CallCounts(**kept["calls"]),
        }
    )


def _state(run: JournalledRun) -> str:
    """Where a run is, as people see it."""
    return "interrupted" if run.state is RunState.RUNNING else run.state.value


def _no_run(run: str) -> ConfigError:
    return ConfigError(f"there is no run {run}", hint="connector runs lists them")
