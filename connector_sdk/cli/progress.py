"""The observer that shows the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.plan import PlanSummary
from connector_sdk.contract.report import BatchReport


class ProgressBar:
    """The progress bar of a run: how many rows have outcomes, and how many of them were rejected."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("planning", total=None, rejected="")
        self._total = 0
        self._rejected = 0

    @hookimpl
    def run_planned(self, plan: PlanSummary) -> None:
        """Reset the bar to the number of rows in this plan."""
        self._total, self._rejected = sum(plan.planned.values()), 0
        self._progress.update(self._task, description=plan.sync, total=self._total, completed=0, rejected="")

    @hookimpl
    def batch_finished(self, batch: BatchReport) -> None:
        """Add the rows of the batch to the bar."""
        self._rejected += batch.outcomes.get(Outcome.REJECTED, 0)
        rejected = f"{self._rejected:,} rejected" if self._rejected else ""
        completed = max(self._total - batch.remaining, 0)
        self._progress.update(self._task, completed=completed, rejected=rejected)


@contextmanager
def progress_bar(wanted: bool) -> Iterator[tuple[ProgressBar, ...]]:
    """Yield the observers that show progress on stderr: one on a terminal, none elsewhere."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield ()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rejected]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield (ProgressBar(progress),)
