"""Make the plan of a run, and summarize it: findings, guards, cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connector_sdk.contract.batch import Batch
from connector_sdk.contract.codes import Code
from connector_sdk.contract.errors import ConfigError, ExitCode, Problem, RunStopped
from connector_sdk.contract.plan import Cost, Finding, Level, PlanReport
from connector_sdk.contract.project import OnHeld
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.models import require_whole
from connector_sdk.files.corruption import first_line, no_room, unreadable_errors
from connector_sdk.files.private import make_folder
from connector_sdk.lifecycle.connect import scrub_findings
from connector_sdk.lifecycle.open_run_reports import Planned
from connector_sdk.lifecycle.options import Request
from connector_sdk.lifecycle.session import Session
from connector_sdk.lifecycle.totals import TotalsBuilder
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.planning.mapping.objects import in_match_order
from connector_sdk.planning.planner import make_plan
from connector_sdk.planning.request import PlanRequest
from connector_sdk.settings.counts import say_count
from connector_sdk.state.plan_file import PlanReader
from connector_sdk.state.schemas import read_schemas
from connector_sdk.state.serialization import make_planned_batch


def freeze_plan(session: Session, run_id: str, request: Request, *, lookup: bool = False) -> FrozenPlan:
    """Compare the model with the rows accepted so far, and freeze the rows to send.

    If the run starts over, no row counts as accepted. A baseline has a meaning only if it is unknown which rows were
    sent: in a first run, or after a run that may have created rows without a known key.
    """
    _refuse_baseline_of_list(session, request)
    previous = None if request.start_over else session.state()
    held = () if request.start_over else session.journal.held_rows(session.sync.name)
    snapshot = None if request.start_over else session.snapshot()
    folder = session.folder.plan(run_id)
    make_folder(folder)
    schema, *others = in_match_order(session.schemas.values())
    wanted = PlanRequest(
        run=run_id,
        project=session.project,
        sync=session.sync,
        model=session.model,
        schema=schema,
        spec=session.destination.spec,
        delivery=session.settings,
        folder=folder,
        generation=session.generation + 1,
        target=session.target,
        former_target=previous.target if previous else {},
        removed_today=session.count_removed_today(),
        former=read_schemas(session.folder.schema(session.sync.name)) if previous else {},
        snapshot=snapshot,
        fingerprints=previous.fingerprints if previous else {},
        held=tuple(each.key for each in held),
        full=request.full,
        baseline=request.baseline and (snapshot is None or session.may_have_unknown_rows),
        lookup=lookup,
        accepted=request.accept | session.destination.released_guards(session.options),
        others=tuple(others),
    )
    try:
        return make_plan(wanted, session.destination, session.connection)
    except unreadable_errors() as error:
        require_whole(session.model)
        if isinstance(error, no_room()):
            hint = "make room in memory and on the disk, and run again; nothing was sent"
            raise RunStopped(f"the plan cannot be made: {first_line(error)}", hint=hint) from error
        raise


def _refuse_baseline_of_list(session: Session, request: Request) -> None:
    """Raise `ConfigError` when rows of a whole list are to count as sent: all entries of the target would leave it."""
    if request.baseline and session.sync.mode is Mode.ALL:
        message = "--first-run baseline does not go with mode all, which compares the model with what the target has"
        raise ConfigError([Problem(message, ("syncs", session.sync.name, "mode"), "leave --first-run out")])


def findings_of(session: Session, plan: FrozenPlan) -> tuple[Finding, ...]:
    """Return the findings of planning and of the destination about a plan and the connection."""
    found = session.destination.check_plan(session.connection, plan.summary, session.options, _replacement(plan))
    return (*plan.findings, *scrub_findings((*session.connection.findings, *found), session.host.scrub))


def findings_of_run(session: Session, plan: FrozenPlan) -> tuple[Finding, ...]:
    """Return the findings about a plan that will run. The destination checks it only if it sends anything."""
    return findings_of(session, plan) if plan.batches else plan.findings


def warn_of_held_rows(session: Session) -> tuple[Finding, ...]:
    """Return a finding about the held rows of the sync, if there are any."""
    held = session.journal.count_held_rows(session.sync.name)
    if not held:
        return ()
    level = Level.INFO if session.sync.on_held is OnHeld.IGNORE else Level.WARNING
    rows = say_count(held, "row is held", "rows are held")
    message = f"{rows}: sent by an earlier run, and it is not known what became of {'it' if held == 1 else 'them'}"
    return (Finding(level, message, f"settle that with: connector resolve {session.sync.name}"),)


def make_planned(session: Session, plan: FrozenPlan) -> Planned:
    """Return what a run with this plan begins with."""
    return Planned.of_plan(plan, holds=not session.resends, on_held=session.sync.on_held)


def _replacement(plan: FrozenPlan) -> Batch | None:
    """Return the list that a plan of mode `all` writes, or None if nothing would change."""
    if plan.summary.mode is not Mode.ALL or not plan.batches:
        return None
    (whole,) = plan.batches
    return PlanReader(plan.file, plan.layout).read(make_planned_batch(plan.summary.run, 1, whole)).batch


def report_of(
    session: Session, plan: FrozenPlan, findings: Sequence[Finding], *, saved: bool, lookups: int
) -> PlanReport:
    """Return the report of a plan. `lookups` counts the API calls for the lookups of the plan."""
    decided = make_planned(session, plan).decided or ()
    tallying = TotalsBuilder()
    tallying.count(decided)
    return PlanReport(
        run=plan.summary.run,
        sync=plan.summary.sync,
        rows=plan.rows,
        actions=plan.actions,
        created_or_updated=plan.created_or_updated,
        samples=plan.samples,
        findings=tuple(findings),
        cost=Cost(sum(plan.summary.batches.values()), lookups=lookups),
        delivery=plan.summary.delivery,
        saved=saved,
        held=session.journal.count_held_rows(session.sync.name),
        skipped_as_held=sum(each.rows for each in decided if each.code == Code.HELD),
        codes=tallying.codes,
    )


def stop_on(findings: Sequence[Finding], accepted: Collection[str] = ()) -> None:
    """Raise `RunStopped` (exit 6) if a finding keeps the run from starting. The error names all such findings.

    Findings of guards that were `accepted` do not count.
    """
    stops = [each for each in findings if each.level is Level.STOP and each.guard not in accepted]
    if stops:
        raise RunStopped(
            "; ".join(finding.message for finding in stops),
            hint="; ".join(finding.advice for finding in stops if finding.advice) or "change the plan",
            exit_code=ExitCode.GUARD,
        )
