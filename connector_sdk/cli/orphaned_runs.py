"""Report open runs and held rows of syncs that were renamed or removed."""

from __future__ import annotations

from connector_sdk.cli import terminal
from connector_sdk.cli.settings import Settings
from connector_sdk.history import orphaned_runs


def tell_left_behind(settings: Settings) -> None:
    """Write to stderr what waits under a sync's former name, because no run of this project will settle it."""
    for each in orphaned_runs(settings.outline, state=settings.state):
        terminal.note(f"{each.message} — {each.advice}")
