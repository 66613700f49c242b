"""Check what the user may do with the objects and fields of a plan, and which record type new records get.

REST API Developer Guide, "sObject Describe"; Salesforce Help, "Field-Level Security", "Record Types".
"""

from __future__ import annotations

from collections.abc import Iterator

from connector_salesforce.org.descriptions import Description
from connector_salesforce.org.org import Org
from connector_salesforce.org.person_accounts import is_of_people
from connector_sdk import Action, Finding, Level, PlanSummary

_NEEDS = {
    Action.CREATE: ("createable",),
    Action.UPDATE: ("updateable",),
    Action.UPSERT: ("createable", "updateable"),
    Action.DELETE: ("deletable",),
    Action.MERGE: ("deletable",),
}
_WORDS = {"createable": "Create", "updateable": "Edit", "deletable": "Delete"}
_CREATING = (Action.CREATE, Action.UPSERT)


def check_permissions(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    """Yield what the user lacks. Raises `CallFailed` if an object cannot be described."""
    described = {name: org.describe(name) for name in plan.object_names}
    for name, each in described.items():
        yield from _object(name, each, plan)
        yield from _record_type(name, each, plan)
    yield from _fields(described, plan)


def _object(name: str, described: Description, plan: PlanSummary) -> Iterator[Finding]:
    creates = plan.create_in in (None, name)
    for action in (each for each, count in plan.planned.items() if count and (creates or each not in _CREATING)):
        for flag in _NEEDS.get(action, ()):
            if not described[flag]:
                advice = f"Give the user {_WORDS[flag]} on {name} in its profile or a permission set."
                yield Finding(Level.STOP, f"this user may not {action} records of {name}", advice)


def _fields(described: dict[str, Description], plan: PlanSummary) -> Iterator[Finding]:
    """Yield a stop for each mapped field that the user cannot edit in any of the objects.

    A saved plan may be older than the user's permissions.
    """
    for wanted in (each.field for each in plan.columns if each.field != plan.match_field):
        found = [each for one in described.values() for each in one["fields"] if each["name"] == wanted]
        if any(each["createable"] or each["updateable"] for each in found):
            continue
        place = f"{' and '.join(described)}: {wanted}"
        message = f"{place} may not be edited by this user" if found else f"{place} is absent or hidden from this user"
        path = f"Setup, Object Manager, {next(iter(described))}, Fields & Relationships, {wanted}"
        yield Finding(Level.STOP, message, f"Look at {path}, Set Field-Level Security.")


def _record_type(name: str, described: Description, plan: PlanSummary) -> Iterator[Finding]:
    """Yield which record type new records get if the plan does not set one, or a warning if the user has no default.

    Salesforce refuses new records without a record type. New person accounts yield nothing: `Account` then has two
    default record types, and no description says which of them is for person accounts.
    """
    creates = plan.create_in in (None, name) and any(plan.planned.get(each) for each in _CREATING)
    maps_record_type = any(each.field == "RecordTypeId" for each in plan.columns)
    person_accounts = name == "Account" and any(is_of_people(each.field) for each in plan.columns)
    if not creates or maps_record_type or person_accounts:
        return
    types = [each for each in described.get("recordTypeInfos") or () if each.get("available")]
    default = next((each for each in types if each.get("defaultRecordTypeMapping")), None)
    if default is not None and len(types) > 2:
        advice = "Map RecordTypeId if they should have another one."
        yield Finding(Level.INFO, f"new records of {name} get the record type {default['name']}", advice)
    elif default is None and described.get("recordTypeInfos"):
        message = f"this user has no default record type for {name}, and Salesforce may refuse new records"
        yield Finding(Level.WARNING, message, "Set a default record type in the user's profile, or map RecordTypeId.")
