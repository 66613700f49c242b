"""Open runs: those that were interrupted, and are finished from their frozen plan before anything new is planned."""

from __future__ import annotations

from connector_sdk.errors import ExitCode, RunStopped, Stale
from connector_sdk.execute import execute
from connector_sdk.planning.frozen import read_plan
from connector_sdk.report import RunReport
from connector_sdk.request import Request
from connector_sdk.session import Session
from connector_sdk.state.entries import JournalledRun, RunState
from connector_sdk.state.folder import remove


def open_runs(opened: Session) -> tuple[JournalledRun, ...]:
    """The open runs of a sync, oldest first."""
    runs = opened.journal.runs(opened.sync.name)
    return tuple(each for each in reversed(runs) if each.state is RunState.RUNNING)


def forget_unplanned(opened: Session) -> None:
    """Forget runs that ended before they had a plan: nothing was sent by them."""
    for each in opened.journal.runs(opened.sync.name):
        if each.state is RunState.PLANNING:
            remove(opened.folder.plan(each.id))
            opened.journal.forget_run(each.id)


def go_on(opened: Session, request: Request, interrupted: JournalledRun) -> RunReport | None:
    """Finish an interrupted run from its frozen plan; None when its target moved and it has to be planned anew."""
    if interrupted.account != opened.live.connection.account:
        raise RunStopped(
            f"run {interrupted.id} was writing to account {interrupted.account}",
            hint=f"this is account {opened.live.connection.account}; connect to the former one to finish that run",
            exit_code=ExitCode.GUARD,
        )
    frozen_plan = read_plan(opened.folder.plan(interrupted.id))
    try:
        return execute(opened, request, interrupted, frozen_plan, resumed=True)
    except Stale:
        return None
