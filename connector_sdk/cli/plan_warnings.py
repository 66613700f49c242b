"""The observer that writes the warnings of a plan to stderr before the run sends rows."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.cli import terminal
from connector_sdk.cli.summaries import finding_text
from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.plan import Finding, Level, PlanSummary


class Forewarning:
    """The warnings about a plan that is run. The command `plan` shows the other findings, too."""

    @hookimpl
    def run_planned(self, plan: PlanSummary, findings: Sequence[Finding]) -> None:
        """Write each warning on a line."""
        for each in findings:
            if each.level is Level.WARNING:
                terminal.note(f"{plan.sync}: {finding_text(each)}")
