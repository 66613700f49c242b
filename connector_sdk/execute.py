"""Carry out a frozen plan: deliver its batches, and account for what became of them."""

from __future__ import annotations

from attrs import evolve

from connector_sdk.damage import first_line, no_room
from connector_sdk.errors import Cancelled, ConnectorError, ExitCode, Stale
from connector_sdk.finish import Ending, as_json, finish, not_begun, stopped
from connector_sdk.plan import Finding
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.report import RunReport, RunStart
from connector_sdk.request import Request
from connector_sdk.session import Session
from connector_sdk.state.entries import BatchState, JournalledRun, RunState
from connector_sdk.state.files import remove
from connector_sdk.state.journal import now
from connector_sdk.writing.context import Progress, Writing
from connector_sdk.writing.dispatch import deliver_all
from connector_sdk.writing.knowledge import ErrorKnowledge
from connector_sdk.writing.retry import Budget
from connector_sdk.writing.stages import PlanRows
from connector_sdk.writing.stopping import Stopping


def execute(
    opened: Session,
    request: Request,
    begun: JournalledRun,
    frozen_plan: FrozenPlan,
    findings: tuple[Finding, ...] = (),
    *,
    resumed: bool = False,
    abandoned: bool = False,
    elsewhere: bool = False,
) -> RunReport:
    """Deliver a frozen plan and end the run. A run that cannot go on is left open, with a report that says why.

    `findings` are told to observers before anything is sent.
    Of an `abandoned` run nothing more is sent; where it wrote to an account that is `elsewhere`, nothing is asked
    either. Raises `Stale` when the target moved since it was planned: the run is given up then. Raises
    `KeyboardInterrupt`, once all is on record, where Ctrl-C reached this thread.
    """
    if resumed:
        opened.observers.run_started(RunStart(begun.id, opened.sync.name, True, now()))
        opened.journal.take_up(begun.id, opened.id)
    opened.observers.run_planned(frozen_plan.summary, findings)
    opened.guard.note_begun(opened.sync.name, opened.written_to, opened.generation, begun.id)
    stop = Stopping(request.cancel, request.drain)
    try:
        report = _delivered(opened, request, begun, frozen_plan, resumed, abandoned, elsewhere, stop)
    except Exception as error:
        opened.observers.run_finished(not_begun(opened, begun.id, error))
        raise
    opened.observers.run_finished(report)
    opened.live.host.begin_counting()
    opened.watch.restart()
    if stop.interrupted:
        raise KeyboardInterrupt
    return report


def _delivered(
    opened: Session,
    request: Request,
    begun: JournalledRun,
    frozen_plan: FrozenPlan,
    resumed: bool,
    abandoned: bool,
    elsewhere: bool,
    stop: Stopping,
) -> RunReport:
    try:
        batches = opened.journal.batches(begun.id)
        remaining = sum(each.rows for each in batches if each.state is not BatchState.DONE)
        writing = _writing(opened, request, frozen_plan, remaining, stop)
        writing = evolve(writing, settle_only=abandoned, unreachable=elsewhere)
        deliver_all(writing, batches, frozen_plan.summary.parallelism)
        state = RunState.ABANDONED if abandoned else RunState.FINISHED
        return finish(opened, begun, frozen_plan, request, ending=Ending(state, resumed))
    except Stale:
        opened.journal.set_state(begun.id, RunState.ABANDONED)
        remove(opened.folder.plan(begun.id))
        raise
    except _stopping() as error:
        message, code = _reason(error)
        opened.journal.seal()
        report = stopped(opened, begun, resumed=resumed, message=opened.live.host.scrub(message), code=code)
        opened.journal.report(begun.id, as_json(report))
        return report


def _stopping() -> tuple[type[BaseException], ...]:
    """What keeps a run from going on, until it is run again."""
    return Cancelled, ConnectorError, *no_room()


def _reason(error: BaseException) -> tuple[str, ExitCode]:
    """Why a run cannot go on, in words and as an exit code."""
    if isinstance(error, Cancelled):
        return "interrupted; run again to go on from here", ExitCode.INTERRUPTED
    if isinstance(error, ConnectorError):
        return str(error), error.exit_code
    return f"{first_line(error)} — make room in memory and on the disk, and run again", ExitCode.STOPPED


def _writing(opened: Session, request: Request, frozen_plan: FrozenPlan, remaining: int, stop: Stopping) -> Writing:
    live, settings, plan = opened.live, opened.settings, frozen_plan.summary
    apis = [each for each in live.destination.spec.apis if each.name == plan.api]
    return Writing(
        destination=live.destination,
        connection=live.connection,
        options=opened.options,
        journal=opened.journal,
        rows=PlanRows(frozen_plan.folder, frozen_plan.layout, lambda: opened.journal.outcomes(plan.run)),
        knowledge=ErrorKnowledge(live.destination, settings.retry_codes),
        observers=opened.observers,
        progress=Progress(remaining),
        pace=request.pace,
        budget=Budget(request.pace.tokens),
        anchors_first=any(each.surely_anchors(plan.mode) for each in apis),
        batch_size=plan.batch_size,
        split_retries=settings.split_retries,
        stop=stop,
        at_least_once=opened.resends,
        rekeyed=frozen_plan.rekeyed,
        scrub=live.host.scrub,
        sought=frozen_plan.layout.sought,
        keep=opened.keeping_open,
    )
