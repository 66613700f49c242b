"""End a run: every row accounted for, the ledger written, the snapshot promoted together with the end of the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import asdict, evolve, frozen

from connector_sdk.crashpoint import crashpoint
from connector_sdk.engines.snapshots import promote
from connector_sdk.errors import ConnectorError, ExitCode, RunStopped
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.report import ActionCounts, RowCounts, RunReport
from connector_sdk.request import Request
from connector_sdk.session import Session
from connector_sdk.spec import Mode
from connector_sdk.state.entries import JournalledRun, RemovedRows, RunState, SyncState
from connector_sdk.state.folder import on_disk, remove
from connector_sdk.state.journal import Journal, now
from connector_sdk.state.ledger import LEDGER_SCHEMA, gathered, write_ledger
from connector_sdk.state.retention import retain
from connector_sdk.state.schemas import keep_schema
from connector_sdk.state.snapshot_file import pointing_at
from connector_sdk.state.witness import Witness
from connector_sdk.tally import Tallying

_REMOVING = frozenset({"max_removed", "max_removed_per_day"})
"""The guards on removals: where one of them was accepted, a person has answered for these rows."""

log = logging.getLogger(__name__)


@frozen
class Ending:
    """How a run comes to its end, and after how many seconds."""

    state: RunState
    resumed: bool
    seconds: float
    message: str = ""


def finish(opened: Session, run: JournalledRun, plan: FrozenPlan, request: Request, *, ending: Ending) -> RunReport:
    """End a run whose rows all have outcomes. Repeated after a crash, it comes to the same end."""

    def after(ledger: Path) -> SyncState:
        """Promote the snapshot, and keep the schemas that the run was planned with."""
        state = _promoted(opened, run, plan, ledger, request)
        crashpoint("after the snapshot is written")
        keep_schema(plan.folder, opened.folder.schema(run.sync))
        return state

    return end(opened, run, _all_outcomes(plan, opened.journal, run.id), plan.rows, after, ending, plan)


def end(
    opened: Session,
    run: JournalledRun,
    lines: Iterable[pa.Table],
    planned: RowCounts,
    after: Callable[[Path], SyncState],
    ending: Ending,
    plan: FrozenPlan | None = None,
) -> RunReport:
    """Account for a run by the lines of its ledger, and move its sync to the state that comes `after` it.

    Its `plan` is None where that is lost.
    """
    ledger = opened.folder.ledger(run.id)
    tallying = Tallying()
    write_ledger(ledger, (tallying.add(each) for each in gathered(lines)))
    crashpoint("after the ledger is written")
    tally = tallying.result(planned)
    tally.require_sums()
    report = RunReport(
        run.id, run.sync, ending.resumed, ending.state.value, tally.exit_code, tally.rows, tally.actions,
        opened.live.host.calls, ending.seconds, ending.message,
    )  # fmt: skip
    state = after(ledger)
    removed = _removed(opened, plan, report)
    opened.journal.finish(run, ending.state, as_json(report), state, tally.held, removed)
    Witness(opened.folder.path, run.sync).saw(state.generation)
    _tidy(opened, run)
    return report


def _removed(opened: Session, plan: FrozenPlan | None, report: RunReport) -> RemovedRows | None:
    """Return how many rows a run removed, for the guard that looks back on a day; what was accepted does not count."""
    rows = report.actions.deleted + report.actions.cleared
    if not rows or opened.sync.mode not in (Mode.UPSERT, Mode.UPDATE):
        return None
    counts = plan is None or not _REMOVING.intersection(plan.released)
    return RemovedRows(now(), rows if counts else 0, plan.known if plan else 0)


def _tidy(opened: Session, run: JournalledRun) -> None:
    """Delete what is not needed any more; a run has ended whether that succeeds or not."""
    try:
        remove(opened.folder.plan(run.id))
        retain(opened.folder, opened.journal, opened.project.keep, run.sync)
    except OSError as error:
        log.warning("Files that are not needed any more could not be deleted: %s", error)


def so_far(
    opened: Session,
    run: JournalledRun,
    plan: FrozenPlan,
    resumed: bool,
    seconds: float,
    message: str,
    code: ExitCode,
) -> RunReport:
    """The report of a run that stopped: rows without an outcome yet count as unprocessed."""
    tallying = Tallying()
    for table in gathered(opened.journal.outcomes(run.id)):
        tallying.add(table)
    tally = tallying.result(plan.rows, decided=plan.rows)
    rows = evolve(tally.rows, unprocessed=tally.rows.unprocessed + tally.without_outcome)
    return RunReport(
        run.id, run.sync, resumed, "stopped", code, rows, tally.actions, opened.live.host.calls, seconds, message
    )


def not_begun(opened: Session, run: str, error: BaseException) -> RunReport:
    """The report, for observers, of a run that ended before it wrote anything."""
    code = error.exit_code if isinstance(error, ConnectorError) else ExitCode.STOPPED
    counts = RowCounts(), ActionCounts(), opened.live.host.calls
    said = opened.live.host.scrub(str(error)) or type(error).__name__
    return RunReport(run, opened.sync.name, False, "not begun", code, *counts, 0.0, said)


def as_json(report: RunReport) -> str:
    """A report as it is kept and printed."""
    return json.dumps(asdict(report))


def _promoted(opened: Session, run: JournalledRun, plan: FrozenPlan, ledger: Path, request: Request) -> SyncState:
    """The state of the sync after a run: a new snapshot, unless the run changed nothing in it.

    One that cannot be read does not keep from starting over, which forgets it in any case.
    """
    after = SyncState(plan.target, plan.fingerprints, None, run.id, plan.generation)
    try:
        old = opened.snapshot()
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
        snapshot = opened.folder.snapshot(run.sync, run.id)
        snapshot.parent.mkdir(mode=0o700, exist_ok=True)
        compares = mode in (Mode.UPSERT, Mode.UPDATE)
        promote(
            old, plan.file, ledger, plan.dropped, snapshot, plan.generation,
            compares=compares, rekeyed=plan.rekeyed, objects=len(plan.summary.object_names) > 1,
            archives=mode is Mode.ARCHIVE,
        )  # fmt: skip
        on_disk(snapshot, snapshot.parent, snapshot.parent.parent)
    return pointing_at(opened.folder, after, snapshot) if snapshot else after


def _all_outcomes(plan: FrozenPlan, journal: Journal, run: str) -> Iterator[pa.Table]:
    if plan.rows.rejected or plan.rows.skipped:
        yield from _decided(plan.file)
    yield from journal.outcomes(run)


def _decided(plan: Path) -> Iterator[pa.Table]:
    """The rows that were decided while planning, as ledger lines."""
    names = ["key", "outcome", "action", "object", "record_id", "code", "message", "advice"]
    start = 0
    for batch in pq.ParquetFile(plan).iter_batches(65_536, columns=names):
        numbered = batch.append_column("row", pa.arange(start, start + batch.num_rows))
        start += batch.num_rows
        decided = pa.Table.from_batches([numbered.filter(pc.is_valid(batch.column("outcome")))])
        rows = decided.num_rows
        columns = {name: decided.column(name) for name in ["row", *names]} | {
            "fields": pa.nulls(rows),
            "batch": pa.nulls(rows),
            "attempts": pa.repeat(0, rows),
        }
        if rows:
            yield pa.table({each.name: columns[each.name].cast(each.type) for each in LEDGER_SCHEMA})
