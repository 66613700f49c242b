"""The command `restore`, which brings back the picklist values that a run changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
from connector_salesforce import CallFailed, connect

from connector_salesforce_picklist import codes
from connector_salesforce_picklist.changes import Change
from connector_salesforce_picklist.lists import Lists
from connector_salesforce_picklist.restore import list_changes, plan_restore
from connector_salesforce_picklist.writing import FORMER, read_former, store
from connector_sdk import CommandSettings, ConfigError, ExitCode, Kind, RunNotes, RunStopped

TYPE = "salesforce_picklist"
_COLUMNS = ("value", "label", "change")
_EXITS = {Kind.REJECTED: ExitCode.ROWS_FAILED, Kind.FATAL: ExitCode.UNREACHABLE}
_LATER = "run the command again later"
_UNMANAGED = "change in Setup what the package allows: it has locked the list or its own values"


@click.command()
@click.argument("run")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.pass_obj
def restore(settings: CommandSettings, run: str, dry_run: bool) -> None:
    """Bring the values of a picklist back to what they were before RUN.

    Which values are active, their labels, their order and the default come back. Values that the run added stay as
    inactive ones, and record types get none of them back: both are named.
    """
    notes = settings.notes_of(run)
    first = next((each for each in notes.anchors if each.step == FORMER), None)
    if first is None:
        raise ConfigError(f"the run {run} wrote no picklist, so there is nothing to bring back")
    found = settings.settings_of(TYPE, notes.connection)
    connection = connect(found.config, found.host)
    with closing(connection):
        _require_account(notes, connection.account)
        lists = Lists(connection.handle)
        field = f"{first.handle['object']}.{first.handle['field']}"
        with _stop_at_failure(f"{field} could not be read"):
            current = lists.read(first.handle["object"], first.handle["field"])
        former = read_former([first], current)
        assert former is not None
        change = plan_restore(current, former)
        if not dry_run:
            with _stop_at_failure(f"{field} is not brought back completely"):
                store(lists, change.steps, attempt=1)
        settings.write(_COLUMNS, list(list_changes(change, former)))
        with _stop_at_failure(f"the record types that use {field} could not be read"):
            _say(settings, lists, change, dry_run=dry_run)


def _require_account(notes: RunNotes, account: str) -> None:
    if notes.account != account:
        message = f"the run {notes.run} wrote to the org {notes.account}, and this connection reaches {account}"
        raise RunStopped(message, hint="correct the connection", exit_code=ExitCode.GUARD)


@contextmanager
def _stop_at_failure(message: str) -> Iterator[None]:
    """Turn a failed call into a `RunStopped` with this message, Salesforce's reason and what to do."""
    try:
        yield
    except CallFailed as error:
        known = codes.classify(error)
        exit_code = _EXITS.get(known.kind, ExitCode.STOPPED) if known else ExitCode.STOPPED
        raise RunStopped(f"{message}: {error}", hint=_advise(error), exit_code=exit_code) from error


def _advise(error: CallFailed) -> str:
    """Return what to do about a failed call of a command, which sends nothing again by itself."""
    if error.code == codes.MANAGED:
        return _UNMANAGED
    known = codes.classify(error)
    if known is None or known.kind in (Kind.TRANSIENT, Kind.THROTTLED):
        return _LATER
    return known.advice or _LATER


def _say(settings: CommandSettings, lists: Lists, change: Change, *, dry_run: bool) -> None:
    field = f"{change.before.object_name}.{change.before.field}"
    if not change.steps:
        settings.say(f"{field} is as it was")
        return
    settings.say(f"{field} would be brought back" if dry_run else f"{field} is brought back")
    if any(each.reactivated for each in change.fates):
        found = lists.read_surroundings(lists.fields_of(change.before), ()).record_types
        types = ", ".join(f"{object_name}.{name}" for object_name, name in found or ())
        if types:
            settings.say(f"Salesforce forgets which record types had a reactivated value; look at: {types}")
