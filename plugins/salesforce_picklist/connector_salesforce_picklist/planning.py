"""Look at a list before it is written: what it changes, what it breaks, and whom else it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector_salesforce_picklist.changes import changed, wanted
from connector_salesforce_picklist.checks import check
from connector_salesforce_picklist.config import Options
from connector_salesforce_picklist.lists import Lists
from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_sdk import Batch, ConfigError, Finding, Level, PlanSummary, Problem


def check_plan(lists: Lists, plan: PlanSummary, options: Options, replacement: Batch | None) -> list[Finding]:
    """What is worth knowing of a plan. Raises `ConfigError` where a shared set is to be written unasked."""
    if plan.match_field is None:
        return []
    version = replacement.version if replacement is not None else None
    picklist = lists.at(version, plan.object_names[0], plan.match_field)
    fields = lists.fields_of(picklist)
    _require_leave(plan, picklist, fields, options)
    if replacement is None:
        return []
    change = changed(picklist, wanted(replacement), options.order)
    around = lists.around(fields, [each.name for each in change.deactivated])
    return [*_shared(picklist, fields), *check(change, options, around)]


def _require_leave(plan: PlanSummary, picklist: Picklist, fields: Sequence[str], options: Options) -> None:
    """A global set is written only where somebody said so."""
    if picklist.kind is Kind.GLOBAL and not options.shared_values:
        message = f"{fields[0]} has the values of the global set {picklist.name}, which changes {', '.join(fields)}"
        place = ("syncs", plan.sync, "options", "shared_values")
        raise ConfigError([Problem(message, place, "set shared_values: true if all of them are meant")])


def _shared(picklist: Picklist, fields: Sequence[str]) -> Iterator[Finding]:
    if len(fields) > 1:
        what = "global set" if picklist.kind is Kind.GLOBAL else "standard set"
        message = f"the values are those of the {what} {picklist.name}: {', '.join(fields)} change together"
        yield Finding(Level.WARNING, message)
