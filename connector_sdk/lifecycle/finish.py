"""End a run: account for every row, write the ledger, and promote the snapshot together with the end of the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from attrs import asdict, evolve, frozen

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConnectorError, ExitCode, RunStopped, Stale
from connector_sdk.contract.report import ActionCounts, ReportState, RowCounts, RunReport
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.promote import promote
from connector_sdk.files.private import make_folder, on_disk, remove
from connector_sdk.lifecycle.open_run_reports import count_batches, report_of_open_run
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.lifecycle.totals import RunTotals, TotalsBuilder, count_held, exit_code
from connector_sdk.planning.diff.decided import read_decided_lines
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.state.journal import Journal, now
from connector_sdk.state.ledger import combine_tables, write_ledger
from connector_sdk.state.records import JournalledRun, RemovedRows, RunState, SyncState
from connector_sdk.state.retention import retain
from connector_sdk.state.schemas import keep_schema
from connector_sdk.state.snapshot_file import with_snapshot

_REMOVING = frozenset({"max_removed", "max_removed_per_day"})
"""The guards on removals. If a user accepted one of them, the user has approved these removals."""

log = logging.getLogger(__name__)


@frozen
class RunEnding:
    """How a run ends: its state, whether it was resumed, and the message of its report."""

    state: RunState
    resumed: bool
    message: str = ""


def finish(session: Session, run: JournalledRun, plan: FrozenPlan, request: Request, *, ending: RunEnding) -> RunReport:
    """End a run whose rows all have outcomes. If this is repeated after a crash, it has the same result."""

    def promote_state(ledger: Path) -> SyncState:
        """Promote the snapshot, and keep the schemas that the run was planned with."""
        state = _promote_snapshot(session, run, plan, ledger, request)
        crashpoint("after the snapshot is written")
        keep_schema(plan.folder, session.folder.schema(run.sync))
        return state

    return end(session, run, _all_outcomes(plan, session.journal, run.id), plan.rows, promote_state, ending, plan)


def end(
    session: Session,
    run: JournalledRun,
    lines: Iterable[pa.Table],
    planned: RowCounts,
    after: Callable[[Path], SyncState],
    ending: RunEnding,
    plan: FrozenPlan | None = None,
) -> RunReport:
    """Write the ledger of a run from its lines, report on it, and move its sync to the state that `after` returns.

    `after` takes the path of the ledger. `plan` is None if the plan of the run is lost.
    """
    ledger = session.folder.ledger(run.id)
    tallying = TotalsBuilder(holds=not session.resends)
    write_ledger(ledger, (tallying.add(each) for each in combine_tables(lines)))
    crashpoint("after the ledger is written")
    tally = tallying.result(planned)
    tally.require_sums()
    state = after(ledger)
    report = _report(session, run, tally, ending)
    removed = _count_removed(session, plan, report)
    session.journal.finish(run, ending.state, as_json(report), state, tally.held, removed)
    session.guard.note_ended(run.sync, state.generation)
    _tidy(session, run)
    return report


def _count_removed(session: Session, plan: FrozenPlan | None, report: RunReport) -> RemovedRows | None:
    """Return what the guard on the removals of a day has to know of a run, or None if the run removed nothing.

    Removals that a person accepted count as none: else they would use up what later runs of the day may remove.
    """
    rows = report.actions.deleted + report.actions.cleared
    if not rows or session.sync.mode not in (Mode.UPSERT, Mode.UPDATE):
        return None
    was_accepted = plan is not None and not _REMOVING.isdisjoint(plan.released)
    return RemovedRows(now(), 0 if was_accepted else rows, plan.known if plan else 0)


def _tidy(session: Session, run: JournalledRun) -> None:
    """Delete files that are no longer needed. The run has ended even if this fails."""
    try:
        remove(session.folder.plan(run.id))
        retain(session.folder, session.journal, session.project.keep, run.sync)
    except OSError as error:
        log.warning("Files that are not needed any more could not be deleted: %s", error)


def _report(session: Session, run: JournalledRun, tally: RunTotals, ending: RunEnding) -> RunReport:
    """Return the report of a run that ends. The rows that it holds are not recorded yet."""
    held = count_held(session.journal.held_rows(run.sync), tally.held)
    code = exit_code(tally.rows, held, session.sync.on_held)
    progress = session.journal.progress(run.id)
    return RunReport(
        run=run.id,
        sync=run.sync,
        resumed=ending.resumed,
        state=ending.state.value,
        exit=code,
        rows=tally.rows,
        actions=tally.actions,
        calls=session.host.calls,
        seconds=session.watch.seconds,
        message=ending.message,
        held=held,
        in_flight=0,
        possible_duplicates=tally.possible_duplicates,
        codes=tally.codes,
        batches=count_batches(progress),
        started=session.watch.started,
    )


def stopped_report(session: Session, run: JournalledRun, *, resumed: bool, message: str, code: ExitCode) -> RunReport:
    """Return the report of a run that cannot continue. Its rows without an outcome count as unprocessed."""
    known = session.journal.run(run.id)
    assert known is not None
    return evolve(
        report_of_open_run(session.folder, session.journal, known, is_running=False),
        resumed=resumed,
        state=ReportState.STOPPED,
        exit=code,
        calls=session.host.calls,
        seconds=session.watch.seconds,
        message=message,
        started=session.watch.started,
    )


def failed_report(session: Session, run: str, error: BaseException) -> RunReport:
    """Return the report of a run that ended before it wrote anything."""
    code = error.exit_code if isinstance(error, ConnectorError) else ExitCode.STOPPED
    if isinstance(error, Stale):
        code = ExitCode.GUARD
    said = session.host.scrub(str(error)) or type(error).__name__
    return RunReport(
        run=run,
        sync=session.sync.name,
        resumed=False,
        state=ReportState.NOT_BEGUN,
        exit=code,
        rows=RowCounts(),
        actions=ActionCounts(),
        calls=session.host.calls,
        seconds=session.watch.seconds,
        message=said,
        held=_count_held_rows(session),
        started=session.watch.started,
    )


def _count_held_rows(session: Session) -> int:
    """Return how many rows are held, or 0 if the journal itself stops the run."""
    try:
        return session.journal.count_held_rows(session.sync.name)
    except ConnectorError:
        return 0


def as_json(report: RunReport) -> str:
    """Return a report as JSON, as it is kept and printed."""
    return json.dumps(asdict(report))


def _promote_snapshot(
    session: Session, run: JournalledRun, plan: FrozenPlan, ledger: Path, request: Request
) -> SyncState:
    """Return the state of the sync after a run, with a new snapshot unless the run changed nothing in it.

    If the former snapshot cannot be read, a run that starts over ends all the same, because it forgets the snapshot.
    """
    after = SyncState(plan.target, plan.fingerprints, None, run.id, plan.generation)
    try:
        old = session.snapshot()
    except RunStopped:
        if request.start_over:
            return after
        raise
    mode = plan.summary.mode
    if mode is Mode.ALL:
        snapshot = None
    elif old is not None and plan.changes_nothing:
        snapshot = old
    else:
        snapshot = session.folder.snapshot(run.sync, run.id)
        make_folder(snapshot.parent)
        compares = mode in (Mode.UPSERT, Mode.UPDATE)
        promote(
            old, plan.file, ledger, plan.dropped, snapshot, plan.generation,
            compares=compares, rekeyed=plan.rekeyed, objects=len(plan.summary.object_names) > 1,
            archives=mode is Mode.ARCHIVE, compared=plan.compared,
        )  # fmt: skip
        on_disk(snapshot, snapshot.parent, snapshot.parent.parent)
    return with_snapshot(session.folder, after, snapshot) if snapshot else after


def _all_outcomes(plan: FrozenPlan, journal: Journal, run: str) -> Iterator[pa.Table]:
    if plan.rows.rejected or plan.rows.skipped:
        yield from read_decided_lines(plan.file)
    yield from journal.outcomes(run)
