"""How far a run is, in lines for a log: an observer for where there is no terminal to show a bar on."""

from __future__ import annotations

import time
from collections.abc import Callable

from connector_sdk.cli import terminal
from connector_sdk.contract.connection import Call
from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.plan import PlanSummary
from connector_sdk.contract.report import BatchReport, ReportState, RunReport, RunStart

_STEPS = 10
"""Parts of a run that have a line each when they are through."""

_SILENCE = 30.0
"""Seconds without a line, at most, as long as calls are made."""


class Milestones:
    """Says on stderr that a run starts, what it sends, how far it is, and how it ended.

    There is a line when another tenth of the rows has its outcomes, and one after 30 seconds without any.
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
        """Say that a run starts, or is resumed."""
        self._sync, self._rows, self._tenths = start.sync, 0, 0
        self._line(f"run {start.run} {'resumes' if start.resumed else 'starts'}")

    @hookimpl
    def run_planned(self, plan: PlanSummary) -> None:
        """Say what is sent."""
        self._rows, self._done, self._rejected = sum(plan.planned.values()), 0, 0
        batches = sum(plan.batches.values())
        if batches:
            rows, cut = _say_count(self._rows, "row", "rows"), _say_count(batches, "batch", "batches")
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
        tenths = self._done * _STEPS // self._rows
        if tenths > self._tenths or self._clock() - self._last >= _SILENCE:
            self._tenths = tenths
            rejected = f", {self._rejected:,} rejected" if self._rejected else ""
            percent = self._done * 100 // self._rows
            self._line(f"{self._done:,} of {self._rows:,} rows ({percent} %){rejected}")

    def _line(self, text: str) -> None:
        self._last = self._clock()
        self._say(f"{self._sync}: {text}")


def _say_count(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
