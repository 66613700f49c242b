"""End a run: every row accounted for, the ledger written, the snapshot promoted together with the end of the run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import asdict, evolve, frozen

from connector_sdk.batch import Action
from connector_sdk.crashpoint import crashpoint
from connector_sdk.engines.snapshots import promote
from connector_sdk.errors import ConnectorError, ExitCode
from connector_sdk.outcome import Outcome
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.report import ActionCounts, RowCounts, RunReport
from connector_sdk.session import Session
from connector_sdk.spec import Mode
from connector_sdk.state.entries import Held, JournalledRun, RunState, SyncState
from connector_sdk.state.folder import on_disk, remove
from connector_sdk.state.journal import Journal
from connector_sdk.state.ledger import LEDGER_SCHEMA, write_ledger
from connector_sdk.state.retention import retain
from connector_sdk.state.schemas import keep_schema
from connector_sdk.state.snapshot_file import pointing_at
from connector_sdk.state.witness import Witness


@frozen
class Tally:
    """What a ledger adds up to; `held` are the rows whose fate a person must settle."""

    rows: RowCounts
    actions: ActionCounts
    held: tuple[Held, ...]


def finish(
    opened: Session, run: JournalledRun, plan: FrozenPlan, state: RunState, resumed: bool, seconds: float
) -> RunReport:
    """End a run whose rows all have outcomes. Repeated after a crash, it comes to the same end."""
    ledger = opened.folder.ledger(run.id)
    tallying = _Tallying()
    write_ledger(ledger, (tallying.add(lines) for lines in _all_outcomes(plan, opened.journal, run.id)))
    crashpoint("after the ledger is written")
    tally = tallying.result(plan.rows)
    _check(tally.rows)
    report = RunReport(
        run.id, run.sync, resumed, state.value, _exit_code(tally), tally.rows, tally.actions,
        opened.live.host.calls, seconds,
    )  # fmt: skip
    after = _promoted(opened, run, plan, ledger)
    crashpoint("after the snapshot is written")
    keep_schema(plan.folder, opened.folder.schema(run.sync))
    opened.journal.finish(run, state, as_json(report), after, tally.held)
    Witness(opened.folder.path, run.sync).saw(after.generation)
    remove(opened.folder.plan(run.id))
    retain(opened.folder, opened.journal, opened.project.keep, run.sync)
    return report


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
    tallying = _Tallying()
    for table in opened.journal.outcomes(run.id):
        tallying.add(table)
    tally = tallying.result(plan.rows, decided=plan.rows)
    missing = tally.rows.planned - _accounted(tally.rows)
    rows = evolve(tally.rows, unprocessed=tally.rows.unprocessed + missing)
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


def _promoted(opened: Session, run: JournalledRun, plan: FrozenPlan, ledger: Path) -> SyncState:
    """The state of the sync after a run: a new snapshot, unless the run changed nothing in it."""
    old = opened.snapshot()
    mode = plan.summary.mode
    if mode is Mode.ALL:
        snapshot = None
    elif old is not None and plan.changes_nothing:
        snapshot = old
    else:
        snapshot = opened.folder.snapshot(run.sync, run.id)
        snapshot.parent.mkdir(mode=0o700, exist_ok=True)
        compares = mode in (Mode.UPSERT, Mode.UPDATE)
        promote(old, plan.file, ledger, plan.dropped, snapshot, plan.generation, compares=compares)
        on_disk(snapshot)
    after = SyncState(plan.target, plan.fingerprints, None, run.id, plan.generation)
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
        numbered = batch.append_column("row", pa.array(range(start, start + batch.num_rows), pa.int64()))
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


_NONE = RowCounts()


class _Tallying:
    """Adds ledger lines up."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._held: list[Held] = []

    def add(self, lines: pa.Table) -> pa.Table:
        """Add lines up, and answer them."""
        outcome = lines.column("outcome")
        self._outcomes.update(_counted(outcome))
        self._actions.update(_counted(lines.filter(pc.equal(outcome, Outcome.SUCCEEDED.value)).column("action")))
        held = pc.and_(pc.equal(outcome, Outcome.UNKNOWN.value), pc.equal(lines.column("action"), Action.CREATE.value))
        for row in lines.filter(held).select(["key", "message"]).to_pylist():
            self._held.append(Held(row["key"], row["message"] or ""))
        return lines

    def result(self, planned: RowCounts, decided: RowCounts = _NONE) -> Tally:
        """What the lines add up to, together with rows that were `decided` while planning."""
        counts = {each.value: self._outcomes[each.value] + getattr(decided, each.value) for each in Outcome}
        rows = evolve(planned, **counts)
        done = self._actions
        actions = ActionCounts(
            created=done["created"],
            updated=done["updated"] + done["created or updated"] + done["replaced"],
            deleted=done["deleted"],
            cleared=done["cleared"],
            merged=done["merged"],
        )
        return Tally(rows, actions, tuple(self._held))


def _exit_code(tally: Tally) -> ExitCode:
    if tally.held:
        return ExitCode.HELD
    rows = tally.rows
    return ExitCode.ROWS_FAILED if rows.rejected or rows.unprocessed or rows.unknown else ExitCode.OK


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()}


def _accounted(rows: RowCounts) -> int:
    return sum(getattr(rows, each.value) for each in Outcome)


def _check(rows: RowCounts) -> None:
    if rows.planned != _accounted(rows) or rows.read + rows.removed != rows.unchanged + rows.planned:
        raise ConnectorError(f"rows are missing or counted twice: {rows}; the run is left open, report this as a bug")
