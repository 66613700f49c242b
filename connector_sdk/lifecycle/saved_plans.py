"""Save plans, and run each of them once, as it was shown, while everything that it rests on is unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from attrs import evolve

from connector_sdk.contract.errors import ConfigError, ExitCode, Problem, RunStopped, Stale
from connector_sdk.contract.plan import Finding
from connector_sdk.contract.report import RunReport, RunStart
from connector_sdk.lifecycle.begin import adopt_upgrade, check_first_run, guard_state
from connector_sdk.lifecycle.execute import execute
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.prepare import findings_of_run, make_planned, stop_on, warn_of_held_rows
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.frozen import FrozenPlan, read_plan, write_plan
from connector_sdk.planning.outdated import find_changed_entries, find_changed_fields, read_entries
from connector_sdk.state.journal import now
from connector_sdk.state.records import JournalledRun, RunState
from connector_sdk.state.retention import is_expired
from connector_sdk.state.schemas import FILE as SCHEMAS
from connector_sdk.state.schemas import read_schemas

_AGAIN = "plan again with --save"


def save_plan(session: Session, request: Request, run_id: str, frozen_plan: FrozenPlan) -> None:
    """Save a plan, to run it later. What would keep it from running now keeps it from running then, too."""
    undecided = check_first_run(session, request)
    if undecided:
        write_plan(evolve(frozen_plan, findings=(*undecided, *frozen_plan.findings)))
    session.journal.begin_run(run_id, session.sync.name, session.connection.account, _fingerprint(session), session.id)
    planned = make_planned(session, frozen_plan).to_json()
    session.journal.freeze(run_id, frozen_plan.batches, RunState.SAVED, planned=planned)


def run_saved(session: Session, request: Request, plan_id: str, notes: Sequence[Finding] = ()) -> RunReport:
    """Run a saved plan. `notes` are findings from before.

    Raises `RunStopped` (exit 6) if the plan is out of date or a guard stops it.
    """
    saved = session.journal.run(plan_id)
    if saved is None or saved.sync != session.sync.name:
        hint = "plan with --save; a plan is kept for 24 hours"
        raise ConfigError([Problem(f"there is no saved plan {plan_id} of {session.sync.name}", hint=hint)])
    reason = _find_stale_reason(session, saved)
    if reason:
        raise RunStopped(f"plan {plan_id} {reason}", hint=_AGAIN, exit_code=ExitCode.GUARD)
    guard_state(session, request)
    try:
        frozen_plan = read_plan(session.folder.plan(plan_id))
        target = _Target(session, frozen_plan)
    except RunStopped as error:
        raise RunStopped(error.message, hint=_AGAIN, exit_code=ExitCode.GUARD) from error
    changes = target.find_changes()
    if changes:
        raise _refuse(plan_id, changes)
    findings = (*notes, *warn_of_held_rows(session), *findings_of_run(session, frozen_plan))
    stop_on(findings, request.accept)
    session.observers.run_started(RunStart(run=plan_id, sync=session.sync.name, resumed=False, at=now()))
    adopt_upgrade(session, plan_id, frozen_plan)
    session.journal.take_up(plan_id, session.id)
    try:
        return execute(session, request, saved, frozen_plan, findings)
    except Stale as error:
        raise _refuse(plan_id, [target.compare()]) from error


class _Target:
    """What a plan writes to: its state when the plan was made, and its present state."""

    def __init__(self, session: Session, plan: FrozenPlan) -> None:
        self._session = session
        self._plan = plan
        is_list = plan.batches and plan.layout.version is not None
        self._entries = read_entries(plan) if is_list else frozenset[str]()

    def find_changes(self) -> Sequence[str]:
        """Return the changes that make the plan invalid. A plan that sends nothing remains valid."""
        plan = self._plan
        if not plan.batches:
            return ()
        changes = list(find_changed_fields(plan, read_schemas(plan.folder / SCHEMAS), self._session.schemas))
        if not changes and plan.layout.version is not None and plan.layout.version != self._read()[1]:
            changes.append(self.compare())
        return changes

    def compare(self) -> str:
        """Describe how the present list differs from the list that was planned with."""
        return find_changed_entries(self._plan, self._entries, self._read()[0].read_all())

    def _read(self) -> tuple[pa.RecordBatchReader, str]:
        fields = [each.field for each in self._plan.layout.shapes[0]]
        session, object_name = self._session, self._plan.summary.object_names[0]
        return session.destination.read_records(session.connection, object_name, fields)


def _refuse(plan_id: str, changes: Sequence[str]) -> RunStopped:
    message = f"plan {plan_id} is out of date, for the destination changed since: {'; '.join(changes)}"
    return RunStopped(message, hint=_AGAIN, exit_code=ExitCode.GUARD)


def _find_stale_reason(session: Session, saved: JournalledRun) -> str:
    if saved.state is RunState.ABANDONED:
        return "was given up already"
    if saved.state is not RunState.SAVED:
        return f"was run already (it is {saved.state})"
    if saved.account != session.connection.account:
        return "was made for another account"
    if saved.config != _fingerprint(session):
        return "is out of date: the configuration or the snapshot changed since"
    if is_expired(saved):
        return "is older than 24 hours"
    return ""


def _fingerprint(session: Session) -> str:
    return f"{session.config}:{session.generation}"
