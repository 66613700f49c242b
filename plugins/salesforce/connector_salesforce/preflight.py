"""Look at a plan before it runs: what the user may do, what the run will use of the org's limits, what cannot work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from connector_salesforce.config import Options
from connector_salesforce.failure import CallFailed
from connector_salesforce.org import Org
from connector_sdk import Action, Finding, Level, PlanSummary

_NEEDS = {
    Action.CREATE: ("createable",),
    Action.UPDATE: ("updateable",),
    Action.UPSERT: ("createable", "updateable"),
    Action.DELETE: ("deletable",),
}
_WORDS = {"createable": "Create", "updateable": "Edit", "deletable": "Delete"}

_BULK_SIZES = 10_000
_CALLS_OF_A_JOB = 2


def check_plan(org: Org, plan: PlanSummary, options: Options) -> list[Finding]:
    """What is worth knowing before a run. Raises `CallFailed` when the object cannot be described."""
    return [
        *_permissions(org, plan),
        *_binary(org, plan),
        *_without_effect(plan, options),
        *_limits(org, plan, options),
    ]


def forecast(plan: PlanSummary) -> int:
    """API calls of a run without its looks at batches: a Bulk batch is posted and its results are fetched, and a job
    is opened and closed for each action.
    """
    if plan.api != "bulk":
        return sum(plan.batches.values())
    used = [count for count in plan.batches.values() if count]
    return sum(_CALLS_OF_A_JOB + 2 * count for count in used)


def _permissions(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    for name in plan.object_names:
        described = org.describe(name)
        for action in (each for each, count in plan.planned.items() if count):
            for flag in _NEEDS.get(action, ()):
                if not described[flag]:
                    advice = f"Give the user {_WORDS[flag]} on {name} in its profile or a permission set."
                    yield Finding(Level.STOP, f"this user may not {action} records of {name}", advice)


def _binary(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    if plan.api != "bulk":
        return
    wanted = {column.field for column in plan.columns}
    for name in plan.object_names:
        for each in org.describe(name)["fields"]:
            if each["name"] in wanted and each["type"] == "base64":
                message = f"{name}.{each['name']} is binary, which the Bulk API does not take"
                yield Finding(Level.STOP, message, "Set api: rest in the options of the sync.")


def _without_effect(plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """Options that the API of the plan does not have."""
    if plan.api == "bulk" and options.duplicate_rules == "allow":
        yield Finding(
            Level.WARNING, "duplicate_rules: allow has no effect in the Bulk API", "Set api: rest if it matters."
        )
    if plan.api == "bulk" and options.assignment_rule == "on":
        message = "assignment_rules: on has no effect in the Bulk API, which needs the id of a rule"
        yield Finding(Level.WARNING, message, "Give the id of the rule, or set api: rest.")
    if plan.api == "rest" and options.hard_delete and plan.planned.get(Action.DELETE):
        message = "hard_delete has no effect in the REST API: records go to the recycle bin"
        yield Finding(Level.WARNING, message, "Set api: bulk if they must not.")


def _limits(org: Org, plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """What the run needs and what is left (REST API Developer Guide, "Limits")."""
    try:
        limits = org.client.get("/limits")
    except CallFailed as error:
        advice = "Give the user View Setup and Configuration to have them checked."
        yield Finding(Level.WARNING, f"could not check the org's limits: {error}", advice)
        return
    yield from _calls(plan, options, _remaining(limits, "DailyApiRequests"))
    if plan.api == "bulk":
        yield from _bulk_batches(plan, _remaining(limits, "DailyBulkApiBatches", "DailyBulkApiRequests"))


def _remaining(limits: Mapping[str, Any], *names: str) -> int | None:
    """What is left of a limit, under whichever of its names the version has; None where it is not told."""
    for name in names:
        found = limits.get(name)
        if isinstance(found, dict) and isinstance(found.get("Remaining"), int):
            return int(found["Remaining"])
    return None


def _calls(plan: PlanSummary, options: Options, left: int | None) -> Iterator[Finding]:
    needed, floor = forecast(plan), options.keep_api_calls
    if left is None:
        yield Finding(Level.WARNING, "could not check the org's API calls", "")
        return
    kept = f", of which {floor:,} are kept for others" if floor else ""
    yield Finding(Level.INFO, f"about {needed:,} API calls without looks at batches; {left:,} are left today{kept}")
    missing = needed - (left - floor)
    if missing > 0:
        message = f"the run needs about {needed:,} API calls and may use {max(left - floor, 0):,}: {missing:,} too few"
        yield Finding(Level.STOP, message, _fitting(plan, left - floor))


def _fitting(plan: PlanSummary, allowed: int) -> str:
    """Which batch size would fit the calls that are allowed."""
    rows = max(plan.planned.values(), default=0)
    possible = (allowed - _CALLS_OF_A_JOB) // 2
    size = math.ceil(rows / possible) if possible > 0 else _BULK_SIZES + 1
    if size <= _BULK_SIZES:
        api = "" if plan.api == "bulk" else "api: bulk with "
        return f"Set {api}batch_size: {size} or more."
    return "No batch size fits; wait until calls are free, or have the limit raised."


def _bulk_batches(plan: PlanSummary, left: int | None) -> Iterator[Finding]:
    needed = sum(plan.batches.values())
    if left is None or needed <= left:
        return
    rows = sum(plan.planned.values())
    size = math.ceil(rows / left) if left else _BULK_SIZES + 1
    fits = f"Set batch_size: {size} or more" if size <= _BULK_SIZES else "No batch size fits: wait until some are free"
    message = f"the run needs {needed:,} Bulk API batches and {left:,} are left today"
    yield Finding(Level.STOP, message, f"{fits}, or set api: rest.")
