"""Checks of a sync and of its list before anything is written: permissions, changes and broken rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from connector_salesforce_picklist import describe
from connector_salesforce_picklist.changes import plan_change, read_wanted
from connector_salesforce_picklist.checks import check
from connector_salesforce_picklist.config import Options
from connector_salesforce_picklist.kinds import ATTRIBUTES, attributes_of
from connector_salesforce_picklist.lists import Lists
from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_sdk import Batch, ConfigError, Finding, Level, PlanSummary, Problem, Sync


def check_sync(lists: Lists, sync: Sync, options: Options) -> Iterator[Problem]:
    """Yield why a sync cannot write its picklist. The core reports a field that cannot be matched on."""
    if sync.match is None or not describe.can_be_written(lists.org, sync.objects[0], sync.match.field):
        return
    try:
        picklist = lists.read(sync.objects[0], sync.match.field)
    except ConfigError as error:
        yield from (evolve(each, path=("syncs", sync.name, "match", "field")) for each in error.problems)
        return
    yield from _strange_attributes(sync, picklist)
    if picklist.kind is Kind.GLOBAL and not options.shared_values:
        fields = lists.fields_of(picklist)
        message = f"{fields[0]} has the values of the global set {picklist.name}, which changes {', '.join(fields)}"
        place = ("syncs", sync.name, "options", "shared_values")
        yield Problem(message, place, "set shared_values: true if all of them are meant")


def _strange_attributes(sync: Sync, picklist: Picklist) -> Iterator[Problem]:
    """Yield a problem for each mapped attribute that only values of other picklists have."""
    own = attributes_of(picklist.name if picklist.kind is Kind.STANDARD else None)
    for each in sync.fields:
        if each.field in ATTRIBUTES and each.field not in own:
            message = f"values of {picklist.object_name}.{picklist.field} have no {each.field}"
            yield Problem(message, ("syncs", sync.name, "fields", each.field), "remove it from the fields")


def check_plan(lists: Lists, plan: PlanSummary, options: Options, replacement: Batch | None) -> list[Finding]:
    """Return the findings about a list before it is written."""
    if replacement is None or plan.match_field is None:
        return []
    picklist = lists.at(replacement.version, plan.object_names[0], plan.match_field)
    fields = lists.fields_of(picklist)
    change = plan_change(picklist, read_wanted(replacement), options.order)
    around = lists.read_surroundings(fields, [each.name for each in change.deactivated])
    return [*_warn_of_shared_values(picklist, fields), *check(change, options, around)]


def _warn_of_shared_values(picklist: Picklist, fields: Sequence[str]) -> Iterator[Finding]:
    if len(fields) > 1:
        what = "global set" if picklist.kind is Kind.GLOBAL else "standard set"
        message = f"the values are those of the {what} {picklist.name}: {', '.join(fields)} change together"
        yield Finding(Level.WARNING, message)
