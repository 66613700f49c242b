"""Saved plans: kept to be run as they were shown, once, and only while everything they rest on is as it was."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from connector_sdk.begin import adopt_upgrade, first_run_finding, guard_state
from connector_sdk.errors import ConfigError, ExitCode, Problem, RunStopped
from connector_sdk.execute import execute
from connector_sdk.freezing import findings_of_run, held_findings, planned_by, stop_on
from connector_sdk.plan import Finding
from connector_sdk.planning.frozen import FrozenPlan, read_plan, write_plan
from connector_sdk.report import RunReport, RunStart
from connector_sdk.request import Request
from connector_sdk.session import Session
from connector_sdk.state.entries import JournalledRun, RunState
from connector_sdk.state.journal import now
from connector_sdk.state.retention import expired


def save_plan(opened: Session, request: Request, run_id: str, frozen_plan: FrozenPlan) -> None:
    """Keep a plan to be run later; what would keep it from running today does so then."""
    undecided = first_run_finding(opened, request)
    if undecided:
        write_plan(evolve(frozen_plan, findings=(*undecided, *frozen_plan.findings)))
    opened.journal.begin_run(run_id, opened.sync.name, opened.live.connection.account, _fingerprint(opened), opened.id)
    planned = planned_by(opened, frozen_plan).to_json()
    opened.journal.freeze(run_id, frozen_plan.batches, RunState.SAVED, planned=planned)


def run_saved(opened: Session, request: Request, plan_id: str, notes: Sequence[Finding] = ()) -> RunReport:
    """Run a saved plan; `notes` were found before it.

    Raises `RunStopped` (exit 6) when it is out of date or a guard stops it.
    """
    saved = opened.journal.run(plan_id)
    if saved is None or saved.sync != opened.sync.name:
        hint = "plan with --save; a plan is kept for 24 hours"
        raise ConfigError([Problem(f"there is no saved plan {plan_id} of {opened.sync.name}", hint=hint)])
    reason = _outdated(opened, saved)
    if reason:
        raise RunStopped(f"plan {plan_id} {reason}", hint="plan again", exit_code=ExitCode.GUARD)
    guard_state(opened, request)
    try:
        frozen_plan = read_plan(opened.folder.plan(plan_id))
    except RunStopped as error:
        raise RunStopped(error.message, hint="plan again with --save", exit_code=ExitCode.GUARD) from error
    findings = (*notes, *held_findings(opened), *findings_of_run(opened, frozen_plan))
    stop_on(findings, request.accept)
    opened.observers.run_started(RunStart(plan_id, opened.sync.name, False, now()))
    adopt_upgrade(opened, plan_id, frozen_plan)
    opened.journal.take_up(plan_id, opened.id)
    return execute(opened, request, saved, frozen_plan, findings)


def _outdated(opened: Session, saved: JournalledRun) -> str:
    if saved.state is not RunState.SAVED:
        return f"was run already (it is {saved.state})"
    if saved.account != opened.live.connection.account:
        return "was made for another account"
    if saved.config != _fingerprint(opened):
        return "is out of date: the configuration or the snapshot changed since"
    if expired(saved):
        return "is older than 24 hours"
    return ""


def _fingerprint(opened: Session) -> str:
    return f"{opened.config}:{opened.generation}"
