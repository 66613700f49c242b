"""The contract: the hooks through which a host watches a run."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.contract.connection import Call
from connector_sdk.contract.hookspecs import hookspec
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.report import BatchReport, RunReport, RunStart


class ObserverHooks:
    """The hooks of an observer. Every observer is called. One that raises is logged once and not called again."""

    @hookspec
    def run_started(self, start: RunStart) -> None:
        """Receive a run that is about to begin.

        @hookimpl
        def run_started(start):
            print("run", start.run, "of", start.sync)
        """

    @hookspec
    def run_planned(self, plan: PlanSummary, findings: Sequence[Finding]) -> None:
        """Receive the frozen plan of a run before any of it is written.

        `findings` did not keep the run from starting.

        @hookimpl
        def run_planned(plan, findings):
            bar.total = sum(plan.planned.values())
            for each in findings:
                log.info("%s: %s", each.level, each.message)
        """

    @hookspec
    def batch_finished(self, batch: BatchReport) -> None:
        """Receive a batch whose rows have outcomes now.

        @hookimpl
        def batch_finished(batch):
            bar.advance(batch.rows)
        """

    @hookspec
    def call_finished(self, call: Call) -> None:
        """Receive an API call after it was made. Called from the thread that made it.

        @hookimpl
        def call_finished(call):
            log.info("%s %s %s", call.method, call.url, call.status)
        """

    @hookspec
    def run_finished(self, report: RunReport) -> None:
        """Receive the report of a run that ended, whatever the reason.

        @hookimpl
        def run_finished(report):
            if report.exit:
                page(report)
        """
