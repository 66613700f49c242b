"""Plan and run a sync: the algorithm as named steps.

A run that was interrupted is finished from its frozen plan before anything new is planned. The way of a row:
`planning` freezes it in a plan, `delivery` sends it, and `finish` counts its outcome and promotes the snapshot.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from connector_sdk.contract.errors import ConfigError, ConnectorError, ExitCode, RunStopped, Stale
from connector_sdk.contract.plan import Finding, PlanReport
from connector_sdk.contract.project import Project
from connector_sdk.contract.report import ReportState, RunReport
from connector_sdk.delivery.retry import Pace
from connector_sdk.files.private import remove
from connector_sdk.hooks.destination import Destination
from connector_sdk.hooks.observers import observer_problems
from connector_sdk.lifecycle.begin import begin, check_first_run, guard_account, guard_state, new_run_id
from connector_sdk.lifecycle.execute import execute
from connector_sdk.lifecycle.finish import failed_report
from connector_sdk.lifecycle.options import FirstRun, Request, request_problems
from connector_sdk.lifecycle.prepare import findings_of, freeze_plan, report_of, stop_on, warn_of_held_rows
from connector_sdk.lifecycle.restored_state import guard_folder
from connector_sdk.lifecycle.resume import forget_unplanned, open_run_findings, open_runs, resume_run
from connector_sdk.lifecycle.saved_plans import run_saved, save_plan
from connector_sdk.lifecycle.session import Session, open_session
from connector_sdk.project.arguments import checks_arguments
from connector_sdk.project.locate import locate

__all__ = ["FirstRun", "plan", "run"]

_STALE_PLANS = 3
"""How many plans a run makes while its target keeps changing, before it gives up."""


@checks_arguments(request_problems, observer_problems)
def run(
    project: Project,
    sync: str,
    *,
    plan_id: str | None = None,
    first_run: FirstRun | None = None,
    accept: Collection[str] = (),
    full: bool = False,
    abandon: bool = False,
    start_over: bool = False,
    state: Path | None = None,
    destinations: Mapping[str, Destination] | None = None,
    observers: Sequence[object] = (),
    cancel: threading.Event | None = None,
    pace: Pace | None = None,
    drain: float | None = None,
) -> tuple[RunReport, ...]:
    """Run a sync. A run that was interrupted before is finished first and has a report of its own.

    `plan_id` runs a saved plan. `accept` releases guards by name. `full` sends every row again. `abandon` settles an
    interrupted run without sending the rest of it. It also ends a run that cannot be finished, because its plan is
    lost or it wrote to another account. `start_over` forgets what was sent. `destinations` serve their types in place
    of installed plugins. `cancel` interrupts the run; it can be resumed.

    A run that stops waits for batches in flight and records their results. It waits `drain` seconds. The default is 3
    after Ctrl-C, and 60 after `cancel` or after an error that stops the run. The connection is closed after the last
    call has returned. A call that never returns blocks neither this function nor the end of the process. If a signal
    handler raises an exception here, such as `KeyboardInterrupt`, it is raised again once everything is recorded.

    Raises `ConfigError` or `RunStopped` if no run began. A run that stops midway has a report: its `state` is
    `stopped`, and running the sync again resumes it. There is also a report if a new run cannot begin after an
    interrupted run was finished, or if a run is cancelled while it is planned. Its `state` is then `not begun`, and
    its `exit` and `message` say why.
    """
    request = Request(
        first_run, frozenset(accept), full, abandon, start_over, plan_id,
        pace or Pace(), cancel or threading.Event(), drain,
    )  # fmt: skip
    with open_session(
        project, sync, state=state, destinations=destinations, observers=observers, exclusive=True
    ) as session:
        return tuple(_runs(session, request))


@checks_arguments(request_problems, observer_problems)
def plan(
    project: Project,
    sync: str,
    *,
    full: bool = False,
    save: bool = False,
    lookup: bool = False,
    first_run: FirstRun | None = None,
    accept: Collection[str] = (),
    state: Path | None = None,
    destinations: Mapping[str, Destination] | None = None,
    observers: Sequence[object] = (),
) -> PlanReport:
    """Return what a run would do, without writing anything. With `save`, `run(plan_id=…)` can run exactly this plan.

    With `lookup`, the destination is asked which of the records exist, even if an upsert does not need to know.
    """
    request = Request(first_run=first_run, accept=frozenset(accept), full=full)
    with open_session(
        project, sync, state=state, destinations=destinations, observers=observers, exclusive=save
    ) as session:
        notes = guard_folder(session, request)
        guard_state(session, request)
        run_id = new_run_id()
        try:
            before = session.host.calls.made
            frozen_plan = freeze_plan(session, run_id, request, lookup=lookup)
            lookups = session.host.calls.made - before
            found = (*check_first_run(session, request), *findings_of(session, frozen_plan))
            if save:
                save_plan(session, request, run_id, frozen_plan)
            said = (*notes, *open_run_findings(session), *warn_of_held_rows(session), *found)
            return report_of(session, frozen_plan, said, saved=save, lookups=lookups)
        finally:
            if not save:
                remove(session.folder.plan(run_id))


def _runs(session: Session, request: Request) -> Iterator[RunReport]:
    guard_account(session, request)
    notes = guard_folder(session, request)
    forget_unplanned(session)
    resumed = False
    for each in open_runs(session):
        report = resume_run(session, request, each)
        if report is not None:
            yield report
            resumed = True
            if report.state is ReportState.STOPPED:
                return
    try:
        if request.plan_id:
            yield run_saved(session, request, request.plan_id, notes)
        else:
            yield _run_fresh(session, request, notes)
    except ConnectorError as error:
        if not resumed and error.exit_code is not ExitCode.INTERRUPTED:
            raise
        told = locate(error, session.project.file) if isinstance(error, ConfigError) else error
        yield failed_report(session, "", told)


def _run_fresh(session: Session, request: Request, notes: Sequence[Finding]) -> RunReport:
    guard_state(session, request)
    stop_on(check_first_run(session, request))
    for _ in range(_STALE_PLANS):
        begun, frozen_plan, findings = begin(session, request, notes)
        try:
            return execute(session, request, begun, frozen_plan, findings)
        except Stale:
            continue
    raise RunStopped(
        f"the target of {session.sync.name} changed {_STALE_PLANS} times while it was being written",
        hint="run again when no other user or program changes it",
    )
