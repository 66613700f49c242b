"""Ask the rollback guard whether the state folder was restored from a backup, copied or lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.spec import Mode
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.prepare import stop_on
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.guards import COPIED, LOST_STATE, OLD_STATE
from connector_sdk.state.records import RunState


def guard_folder(session: Session, request: Request) -> tuple[Finding, ...]:
    """Stop if the state folder is a copy, or lacks runs that this user's machine has seen. Return other findings.

    Call this before an interrupted run is resumed, because a run that is open in an old folder may have ended long
    ago. A session that holds the lock of its sync also notes where the folder is now.
    """
    former = session.guard.find_former_place()
    is_copy = former is not None and session.guard.is_also_in(former)
    found = [*_describe_copy(session, former if is_copy else None), *_describe_rollback(session, request)]
    stop_on(found, request.accept)
    notes = [] if former is None or is_copy else [_describe_move(session, former)]
    if session.lock is None:
        return tuple(notes)
    if is_copy:
        session.guard.take_over(session.journal.replace_folder_id)
    return (*notes, *_describe_unkept(session.guard.note_place()))


def find_lost_state(session: Session, request: Request) -> tuple[Finding, ...]:
    """Return a finding if a run that this state folder does not know has already sent these rows.

    There is a finding only if the sync is about to send all rows, and would create them a second time.
    """
    if session.sync.mode is not Mode.INSERT or request.baseline or LOST_STATE in request.accept:
        return ()
    name, guard = session.sync.name, session.guard
    is_known_by_name = session.state() is None and guard.has_run_in_earlier_versions(name)
    if not (is_known_by_name or guard.has_other_state(name, session.written_to)):
        return ()
    message = (
        f"{name} was run before, and its state of then is not in {session.folder.path}:"
        " its rows would be created a second time"
    )
    advice = (
        "put the state folder back, or pass --first-run baseline to mark the present rows as already sent, or,"
        f" to send all of them again: --first-run send --accept {LOST_STATE}"
    )
    return (Finding(Level.STOP, message, advice, guard=LOST_STATE),)


def _describe_copy(session: Session, former: Path | None) -> Iterator[Finding]:
    if former is None:
        return
    message = (
        f"the state folder {session.folder.path} is a copy of {former}: each of the two would send what the other sent"
    )
    advice = f"go on with {former} (--state), or, if this one is to be used beside it: --accept {COPIED}"
    yield Finding(Level.STOP, message, advice, guard=COPIED)


def _describe_rollback(session: Session, request: Request) -> Iterator[Finding]:
    lacks = _describe_missing_runs(session)
    forgets = request.start_over and not _has_open_run(session)
    if lacks and not forgets:
        advice = f"put the latest state folder back, or go on from the old one with --accept {OLD_STATE}"
        yield Finding(Level.STOP, f"the state of {session.sync.name} lacks {lacks}", advice, guard=OLD_STATE)


def _describe_missing_runs(session: Session) -> str:
    """Return which of the seen runs the state lacks, or "" if it lacks none."""
    name, previous, guard = session.sync.name, session.state(), session.guard
    seen = guard.find_sync(name)
    generation = seen.generation if seen else guard.find_generation_here(name) if previous else 0
    runs = generation - session.generation
    if seen and seen.run and runs >= 0 and session.journal.run(seen.run) is None:
        runs += 1
    if runs > 0:
        return f"its last {runs:,} run{'s' if runs > 1 else ''}"
    if previous and guard.has_another_writer(name, session.written_to):
        return "runs that used another state folder at this path"
    return ""


def _has_open_run(session: Session) -> bool:
    return any(each.state is RunState.RUNNING for each in session.journal.runs(session.sync.name))


def _describe_move(session: Session, former: Path) -> Finding:
    message = f"the state folder was moved from {former} to {session.folder.path}, and is used from there"
    return Finding(Level.WARNING, message, "see that nothing else runs with a copy of it")


def _describe_unkept(reason: str) -> tuple[Finding, ...]:
    if not reason:
        return ()
    message = f"a state folder from a backup will not be noticed, because nothing can be noted outside of it ({reason})"
    return (Finding(Level.WARNING, message, "set XDG_STATE_HOME to a folder that this user may write to"),)
