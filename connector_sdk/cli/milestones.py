"""How far a run is, in lines for a log: an observer for where there is no terminal to show a bar on."""

from __future__ import annotations

import time
from collections.abc import Callable

from connector_sdk.cli import terminal
from connector_sdk.connection import Call
from connector_sdk.hookspecs import hookimpl
from connector_sdk.outcome import Outcome
from connector_sdk.plan import PlanSummary
from connector_sdk.report import BatchReport, ReportState, RunReport, RunStart

_STEPS = 10
"""Parts of a run that have a line each, at most."""

_PATIENCE = 30.0
"""Seconds after the last line at which a part has its line before it is through."""


class Milestones:
    """Says on stderr that a run starts, what it sends, how far it is, and how it ended.

    A tenth of the rows has one line: when they have their outcomes, or already 30 seconds after the line before. Where
    several tenths are done at once, they have one line together.
    """

    def __init__(self, say: Callable[[str], None] = terminal.say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._sync = ""
        self._rows = self._done = self._rejected = 0
        self._told = -1
        self._last = clock()

    @hookimpl
    def run_started(self, start: RunStart) -> None:
        """Say that a run starts, or is resumed."""
        self._sync, self._rows, self._told = start.sync, 0, -1
        self._line(f"run {start.run} {'resumes' if start.resumed else 'starts'}")

    @hookimpl
    def run_planned(self, plan: PlanSummary) -> None:
        """Say what is sent."""
        self._rows, self._done, self._rejected = sum(plan.planned.values()), 0, 0
        batches = sum(plan.batches.values())
        if batches:
            rows, cut = _counted(self._rows, "row", "rows"), _counted(batches, "batch", "batches")
            self._line(f"{rows} to send in {cut} through {plan.api}")
        else:
            self._line("nothing to send")

    @hookimpl
    def batch_finished(self, batch: BatchReport) -> None:
        """Say how far the run is, where that is due."""
        self._done = max(self._rows - batch.remaining, 0)
        self._rejected += batch.outcomes.get(Outcome.REJECTED, 0)
        self._look()

    @hookimpl
    def call_finished(self, call: Call) -> None:
        """Look whether a line is due, also while a batch takes its time."""
        self._look()

    @hookimpl
    def run_finished(self, report: RunReport) -> None:
        """Say how the run ended; of one that did not begin, the error says all."""
        if report.state is ReportState.NOT_BEGUN:
            return
        counts = {each.value: getattr(report.rows, each.value) for each in Outcome}
        said = ", ".join(f"{rows:,} {outcome}" for outcome, rows in counts.items() if rows)
        self._rows = 0
        self._line(f"{report.state} in {report.seconds:.1f} s" + (f": {said}" if said else ""))

    def _look(self) -> None:
        if not self._rows or self._done >= self._rows:
            return
        through = self._done * _STEPS // self._rows
        passed = through - 1 > self._told
        if passed or (through > self._told and self._clock() - self._last >= _PATIENCE):
            self._told = through - 1 if passed else through
            rejected = f", {self._rejected:,} rejected" if self._rejected else ""
            percent = self._done * 100 // self._rows
            self._line(f"{self._done:,} of {self._rows:,} rows ({percent} %){rejected}")

    def _line(self, text: str) -> None:
        self._last = self._clock()
        self._say(f"{self._sync}: {text}")


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
