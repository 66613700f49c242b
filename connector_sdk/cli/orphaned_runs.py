"""Tell what waits under the name of a sync that was renamed or removed."""

from __future__ import annotations

from connector_sdk.cli import terminal
from connector_sdk.cli.settings import Settings
from connector_sdk.history import orphaned_runs


def tell_left_behind(settings: Settings) -> None:
    """Say on stderr what no run of this project will ever settle by itself."""
    for each in orphaned_runs(settings.outline, state=settings.state):
        terminal.note(f"{each.message} — {each.advice}")
