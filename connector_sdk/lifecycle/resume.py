"""Finish or abandon interrupted runs before anything new is planned."""

from __future__ import annotations

from connector_sdk.contract.errors import ExitCode, RunStopped, Stale
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.report import RunReport
from connector_sdk.files.private import remove
from connector_sdk.lifecycle.abandon import end_without_plan
from connector_sdk.lifecycle.execute import execute
from connector_sdk.lifecycle.open_run_reports import is_under_way
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.frozen import FrozenPlan, read_plan
from connector_sdk.state.records import JournalledRun, RunState


def open_runs(session: Session) -> tuple[JournalledRun, ...]:
    """Return the open runs of a sync, oldest first."""
    runs = session.journal.runs(session.sync.name)
    return tuple(each for each in reversed(runs) if each.state is RunState.RUNNING)


def open_run_findings(session: Session) -> tuple[Finding, ...]:
    """Return what a plan says about runs that are in progress, or that would be finished before it."""
    return tuple(_open_run_finding(session, each) for each in open_runs(session))


def _open_run_finding(session: Session, run: JournalledRun) -> Finding:
    rest = "what it still sends is not part of this plan"
    if is_under_way(session.folder, run):
        return Finding(Level.WARNING, f"run {run.id} is in progress: {rest}", "plan again when it has ended")
    advice = f"connector run {session.sync.name} finishes it first, with --abandon without sending the rest of it"
    return Finding(Level.WARNING, f"run {run.id} was interrupted: {rest}", advice)


def forget_unplanned(session: Session) -> None:
    """Forget runs that ended before they had a plan. They sent nothing."""
    for each in session.journal.runs(session.sync.name):
        if each.state is RunState.PLANNING:
            remove(session.folder.plan(each.id))
            session.journal.forget_run(each.id)


def resume_run(session: Session, request: Request, interrupted: JournalledRun) -> RunReport | None:
    """Finish an interrupted run from its frozen plan, or abandon it. Return None if its target changed meanwhile.

    A run cannot be finished here if its plan is lost or if it wrote to another account. Such a run stops everything
    until the user abandons it: by `abandon`, or by starting over, which forgets what it did in any case.
    """
    account = session.connection.account
    elsewhere = interrupted.account != account
    gives_up = request.abandon or request.start_over
    if elsewhere and not gives_up:
        raise RunStopped(
            f"run {interrupted.id} was writing to account {interrupted.account}, and this is account {account}",
            hint="connect to the former account to finish that run, or end it here with --abandon",
            exit_code=ExitCode.GUARD,
        )
    frozen_plan = _plan_of(session, interrupted, optional=gives_up)
    if frozen_plan is None:
        return end_without_plan(session, request, interrupted)
    try:
        return execute(
            session, request, interrupted, frozen_plan,
            resumed=True, abandoned=request.abandon or elsewhere, elsewhere=elsewhere,
        )  # fmt: skip
    except Stale:
        return None


def _plan_of(session: Session, run: JournalledRun, *, optional: bool) -> FrozenPlan | None:
    try:
        return read_plan(session.folder.plan(run.id))
    except RunStopped:
        if optional:
            return None
        raise
