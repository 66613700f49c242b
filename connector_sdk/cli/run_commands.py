"""Commands that plan and run syncs: `plan`, `run`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from connector_sdk import run as core
from connector_sdk.cli import terminal
from connector_sdk.cli.failures import report_failure
from connector_sdk.cli.interrupts import Interrupt, interruptible
from connector_sdk.cli.milestones import Milestones
from connector_sdk.cli.orphaned_runs import tell_left_behind
from connector_sdk.cli.plan_warnings import Forewarning
from connector_sdk.cli.progress import progress_bar
from connector_sdk.cli.records import Format, write_json, write_records
from connector_sdk.cli.settings import Settings, global_options
from connector_sdk.cli.summaries import flat, plan_record, plan_text, run_record, run_text
from connector_sdk.contract.errors import ConfigError, ConnectorError, ExitCode, Problem
from connector_sdk.contract.plan import Level, PlanReport
from connector_sdk.contract.project import Project
from connector_sdk.contract.report import RunReport
from connector_sdk.run import FirstRun
from connector_sdk.settings.suggest import suggestion

_first_run = click.option(
    "--first-run",
    type=click.Choice([each.value for each in FirstRun]),
    callback=lambda _context, _parameter, value: FirstRun(value) if value else None,
    help="For a first run: send all rows, or mark the present rows as already sent.",
)
_accept = click.option("--accept", multiple=True, metavar="NAME", help="Release a guard for this run.")
_full = click.option(
    "--full",
    is_flag=True,
    help="Send unchanged rows again too. Records of removed rows are left alone.",
)


@click.command()
@click.argument("syncs", nargs=-1, required=True, metavar="SYNC...")
@click.option("--lookup", is_flag=True, help="Ask the destination which rows would be created and which updated.")
@click.option("--save", is_flag=True, help="Keep the plan, and run it later with: connector run SYNC --plan ID")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when a run would change something.")
@_full
@_first_run
@_accept
@global_options
@click.pass_obj
def plan(settings: Settings, /, syncs: tuple[str, ...], detailed_exitcode: bool, **request: Any) -> int:
    """Show what a run of each SYNC would do and cost; write nothing."""
    reports: list[PlanReport] = []
    try:
        for sync in resolve_sync_names(settings.project, syncs):
            reports.append(
                core.plan(
                    settings.project, sync, state=settings.state, destinations=settings.destinations, **request
                )
            )  # fmt: skip
            if settings.output is Format.TABLE:
                terminal.text(plan_text(reports[-1], settings.command))
    finally:
        _write_all(settings.output, [plan_record(each) for each in reports])
    if any(finding.level is Level.STOP for each in reports for finding in each.findings):
        return ExitCode.GUARD
    return ExitCode.CHANGES if detailed_exitcode and any(map(_has_changes, reports)) else ExitCode.OK


def _has_changes(report: PlanReport) -> bool:
    """Return whether a run would do more than skip held rows."""
    return report.rows.planned > report.skipped_as_held


@click.command()
@click.argument("syncs", nargs=-1, required=True, metavar="SYNC|SEQUENCE...")
@click.option("--plan", "plan_id", metavar="ID", help="Run a saved plan instead of a new one.")
@_first_run
@_accept
@_full
@click.option(
    "--abandon",
    is_flag=True,
    help="End an interrupted run, even one that cannot be finished, without sending the rest; then make a new plan.",
)
@click.option("--start-over", is_flag=True, help="Forget what was sent before: every row counts as new.")
@global_options
@click.pass_obj
def run(settings: Settings, /, syncs: tuple[str, ...], **request: Any) -> int:
    """Plan and write each SYNC, or the syncs of a SEQUENCE, in order.

    An interrupted run is finished first. When a sync is stopped, the syncs after it do not run.
    """
    names = resolve_sync_names(settings.project, syncs)
    if request["plan_id"] and len(names) > 1:
        raise click.UsageError("a saved plan covers one sync: name only that sync")
    reports: list[RunReport] = []
    codes = [ExitCode.OK]
    with interruptible() as interrupt:
        for position, sync in enumerate(names):
            codes.append(_run_one(settings, sync, request, interrupt, reports))
            if max(codes) >= ExitCode.STOPPED:
                _note_not_run(names[position + 1 :])
                break
        _write_all(settings.output, [run_record(each) for each in reports])
    with suppress(ConnectorError):  # the run has reported a journal that cannot be read
        tell_left_behind(settings)
    return max(codes)


def resolve_sync_names(project: Project, names: Sequence[str]) -> list[str]:
    """Return the syncs that names of syncs and sequences stand for. Raises `ConfigError` for unknown names."""
    known = [*project.syncs, *project.sequences]
    problems = [
        Problem(f"there is no sync or sequence {name}", hint=suggestion(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise ConfigError(problems)
    return list(dict.fromkeys(sync for name in names for sync in project.sequences.get(name, (name,))))


def _run_one(
    settings: Settings, sync: str, request: dict[str, Any], interrupt: Interrupt, reports: list[RunReport]
) -> ExitCode:
    """Run one sync, add its reports to `reports`, and return the exit code."""
    try:
        with progress_bar(not settings.quiet) as bar:
            made = core.run(
                settings.project,
                sync,
                state=settings.state,
                destinations=settings.destinations,
                observers=(Forewarning(), *(bar or _milestones(settings))),
                cancel=interrupt.cancel,
                **request,
            )
    except Exception as error:
        return interrupt.code or ExitCode(report_failure(error, settings))
    reports += made
    for report in made:
        if settings.output is Format.TABLE:
            terminal.text(run_text(report, settings.command))
        if report.message:
            terminal.say(f"{report.sync}: {report.message}")
    return interrupt.code or max(ExitCode(report.exit) for report in made)


def _milestones(settings: Settings) -> tuple[Milestones, ...]:
    """Return the observer that writes progress lines where there is no terminal; none with --quiet."""
    return () if settings.quiet else (Milestones(),)


def _note_not_run(names: Sequence[str]) -> None:
    if names:
        terminal.note(f"not run, because a sync before was stopped: {', '.join(names)}")


def _write_all(format_: Format, records: list[dict[str, Any]]) -> None:
    if format_ is Format.JSON:
        write_json(records)
    elif format_ is Format.CSV:
        lines = [flat(record) for record in records]
        write_records(format_, list(dict.fromkeys(column for line in lines for column in line)), lines)
