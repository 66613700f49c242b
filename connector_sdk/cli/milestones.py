"""The observer that writes the progress of a run as log lines, for output without a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from connector_sdk.cli import terminal
from connector_sdk.contract.connection import Call
from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.plan import PlanSummary
from connector_sdk.contract.report import BatchReport, ReportState, RunReport, RunStart
from connector_sdk.settings.counts import say_count

_STEPS = 10
"""How many progress lines a run writes at most because of finished rows: one for each tenth."""

_SILENCE = 30.0
"""The longest time without a line, in seconds, as long as the run makes calls."""


class Milestones:
    """The log lines of a run on stderr: that it starts, what it sends, how far it is, and how it ended.

    It writes a line when another tenth of the rows has outcomes, and when there was no line for 30 seconds.
    """

    def __init__(self, say: Callable[[str], None] = terminal.say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._sync = ""
        self._rows = self._done = self._rejected = 0
        self._tenths = 0
        self._last = clock()

    @hookimpl
    def run_started(self, start: RunStart) -> None:
        """Write that a run starts or resumes."""
        self._sync, self._rows, self._tenths = start.sync, 0, 0
        self._line(f"run {start.run} {'resumes' if start.resumed else 'starts'}")

    @hookimpl
    def run_planned(self, plan: PlanSummary) -> None:
        """Write how many rows and batches the run sends, and through which API."""
        self._rows, self._done, self._rejected = sum(plan.planned.values()), 0, 0
        batches = sum(plan.batches.values())
        if batches:
            rows, cut = say_count(self._rows, "row", "rows"), say_count(batches, "batch", "batches")
            self._line(f"{rows} to send in {cut} through {plan.api}")
        else:
            self._line("nothing to send")

    @hookimpl
    def batch_finished(self, batch: BatchReport) -> None:
        """Count the batch, and write how far the run is, if a line is due."""
        self._done = max(self._rows - batch.remaining, 0)
        self._rejected += batch.outcomes.get(Outcome.REJECTED, 0)
        self._look()

    @hookimpl
    def call_finished(self, call: Call) -> None:
        """Write a line if one is due, also while a long batch is running."""
        self._look()

    @hookimpl
    def run_finished(self, report: RunReport) -> None:
        """Write how the run ended. For a run that did not begin, the error message is enough."""
        if report.state is ReportState.NOT_BEGUN:
            return
        counts = {each.value: getattr(report.rows, each.value) for each in Outcome}
        said = ", ".join(f"{rows:,} {outcome}" for outcome, rows in counts.items() if rows)
        self._rows = 0
        self._line(f"{report.state} in {report.seconds:.1f} s" + (f": {said}" if said else ""))

    def _look(self) -> None:
        if not self._rows or self._done >= self._rows:
            return
        tenths = self._done * _STEPS // self._rows
        if tenths > self._tenths or self._clock() - self._last >= _SILENCE:
            self._tenths = tenths
            rejected = f", {self._rejected:,} rejected" if self._rejected else ""
            percent = self._done * 100 // self._rows
            self._line(f"{self._done:,} of {say_count(self._rows, 'row', 'rows')} ({percent} %){rejected}")

    def _line(self, text: str) -> None:
        self._last = self._clock()
        self._say(f"{self._sync}: {text}")
