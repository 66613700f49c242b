"""Commands about past runs: `runs`, `show`, `rows`, `calls`, `resolve`."""

from __future__ import annotations

import click
from attrs import asdict

from connector_sdk import history
from connector_sdk.cli import terminal
from connector_sdk.cli.orphaned_runs import tell_left_behind
from connector_sdk.cli.records import Format, write_json, write_records
from connector_sdk.cli.settings import Settings, global_options
from connector_sdk.cli.summaries import flat, run_record, run_text
from connector_sdk.contract.errors import ExitCode
from connector_sdk.contract.outcome import Outcome
from connector_sdk.resolve import Decision, Settlement, held_rows
from connector_sdk.resolve import resolve as settle
from connector_sdk.settings.suggest import suggestion

_RUN_COLUMNS = (
    "run", "sync", "state", "exit", "started", "rows_planned", "rows_succeeded", "rows_rejected", "rows_skipped",
    "rows_unprocessed", "rows_unknown", "held", "calls_made", "seconds",
)  # fmt: skip
_CALL_COLUMNS = ("at", "method", "url", "status", "seconds", "request_bytes", "response_bytes", "error")


@click.command()
@click.option("--sync", help="Only the runs of this sync.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The most runs to list.")
@global_options
@click.pass_obj
def runs(settings: Settings, sync: str | None, limit: int) -> None:
    """List the latest runs, newest first, with the progress of those that are running."""
    tell_left_behind(settings)
    records = [
        run_record(each) for each in history.runs(settings.outline, state=settings.state, sync=sync, limit=limit)
    ]
    if sync is not None and not records and sync not in settings.outline.syncs:
        terminal.say(f"there is no sync {sync} — {suggestion(sync, list(settings.outline.syncs))}")
    if settings.output is Format.JSON:
        write_json(records)
    else:
        write_records(settings.output, _RUN_COLUMNS, [flat(record) for record in records])


@click.command()
@click.argument("run")
@global_options
@click.pass_obj
def show(settings: Settings, run: str) -> None:
    """Show the report of RUN, also while it is under way."""
    report = history.show(settings.outline, run, state=settings.state)
    record = run_record(report)
    if settings.output is Format.JSON:
        write_json(record)
    elif settings.output is Format.CSV:
        write_records(settings.output, tuple(flat(record)), [flat(record)])
    else:
        terminal.text(
            "\n".join([run_text(report, settings.command), *([f"  {report.message}"] if report.message else [])])
        )


@click.command()
@click.argument("run")
@click.option("--outcome", type=click.Choice([each.value for each in Outcome]), help="Only rows with this outcome.")
@click.option("--key", help="Only the row with this primary key.")
@global_options
@click.pass_obj
def rows(settings: Settings, run: str, outcome: str | None, key: str | None) -> None:
    """List what became of the rows of RUN, also while it is under way, or stopped."""
    reader = history.rows(settings.outline, run, outcome=outcome, key=key, state=settings.state)
    records = (record for batch in reader for record in batch.to_pylist())
    write_records(settings.output, history.LEDGER_COLUMNS, records)


@click.command()
@click.argument("run")
@global_options
@click.pass_obj
def calls(settings: Settings, run: str) -> None:
    """List the API calls of RUN, also while it runs.

    With --output json the bodies of requests and answers are there, too.
    """
    records = (asdict(call) for call in history.calls(settings.outline, run, state=settings.state))
    write_records(settings.output, _CALL_COLUMNS, records)


@click.command()
@click.argument("run", metavar="RUN|SYNC")
@click.option(
    "--sent",
    is_flag=False,
    flag_value="",
    metavar="[ID]",
    help="The rows were sent; with the record ID, if you know it.",
)
@click.option("--not-sent", is_flag=True, help="The rows were not sent: the next run sends them.")
@click.option("--resend", is_flag=True, help="Send the rows again, whatever happened to them.")
@click.option("--key", "keys", multiple=True, help="Only the row with this primary key; may be repeated.")
@global_options
@click.pass_obj
def resolve(settings: Settings, run: str, sent: str | None, not_sent: bool, resend: bool, keys: tuple[str, ...]) -> int:
    """Settle the rows of RUN, or of all runs of SYNC, whose fate is unknown.

    Without a decision they are listed, with where to look for them.
    """
    decisions = [sent is not None, not_sent, resend]
    if sum(decisions) > 1:
        raise click.UsageError("--sent, --not-sent and --resend exclude each other")
    if not any(decisions):
        return _list_held(settings, run)
    decision = Decision.SENT if sent is not None else Decision.NOT_SENT if not_sent else Decision.RESEND
    settlement = Settlement(decision, sent or None)
    settled = settle(settings.outline, run, settlement, keys=keys or None, state=settings.state)
    write_records(settings.output, ("key", "decision"), ({"key": key, "decision": decision} for key in settled))
    return ExitCode.OK


def _list_held(settings: Settings, run: str) -> int:
    waiting = held_rows(settings.outline, run, state=settings.state)
    write_records(settings.output, ("key", "message"), ({"key": each.key, "message": each.hint} for each in waiting))
    if not waiting:
        return ExitCode.OK
    terminal.say("look for them at the destination, then settle them with --sent, --not-sent or --resend")
    return ExitCode.HELD
