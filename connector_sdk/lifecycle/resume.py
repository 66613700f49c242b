"""Finish or abandon interrupted runs before anything new is planned."""

from __future__ import annotations

from connector_sdk.contract.errors import ExitCode, RunStopped, Stale
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.report import RunReport
from connector_sdk.files.private import remove
from connector_sdk.lifecycle.abandon import end_without_plan
from connector_sdk.lifecycle.execute import execute
from connector_sdk.lifecycle.open_runs import is_under_way
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.frozen import FrozenPlan, read_plan
from connector_sdk.state.records import JournalledRun, RunState


def open_runs(opened: Session) -> tuple[JournalledRun, ...]:
    """Return the open runs of a sync, oldest first."""
    runs = opened.journal.runs(opened.sync.name)
    return tuple(each for each in reversed(runs) if each.state is RunState.RUNNING)


def open_run_findings(opened: Session) -> tuple[Finding, ...]:
    """Return what a plan says about runs that are in progress, or that would be finished before it."""
    return tuple(_open_run_finding(opened, each) for each in open_runs(opened))


def _open_run_finding(opened: Session, run: JournalledRun) -> Finding:
    rest = "what it still sends is not part of this plan"
    if is_under_way(opened.folder, run):
        return Finding(Level.WARNING, f"run {run.id} is in progress: {rest}", "plan again when it has ended")
    advice = f"connector run {opened.sync.name} finishes it first, with --abandon without sending the rest of it"
    return Finding(Level.WARNING, f"run {run.id} was interrupted: {rest}", advice)


def forget_unplanned(opened: Session) -> None:
    """Forget runs that ended before they had a plan. They sent nothing."""
    for each in opened.journal.runs(opened.sync.name):
        if each.state is RunState.PLANNING:
            remove(opened.folder.plan(each.id))
            opened.journal.forget_run(each.id)


def resume_run(opened: Session, request: Request, interrupted: JournalledRun) -> RunReport | None:
    """Finish an interrupted run from its frozen plan, or abandon it. Return None if its target changed meanwhile.

    A run cannot be finished here if its plan is lost or if it wrote to another account. Such a run stops everything
    until the user abandons it: by `abandon`, or by starting over, which forgets what it did in any case.
    """
    account = opened.live.connection.account
    elsewhere = interrupted.account != account
    gives_up = request.abandon or request.start_over
    if elsewhere and not gives_up:
        raise RunStopped(
            f"run {interrupted.id} was writing to account {interrupted.account}, and this is account {account}",
            hint="connect to the former account to finish that run, or end it here with --abandon",
            exit_code=ExitCode.GUARD,
        )
    frozen_plan = _plan_of(opened, interrupted, optional=gives_up)
    if frozen_plan is None:
        return end_without_plan(opened, request, interrupted)
    try:
        return execute(
            opened, request, interrupted, frozen_plan,
            resumed=True, abandoned=request.abandon or elsewhere, elsewhere=elsewhere,
        )  # fmt: skip
    except Stale:
        return None


def _plan_of(opened: Session, run: JournalledRun, *, optional: bool) -> FrozenPlan | None:
    try:
        return read_plan(opened.folder.plan(run.id))
    except RunStopped:
        if optional:
            return None
        raise
