"""Delete old snapshots, ledgers and calls, expired plans, and files that belong to no run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector_sdk.contract.project import Keep
from connector_sdk.files.private import remove
from connector_sdk.state.folder import StateFolder
from connector_sdk.state.journal import Journal
from connector_sdk.state.records import ENDED, JournalledRun, RunState

SAVED_FOR = timedelta(hours=24)
"""How long a saved plan is kept and can be run."""

SNAPSHOTS = 2
"""How many snapshots of a sync are kept: the current one and the one before."""


def retain(folder: StateFolder, journal: Journal, keep: Keep, sync: str) -> None:
    """Delete what a sync no longer needs. Everything that open runs and held rows need stays."""
    state = journal.sync(sync)
    present = folder.path / state.snapshot if state and state.snapshot else None
    runs = journal.runs(sync)
    order = {run.id: number for number, run in enumerate(runs)}
    _retain_snapshots(folder.snapshot(sync, "any").parent, present, order)
    held = {run.id for run in runs if journal.held_rows(sync, run.id)}
    for number, run in enumerate(runs):
        outlived = run.state in ENDED and run.id not in held and number >= keep.runs
        if (outlived and _is_older(run, timedelta(days=keep.days))) or is_expired(run):
            for path in (folder.ledger(run.id), folder.calls(run.id), folder.plan(run.id)):
                remove(path)
            journal.delete_run(run.id)
    _sweep(folder, {run.id for run in journal.runs()})


def is_expired(run: JournalledRun) -> bool:
    """Return whether a run is a saved plan that is too old to run."""
    return run.state is RunState.SAVED and _is_older(run, SAVED_FOR)


def _is_older(run: JournalledRun, age: timedelta) -> bool:
    return datetime.fromisoformat(run.created) + age < datetime.now(UTC)


def _retain_snapshots(folder: Path, present: Path | None, order: Mapping[str, int]) -> None:
    """Delete all but the last snapshots of a sync, and files that a killed process left half-written.

    `order` numbers the runs from the newest one, and does not depend on the clock.
    """
    if not folder.is_dir():
        return
    former = sorted((path for path in folder.glob("*.parquet") if path != present), reverse=True)
    former.sort(key=lambda path: order.get(_run_of(path), len(order)))
    kept = {present, *former[: SNAPSHOTS - 1]}
    for path in folder.iterdir():
        if path not in kept:
            remove(path)


def _run_of(snapshot: Path) -> str:
    """Return the run that wrote a snapshot. The file's name begins with the run's id."""
    return "-".join(snapshot.stem.split("-")[:3])


def _sweep(folder: StateFolder, known: set[str]) -> None:
    """Delete plans and calls of runs that the journal does not know. Recent files stay: their run may just begin."""
    recent = (datetime.now(UTC) - SAVED_FOR).timestamp()
    for path in (*folder.plan("any").parent.iterdir(), *folder.calls("any").parent.iterdir()):
        with suppress(FileNotFoundError):  # another sync may sweep at the same time
            if path.name.partition(".")[0] not in known and path.lstat().st_mtime < recent:
                remove(path)
