"""The command `restore`, which brings back the picklist values that a run changed."""

from __future__ import annotations

from contextlib import closing

import click
from connector_salesforce import connect

from connector_salesforce_picklist.changes import Change
from connector_salesforce_picklist.lists import Lists
from connector_salesforce_picklist.restore import list_changes, plan_restore
from connector_salesforce_picklist.writing import FORMER, read_former, store
from connector_sdk import CommandSettings, ConfigError, ExitCode, RunNotes, RunStopped

TYPE = "salesforce_picklist"
_COLUMNS = ("value", "label", "change")


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
        current = lists.read(first.handle["object"], first.handle["field"])
        former = read_former([first], current)
        assert former is not None
        change = plan_restore(current, former)
        settings.write(_COLUMNS, list(list_changes(change, former)))
        if not dry_run:
            store(lists, change.steps, attempt=1)
        _say(settings, lists, change, dry_run=dry_run)


def _require_account(notes: RunNotes, account: str) -> None:
    if notes.account != account:
        message = f"the run {notes.run} wrote to the org {notes.account}, and this connection reaches {account}"
        raise RunStopped(message, hint="correct the connection", exit_code=ExitCode.GUARD)


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
