"""Plan and run a sync: the algorithm as named steps.

A run that was interrupted is finished from its frozen plan before anything new is planned. The way of a row:
`planning` freezes what is to be sent, `writing` delivers it, `finish` accounts for it and promotes the snapshot.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from attrs import evolve, field, frozen

from connector_sdk.destination import Destination
from connector_sdk.errors import Cancelled, ConfigError, ConnectorError, ExitCode, Problem, RunStopped, Stale
from connector_sdk.finish import as_json, finish, not_begun, so_far
from connector_sdk.freezing import findings_of, freeze_plan, report_of, stop_on
from connector_sdk.plan import Finding, Level, PlanReport
from connector_sdk.planning.frozen import FrozenPlan, read_plan
from connector_sdk.report import RunReport, RunStart
from connector_sdk.session import Session, session
from connector_sdk.spec import Mode
from connector_sdk.state.entries import BatchState, JournalledRun, RunState
from connector_sdk.state.folder import remove
from connector_sdk.state.journal import now
from connector_sdk.state.witness import Witness
from connector_sdk.sync import Project
from connector_sdk.writing.context import Progress, Writing
from connector_sdk.writing.dispatch import deliver_all
from connector_sdk.writing.knowledge import ErrorKnowledge
from connector_sdk.writing.retry import Budget, Pace

SAVED_FOR = timedelta(hours=24)
"""How long a saved plan may be run."""

_STALE_PLANS = 3
"""How often a plan is made anew because its target moved, before the run gives up."""


class FirstRun(StrEnum):
    """What a sync that must not send twice does without a snapshot: send all rows, or take the present ones as sent."""

    SEND = "send"
    BASELINE = "baseline"


@frozen
class Request:
    """What is asked of a run."""

    first_run: FirstRun | None = None
    accept: frozenset[str] = frozenset()
    full: bool = False
    abandon: bool = False
    start_over: bool = False
    plan_id: str | None = None
    pace: Pace = field(factory=Pace)
    cancel: threading.Event = field(factory=threading.Event)


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
) -> tuple[RunReport, ...]:
    """Run a sync; a run that was interrupted before is finished first and has a report of its own.

    `plan_id` runs a saved plan. `accept` releases guards by name. `full` sends every row again. `abandon` settles an
    interrupted run without sending the rest of it. `start_over` forgets what was sent. `destinations` serve their
    types in place of installed plugins. `cancel` interrupts the run within seconds; it can be resumed.

    Raises `ConfigError` or `RunStopped` when nothing was begun. A run that stops midway has a report, `state` is then
    `stopped` and running the sync again goes on from there.
    """
    request = Request(
        first_run, frozenset(accept), full, abandon, start_over, plan_id,
        pace or Pace(), cancel or threading.Event(),
    )  # fmt: skip
    with session(project, sync, state=state, destinations=destinations, observers=observers, exclusive=True) as opened:
        return tuple(_runs(opened, request))


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
    """Say what a run would do, without writing anything. With `save`, `run(plan_id=…)` can run exactly that.

    With `lookup` the destination is asked which of the records are there, where an upsert would not need to know.
    """
    request = Request(first_run=first_run, accept=frozenset(accept), full=full)
    with session(project, sync, state=state, destinations=destinations, observers=observers, exclusive=save) as opened:
        _guard_state(opened, request)
        run_id = new_run_id()
        try:
            frozen_plan = freeze_plan(opened, run_id, request.full, _baseline(request), request.accept, lookup=lookup)
            findings = [*_first_run_finding(opened, request), *findings_of(opened, frozen_plan)]
            if save:
                _save(opened, run_id, frozen_plan)
            return report_of(frozen_plan, findings, saved=save)
        finally:
            if not save:
                remove(opened.folder.plan(run_id))


def new_run_id() -> str:
    """An id for a run: sorts by time, and is safe in paths."""
    moment = datetime.now(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03}{secrets.token_hex(2)}"


def _runs(opened: Session, request: Request) -> Iterator[RunReport]:
    for each in _unfinished(opened):
        report = _go_on(opened, request, each)
        if report is not None:
            yield report
            if report.state == "stopped":
                return
    if request.plan_id is not None:
        yield _run_saved(opened, request, request.plan_id)
    else:
        yield _run_fresh(opened, request)


def _unfinished(opened: Session) -> tuple[JournalledRun, ...]:
    """Runs that were interrupted, oldest first; those that never had a plan are forgotten."""
    runs = opened.journal.runs(opened.sync.name)
    for each in runs:
        if each.state is RunState.PLANNING:
            remove(opened.folder.plan(each.id))
            opened.journal.forget_run(each.id)
    return tuple(each for each in reversed(runs) if each.state is RunState.RUNNING)


def _go_on(opened: Session, request: Request, interrupted: JournalledRun) -> RunReport | None:
    """Finish an interrupted run from its frozen plan; None when its target moved and it has to be planned anew."""
    if interrupted.account != opened.live.connection.account:
        raise RunStopped(
            f"run {interrupted.id} was writing to account {interrupted.account}",
            hint=f"this is account {opened.live.connection.account}; connect to the former one to finish that run",
            exit_code=ExitCode.GUARD,
        )
    frozen_plan = read_plan(opened.folder.plan(interrupted.id))
    try:
        return _execute(opened, request, interrupted, frozen_plan, resumed=True)
    except Stale:
        return None


def _run_fresh(opened: Session, request: Request) -> RunReport:
    _guard_state(opened, request)
    stop_on(_first_run_finding(opened, request))
    for _ in range(_STALE_PLANS):
        begun, frozen_plan = _begin(opened, request)
        try:
            return _execute(opened, request, begun, frozen_plan, resumed=False)
        except Stale:
            continue
    raise RunStopped(
        f"the target of {opened.sync.name} changed {_STALE_PLANS} times while it was being written",
        hint="run again when nobody else is changing it",
    )


def _begin(opened: Session, request: Request) -> tuple[JournalledRun, FrozenPlan]:
    """Plan, check the plan, and commit it: from here on the run survives a crash."""
    run_id = new_run_id()
    opened.observers.run_started(RunStart(run_id, opened.sync.name, False, now()))
    opened.journal.begin_run(run_id, opened.sync.name, opened.live.connection.account, opened.config)
    try:
        frozen_plan = freeze_plan(
            opened, run_id, request.full, _baseline(request), request.accept, start_over=request.start_over
        )
        stop_on(findings_of(opened, frozen_plan))
    except BaseException as error:
        remove(opened.folder.plan(run_id))
        opened.journal.forget_run(run_id)
        opened.observers.run_finished(not_begun(opened, run_id, error))
        raise
    forgotten = opened.sync.name if request.start_over else None
    opened.journal.freeze(run_id, frozen_plan.batches, RunState.RUNNING, forgotten)
    return _journalled(opened, run_id), frozen_plan


def _save(opened: Session, run_id: str, frozen_plan: FrozenPlan) -> None:
    opened.journal.begin_run(run_id, opened.sync.name, opened.live.connection.account, _fingerprint(opened))
    opened.journal.freeze(run_id, frozen_plan.batches, RunState.SAVED)


def _run_saved(opened: Session, request: Request, plan_id: str) -> RunReport:
    saved = opened.journal.run(plan_id)
    if saved is None or saved.sync != opened.sync.name:
        raise ConfigError([Problem(f"there is no saved plan {plan_id} of {opened.sync.name}", hint="plan with --save")])
    reason = _outdated(opened, saved)
    if reason:
        raise RunStopped(f"plan {plan_id} {reason}", hint="plan again", exit_code=ExitCode.GUARD)
    _guard_state(opened, request)
    stop_on(_first_run_finding(opened, request))
    frozen_plan = read_plan(opened.folder.plan(plan_id))
    stop_on([each for each in findings_of(opened, frozen_plan) if each.guard not in request.accept])
    opened.observers.run_started(RunStart(plan_id, opened.sync.name, False, now()))
    opened.journal.set_state(plan_id, RunState.RUNNING)
    return _execute(opened, request, _journalled(opened, plan_id), frozen_plan, resumed=False)


def _outdated(opened: Session, saved: JournalledRun) -> str:
    if saved.state is not RunState.SAVED:
        return f"was run already (it is {saved.state})"
    if saved.account != opened.live.connection.account:
        return "was made for another account"
    if saved.config != _fingerprint(opened):
        return "is out of date: the configuration or the snapshot changed since"
    if datetime.fromisoformat(saved.created) + SAVED_FOR < datetime.now(UTC):
        return "is older than 24 hours"
    return ""


def _fingerprint(opened: Session) -> str:
    previous = opened.state()
    return f"{opened.config}:{previous.generation if previous else 0}"


def _execute(
    opened: Session, request: Request, begun: JournalledRun, frozen_plan: FrozenPlan, *, resumed: bool
) -> RunReport:
    """Deliver a frozen plan and end the run. A run that cannot go on is left open, with a report that says why."""
    started = time.monotonic()
    if resumed:
        opened.observers.run_started(RunStart(begun.id, opened.sync.name, True, now()))
    opened.observers.run_planned(frozen_plan.summary)
    state, message, code = RunState.FINISHED.value, "", None
    try:
        abandoned = request.abandon and resumed
        state = RunState.ABANDONED.value if abandoned else state
        _write(opened, request, begun, frozen_plan, settle_only=abandoned)
        report = finish(opened, begun, frozen_plan, RunState(state), resumed, time.monotonic() - started)
    except Stale as error:
        opened.journal.set_state(begun.id, RunState.ABANDONED)
        remove(opened.folder.plan(begun.id))
        opened.observers.run_finished(not_begun(opened, begun.id, error))
        raise
    except Cancelled:
        state, message, code = "stopped", "interrupted; run again to go on from here", ExitCode.INTERRUPTED
    except ConnectorError as error:
        state, message, code = "stopped", opened.live.host.scrub(str(error)), error.exit_code
    except OSError as error:
        message, code = f"{error.strerror or error}: {error.filename or 'this machine'}", ExitCode.STOPPED
        state = "stopped"
    except Exception as error:
        opened.observers.run_finished(not_begun(opened, begun.id, error))
        raise
    if code is not None:
        report = so_far(opened, begun, frozen_plan, resumed, time.monotonic() - started, message, code)
        opened.journal.report(begun.id, as_json(report))
    opened.observers.run_finished(report)
    opened.live.host.begin_counting()
    return report


def _write(
    opened: Session, request: Request, begun: JournalledRun, frozen_plan: FrozenPlan, *, settle_only: bool
) -> None:
    writing = _writing(opened, request, begun, frozen_plan)
    writing = evolve(writing, settle_only=settle_only, rekeyed=frozen_plan.rekeyed, scrub=opened.live.host.scrub)
    deliver_all(writing, opened.journal.batches(begun.id), frozen_plan.summary.parallelism)


def _writing(opened: Session, request: Request, begun: JournalledRun, frozen_plan: FrozenPlan) -> Writing:
    live, settings = opened.live, opened.settings
    return Writing(
        live.destination,
        live.connection,
        opened.options,
        opened.journal,
        frozen_plan.reader(),
        ErrorKnowledge(live.destination, settings.retry_codes),
        opened.observers,
        Progress(sum(each.rows for each in opened.journal.batches(begun.id) if each.state is not BatchState.DONE)),
        request.pace,
        Budget(request.pace.tokens),
        frozen_plan.summary.delivery,
        frozen_plan.summary.batch_size,
        settings.split_retries,
        request.cancel,
    )


def _journalled(opened: Session, run_id: str) -> JournalledRun:
    found = opened.journal.run(run_id)
    assert found is not None
    return found


def _baseline(request: Request) -> bool:
    return request.first_run is FirstRun.BASELINE


def _first_run_finding(opened: Session, request: Request) -> tuple[Finding, ...]:
    """What keeps a first run from starting: nobody said whether its rows were sent before."""
    previous = opened.state()
    known = previous is not None and previous.snapshot is not None and not request.start_over
    if known or request.first_run is not None or opened.sync.mode is not Mode.INSERT:
        return ()
    message = f"{opened.sync.name} has no record of what it sent before, and sending a row twice would create it twice"
    advice = "say --first-run send to send all rows, or --first-run baseline to take them as sent"
    return (Finding(Level.STOP, message, advice),)


def _guard_state(opened: Session, request: Request) -> None:
    """Stop when the snapshot is of another target, or older than what this machine has seen."""
    previous = opened.state()
    if previous is None or request.start_over:
        return
    if previous.snapshot is not None:
        opened.guard_target(previous)
    seen = Witness(opened.folder.path, opened.sync.name).generation()
    if previous.generation < seen and "old-state" not in request.accept:
        raise RunStopped(
            f"the state of {opened.sync.name} lacks its last {seen - previous.generation} runs",
            hint="put the latest state folder back, or go on from the old one with --accept old-state",
            exit_code=ExitCode.GUARD,
        )
