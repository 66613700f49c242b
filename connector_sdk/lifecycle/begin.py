"""Begin a run: check the state, make the plan, stop if a guard says so, and commit the plan before anything is sent."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from attrs import evolve

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ExitCode, RunStopped
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.report import RunStart
from connector_sdk.contract.spec import Mode
from connector_sdk.files.private import on_disk, remove
from connector_sdk.lifecycle.finish import failed_report
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.prepare import findings_of_run, freeze_plan, make_planned, stop_on, warn_of_held_rows
from connector_sdk.lifecycle.restored_state import find_lost_state
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.diff.former_state import UPGRADED
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.state.journal import now
from connector_sdk.state.records import JournalledRun, RunState
from connector_sdk.state.snapshot_file import describe_snapshot, with_snapshot


def begin(
    session: Session, request: Request, notes: Sequence[Finding] = ()
) -> tuple[JournalledRun, FrozenPlan, tuple[Finding, ...]]:
    """Make a plan, check it and commit it. From here on the run survives a crash. Return the findings, too.

    `notes` are findings from before.
    """
    run_id = new_run_id()
    session.observers.run_started(RunStart(run=run_id, sync=session.sync.name, resumed=False, at=now()))
    account, held = session.connection.account, () if request.start_over else warn_of_held_rows(session)
    begun = session.journal.begin_run(run_id, session.sync.name, account, session.config, session.id)
    try:
        frozen_plan = freeze_plan(_heed_cancel(session, request.cancel), run_id, request)
        findings = (*notes, *held, *findings_of_run(session, frozen_plan))
        stop_on(findings, request.accept)
    except BaseException as error:
        remove(session.folder.plan(run_id))
        session.journal.forget_run(run_id)
        session.observers.run_finished(failed_report(session, run_id, error))
        raise
    adopt_upgrade(session, run_id, frozen_plan)
    forgotten = session.sync.name if request.start_over else None
    planned = make_planned(session, frozen_plan).to_json()
    session.journal.freeze(run_id, frozen_plan.batches, RunState.RUNNING, forgotten, planned)
    return begun, frozen_plan, findings


def _heed_cancel(session: Session, cancel: threading.Event) -> Session:
    """Return the session with a destination that is not called any more once the run is cancelled."""

    @contextmanager
    def heed() -> Iterator[None]:
        if cancel.is_set():
            message, hint = "interrupted while it was planned", "nothing was sent; run again"
            raise RunStopped(message, hint=hint, exit_code=ExitCode.INTERRUPTED)
        yield

    return evolve(session, destination=session.destination.with_share(heed))


def adopt_upgrade(session: Session, run_id: str, plan: FrozenPlan) -> None:
    """Replace the state of the sync by its upgraded form if an earlier version spelled keys in another way."""
    upgraded, state = plan.folder / UPGRADED, session.state()
    if state is None or not (upgraded.exists() or plan.former_keys):
        return
    if upgraded.exists():
        target = session.folder.snapshot(session.sync.name, f"{run_id}-known")
        upgraded.replace(target)
        on_disk(target, target.parent)
        state = with_snapshot(session.folder, state, target)
    crashpoint("after the state is upgraded")
    session.journal.respell(session.sync.name, plan.former_keys, state)


def new_run_id() -> str:
    """Return an id for a run. Ids sort by time and are safe in paths."""
    moment = datetime.now(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03}{secrets.token_hex(2)}"


def check_first_run(session: Session, request: Request) -> tuple[Finding, ...]:
    """Return what stops an insert run that could create rows twice; empty if nothing does."""
    if session.sync.mode is not Mode.INSERT:
        return ()
    previous = session.state()
    is_first = previous is None or previous.snapshot is None or request.start_over
    lost = find_lost_state(session, request) if is_first else ()
    if lost or request.first_run is not None:
        return lost
    if is_first:
        name = session.sync.name
        message = f"{name} has no record of what it sent before, and sending a row twice would create it twice"
        advice = "pass --first-run send to send all rows, or --first-run baseline to mark them as already sent"
        return (Finding(Level.STOP, message, advice),)
    if session.may_have_unknown_rows:
        message = "a run that was ended without its plan may have created rows, and it is not known which"
        advice = (
            "look for them at the destination; then pass --first-run send to send all rows that are not known to be"
            " there, or --first-run baseline to mark them as already sent"
        )
        return (Finding(Level.STOP, message, advice),)
    return ()


def guard_state(session: Session, request: Request) -> None:
    """Raise `RunStopped` if the snapshot belongs to another target."""
    previous = session.state()
    guard_account(session, request)
    if previous is None or request.start_over:
        return
    if previous.snapshot is not None:
        session.guard_target(previous)


def guard_account(session: Session, request: Request) -> None:
    """Raise `RunStopped` if a run would start over in another account, unless the user accepts that, too.

    A single option would be too easy to pass by mistake.
    """
    if not request.start_over or "account" in request.accept:
        return
    previous, account = session.state(), session.connection.account
    known = [previous.target["account"]] if previous and "account" in previous.target else []
    known += [each.account for each in session.journal.runs(session.sync.name) if each.state is RunState.RUNNING]
    others = [each for each in known if each != account]
    if others:
        sent = describe_snapshot(session.folder, previous) if previous and previous.snapshot else ""
        raise RunStopped(
            f"{session.sync.name} wrote to account {others[0]} before{f' ({sent})' if sent else ''},"
            f" and the connection leads to {account} now",
            hint="connect to the former account, or, to begin in this one: --start-over --accept account",
            exit_code=ExitCode.GUARD,
        )
