"""What is worth knowing before a run writes, told on stderr as soon as it is planned: an observer, like any other."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.cli import terminal
from connector_sdk.cli.summaries import finding_text
from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.plan import Finding, Level, PlanSummary


class Forewarning:
    """Tells the warnings about a plan that is run; `plan` shows the rest."""

    @hookimpl
    def run_planned(self, plan: PlanSummary, findings: Sequence[Finding]) -> None:
        """Tell them, a line each."""
        for each in findings:
            if each.level is Level.WARNING:
                terminal.note(f"{plan.sync}: {finding_text(each)}")
