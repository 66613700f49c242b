"""Saved plans: kept to be run as they were shown, once, and only while everything they rest on is as it was."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from attrs import evolve

from connector_sdk.begin import adopt_upgrade, first_run_finding, guard_state
from connector_sdk.errors import ConfigError, ExitCode, Problem, RunStopped, Stale
from connector_sdk.execute import execute
from connector_sdk.freezing import findings_of_run, held_findings, planned_by, stop_on
from connector_sdk.planning.frozen import FrozenPlan, read_plan, write_plan
from connector_sdk.planning.outdated import find_changed_entries, find_changed_fields
from connector_sdk.report import RunReport, RunStart
from connector_sdk.request import Request
from connector_sdk.session import Session
from connector_sdk.state.entries import JournalledRun, RunState
from connector_sdk.state.journal import now
from connector_sdk.state.retention import expired
from connector_sdk.state.schemas import FILE as SCHEMAS
from connector_sdk.state.schemas import read_schemas

_AGAIN = "plan again with --save"


def save_plan(opened: Session, request: Request, run_id: str, frozen_plan: FrozenPlan) -> None:
    """Keep a plan to be run later; what would keep it from running today does so then."""
    undecided = first_run_finding(opened, request)
    if undecided:
        write_plan(evolve(frozen_plan, findings=(*undecided, *frozen_plan.findings)))
    opened.journal.begin_run(run_id, opened.sync.name, opened.live.connection.account, _fingerprint(opened), opened.id)
    planned = planned_by(opened, frozen_plan).to_json()
    opened.journal.freeze(run_id, frozen_plan.batches, RunState.SAVED, planned=planned)


def run_saved(opened: Session, request: Request, plan_id: str) -> RunReport:
    """Run a saved plan. Raises `RunStopped` (exit 6) when it is out of date or a guard stops it."""
    saved = opened.journal.run(plan_id)
    if saved is None or saved.sync != opened.sync.name:
        hint = "plan with --save; a plan is kept for 24 hours"
        raise ConfigError([Problem(f"there is no saved plan {plan_id} of {opened.sync.name}", hint=hint)])
    reason = _outdated(opened, saved)
    if reason:
        raise RunStopped(f"plan {plan_id} {reason}", hint=_AGAIN, exit_code=ExitCode.GUARD)
    guard_state(opened, request)
    try:
        frozen_plan = read_plan(opened.folder.plan(plan_id))
        changes = _find_changes(opened, frozen_plan) if frozen_plan.batches else ()
    except RunStopped as error:
        raise RunStopped(error.message, hint=_AGAIN, exit_code=ExitCode.GUARD) from error
    if changes:
        raise _outdated_by(plan_id, changes)
    findings = (*held_findings(opened), *findings_of_run(opened, frozen_plan))
    stop_on(findings, request.accept)
    opened.observers.run_started(RunStart(plan_id, opened.sync.name, False, now()))
    adopt_upgrade(opened, plan_id, frozen_plan)
    opened.journal.take_up(plan_id, opened.id)
    try:
        return execute(opened, request, saved, frozen_plan, findings)
    except Stale as error:
        raise _outdated_by(plan_id, [_find_changed_entries(opened, frozen_plan)]) from error


def _find_changes(opened: Session, plan: FrozenPlan) -> Sequence[str]:
    """Find what changed at the destination since a plan was made, where the plan does not survive it."""
    made_with = read_schemas(plan.folder / SCHEMAS)
    changes = list(find_changed_fields(plan, made_with, opened.schemas))
    if not changes and plan.layout.version is not None:
        records, version = _read_target(opened, plan)
        if version != plan.layout.version:
            changes.append(find_changed_entries(plan, records.read_all()))
    return changes


def _find_changed_entries(opened: Session, plan: FrozenPlan) -> str:
    records, _ = _read_target(opened, plan)
    return find_changed_entries(plan, records.read_all())


def _read_target(opened: Session, plan: FrozenPlan) -> tuple[pa.RecordBatchReader, str]:
    fields = [each.field for each in plan.layout.shapes[0]]
    return opened.live.destination.read_records(opened.live.connection, plan.summary.object_names[0], fields)


def _outdated_by(plan_id: str, changes: Sequence[str]) -> RunStopped:
    message = f"plan {plan_id} is out of date, for the destination changed since: {'; '.join(changes)}"
    return RunStopped(message, hint=_AGAIN, exit_code=ExitCode.GUARD)


def _outdated(opened: Session, saved: JournalledRun) -> str:
    if saved.state is RunState.ABANDONED:
        return "was given up already"
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
