"""Delete what is kept long enough: old snapshots, ledgers, recorded calls and their runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector_sdk.state.entries import ENDED
from connector_sdk.state.folder import StateFolder, remove
from connector_sdk.state.journal import Journal
from connector_sdk.sync import Keep

SAVED_FOR = timedelta(hours=24)
"""How long a saved plan may be run, and is kept."""

SNAPSHOTS = 2
"""How many snapshots of a sync are kept: the present one and the one before."""


def retain(folder: StateFolder, journal: Journal, keep: Keep, sync: str) -> None:
    """Delete what a sync no longer needs; open and saved runs and rows that are held keep what they stand on."""
    state = journal.sync(sync)
    present = folder.path / state.snapshot if state and state.snapshot else None
    _retain_snapshots(folder.snapshot(sync, "any").parent, present)
    oldest = datetime.now(UTC) - timedelta(days=keep.days)
    held = {run.id for run in journal.runs(sync) if journal.held(sync, run.id)}
    for number, run in enumerate(journal.runs(sync)):
        if (
            number >= keep.runs
            and datetime.fromisoformat(run.created) < oldest
            and run.id not in held
            and run.state in ENDED
        ):
            remove(folder.ledger(run.id))
            remove(folder.calls(run.id))
            journal.delete_run(run.id)


def _retain_snapshots(folder: Path, present: Path | None) -> None:
    if not folder.is_dir():
        return
    former = sorted(path for path in folder.iterdir() if path != present)
    for path in former[: len(former) - (SNAPSHOTS - 1)]:
        remove(path)
