"""Execute a frozen plan: deliver its batches, and end the run with a report of what became of them."""

from __future__ import annotations

import json

from attrs import evolve

from connector_sdk.contract.errors import Cancelled, ConnectorError, ExitCode, Stale
from connector_sdk.contract.plan import Finding
from connector_sdk.contract.report import RunReport, RunStart, report_from
from connector_sdk.delivery.context import Progress, RunContext
from connector_sdk.delivery.error_cache import ErrorCache
from connector_sdk.delivery.retry import Budget
from connector_sdk.delivery.scheduler import deliver_all
from connector_sdk.delivery.stages import PlanRows
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.files.corruption import first_line, no_room
from connector_sdk.files.private import remove
from connector_sdk.lifecycle.finish import RunEnding, as_json, failed_report, finish, stopped_report
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.state.journal import now
from connector_sdk.state.records import ENDED, BatchState, JournalledRun, RunState


def execute(
    session: Session,
    request: Request,
    begun: JournalledRun,
    frozen_plan: FrozenPlan,
    findings: tuple[Finding, ...] = (),
    *,
    resumed: bool = False,
    abandoned: bool = False,
    elsewhere: bool = False,
) -> RunReport:
    """Deliver a frozen plan and end the run. A run that cannot continue is left open, with a report that says why.

    Observers receive `findings` before anything is sent. If the run is `abandoned`, nothing more is sent. If it wrote
    to an account that is `elsewhere`, the destination is not asked about its batches either.

    Raises `Stale` if the target changed since the plan was made; the run is then abandoned. An exception from outside
    in this thread, such as `KeyboardInterrupt`, is raised again once everything is recorded. The same is true of an
    unforeseen exception.
    """
    if resumed:
        session.observers.run_started(RunStart(run=begun.id, sync=session.sync.name, resumed=True, at=now()))
        session.journal.take_up(begun.id, session.id)
    session.observers.run_planned(frozen_plan.summary, findings)
    session.guard.note_begun(session.sync.name, session.written_to, session.generation, begun.id)
    stop = Stopping(request.cancel, request.drain)
    unforeseen: BaseException | None = None
    try:
        report = _deliver_and_finish(session, request, begun, frozen_plan, resumed, abandoned, elsewhere, stop)
    except Stale as error:
        session.journal.set_state(begun.id, RunState.ABANDONED)
        remove(session.folder.plan(begun.id))
        session.observers.run_finished(failed_report(session, begun.id, error))
        raise
    except BaseException as error:
        report = _report_stop(session, begun, error, resumed=resumed)
        unforeseen = None if isinstance(error, _stop_errors()) else error
    session.observers.run_finished(report)
    session.host.begin_counting()
    session.watch.restart()
    failure = unforeseen or stop.interruption
    if failure is not None:
        raise failure
    return report


def _deliver_and_finish(
    session: Session,
    request: Request,
    begun: JournalledRun,
    frozen_plan: FrozenPlan,
    resumed: bool,
    abandoned: bool,
    elsewhere: bool,
    stop: Stopping,
) -> RunReport:
    batches = session.journal.batches(begun.id)
    remaining = sum(each.rows for each in batches if each.state is not BatchState.DONE)
    writing = _make_run_context(session, request, frozen_plan, remaining, stop)
    writing = evolve(writing, settle_only=abandoned, unreachable=elsewhere)
    deliver_all(writing, batches, frozen_plan.summary.parallelism)
    state = RunState.ABANDONED if abandoned else RunState.FINISHED
    return finish(session, begun, frozen_plan, request, ending=RunEnding(state, resumed))


def _report_stop(session: Session, begun: JournalledRun, error: BaseException, *, resumed: bool) -> RunReport:
    """Record and return the report of a run that cannot continue. If the run has already ended, return its own report.

    If the report cannot be made, report that error to observers and raise it.
    """
    message, code = _reason(error)
    try:
        session.journal.seal()
        known = session.journal.run(begun.id)
        if known is not None and known.state in ENDED and known.report is not None:
            return report_from(json.loads(known.report))
        report = stopped_report(session, begun, resumed=resumed, message=session.host.scrub(message), code=code)
        session.journal.report(begun.id, as_json(report))
    except Exception as lost:
        session.observers.run_finished(failed_report(session, begun.id, lost))
        raise
    return report


def _stop_errors() -> tuple[type[BaseException], ...]:
    """Return the types of the errors that stop a run until it is run again."""
    return Cancelled, ConnectorError, *no_room()


def _reason(error: BaseException) -> tuple[str, ExitCode]:
    """Return why a run cannot continue, in words and as an exit code."""
    if isinstance(error, ConnectorError):
        return str(error), error.exit_code
    if isinstance(error, no_room()):
        return f"{first_line(error)} — make room in memory and on the disk, and run again", ExitCode.STOPPED
    if isinstance(error, Exception):
        return f"this is a bug: {type(error).__name__}: {error}; run again to go on from here", ExitCode.BUG
    return "interrupted; run again to go on from here", ExitCode.INTERRUPTED


def _make_run_context(
    session: Session, request: Request, frozen_plan: FrozenPlan, remaining: int, stop: Stopping
) -> RunContext:
    destination, settings, plan = session.destination, session.settings, frozen_plan.summary
    apis = [each for each in destination.spec.apis if each.name == plan.api]
    return RunContext(
        destination=destination,
        connection=session.connection,
        options=session.options,
        journal=session.journal,
        rows=PlanRows(frozen_plan.folder, frozen_plan.layout, lambda: session.journal.outcomes(plan.run)),
        errors=ErrorCache(destination, settings.retry_codes),
        observers=session.observers,
        progress=Progress(remaining),
        pace=request.pace,
        budget=Budget(request.pace.tokens),
        anchors_first=any(each.surely_anchors(plan.mode) for each in apis),
        batch_size=plan.batch_size,
        split_retries=settings.split_retries,
        stop=stop,
        at_least_once=session.resends,
        rekeyed=frozen_plan.rekeyed,
        scrub=session.host.scrub,
        match_rule=frozen_plan.layout.sought,
        keep=session.keep_locked,
    )
