"""Check a plan before it runs: permissions, limits, automation, and what cannot work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.org.permissions import check_permissions
from connector_salesforce.org.soql import select
from connector_salesforce.preflight.automation import check_automation
from connector_salesforce.preflight.limits import check_allowances
from connector_salesforce.preflight.version_needs import QUERY_JOBS, check_plan_version
from connector_salesforce.transport.answer_shape import TEXT, require_object
from connector_salesforce.transport.versions import number
from connector_salesforce.write.job_kind import ASSIGNED
from connector_sdk import Action, Finding, Level, PlanSummary

_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
"""The form of a JWT: three parts in base64url. The other kind of token begins with an org's id and an exclamation mark.
"""

_API = {"bulk": "the Bulk API", "bulk2": "the Bulk API 2.0", "rest": "the REST API"}


def check_plan(org: Org, plan: PlanSummary, options: Options) -> list[Finding]:
    """Return what is worth knowing before a run. Raises `CallFailed` if an object cannot be described."""
    return [
        *check_plan_version(org.client.version, plan, options),
        *check_permissions(org, plan),
        *_check_merge_login(org, plan),
        *_binary(org, plan),
        *_not_taken(org, plan),
        *_options(plan, options),
        *check_automation(org, plan),
        *check_allowances(org, plan, options),
    ]


def _check_merge_login(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    """Yield a stop if records are merged and the access token is a JWT, which the SOAP API refuses."""
    if plan.planned.get(Action.MERGE) and _JWT.fullmatch(org.client.login.token):
        message = "records are merged through the SOAP API, which refuses this login: its access token is in JWT format"
        advice = "Let the app issue opaque access tokens (in its OAuth settings, JWT-based access tokens off)."
        yield Finding(Level.STOP, message, advice)


def _binary(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    if plan.api == "rest":
        return
    wanted = {column.field for column in plan.columns}
    for name in plan.object_names:
        for each in org.describe(name)["fields"]:
            if each["name"] in wanted and each["type"] == "base64":
                message = f"{name}.{each['name']} is binary, which {_API[plan.api]} does not take"
                yield Finding(Level.STOP, message, "Set api: rest in the options of the sync.")


def _not_taken(org: Org, plan: PlanSummary) -> Iterator[Finding]:
    """Yield a stop for each object that the Bulk APIs do not take.

    They take custom objects and objects that run triggers. Descriptions of other objects do not tell. So this creates a
    query job of one record, which Salesforce refuses if the Bulk APIs do not take the object (Bulk API 2.0 Developer
    Guide, "Query").
    """
    for name in plan.object_names if plan.api != "rest" else ():
        described = org.describe(name)
        if described.get("custom") or described.get("triggerable", True):
            continue
        if number(org.client.version) < QUERY_JOBS:
            message = f"could not check whether {_API[plan.api]} takes {name}"
            yield Finding(Level.WARNING, message, f"That needs version {QUERY_JOBS}.0 of the API.")
            continue
        query = {"operation": "query", "query": f"{select(['Id'], name)} LIMIT 1"}
        try:
            job = org.client.write("POST", "/jobs/query", json.dumps(query).encode())
            require_object(job, {"id": TEXT}, "the answer about a query job")
        except CallFailed as error:
            if error.code == "InvalidEntity":
                message = f"{_API[plan.api]} does not take {name}: {error.message}"
                yield Finding(Level.STOP, message, "Set api: rest in the options of the sync.")
            else:
                message = f"could not check whether {_API[plan.api]} takes {name}: {error}"
                yield Finding(Level.WARNING, message, "If its batches fail, set api: rest in the options of the sync.")


def _options(plan: PlanSummary, options: Options) -> Iterator[Finding]:
    """Yield the options that the plan's API does not have, and those that need a permission."""
    api = _API[plan.api]
    if plan.api != "rest" and options.duplicate_rules == "allow":
        yield Finding(Level.WARNING, f"duplicate_rules: allow has no effect in {api}", "Set api: rest if it matters.")
    if plan.api != "rest":
        yield from _assignment(plan, options.assignment_rule)
    if options.hard_delete and plan.planned.get(Action.DELETE):
        yield _hard_delete(plan)


def _assignment(plan: PlanSummary, rule: str) -> Iterator[Finding]:
    """Yield a warning if the plan's Bulk API does not apply the assignment rule.

    The Bulk APIs apply only a rule that the job names by its id, and only to some objects.
    """
    if rule == "off":
        return
    if rule == "on":
        message = f"assignment_rules: on has no effect in {_API[plan.api]}, which needs the id of a rule"
        yield Finding(Level.WARNING, message, "Give the id of the rule, or set api: rest.")
        return
    for name in plan.object_names:
        if name not in ASSIGNED:
            message = f"assignment_rules has no effect on {name} in {_API[plan.api]}, which assigns leads and cases"
            yield Finding(Level.WARNING, message, "Set api: rest, or assignment_rules: off.")


def _hard_delete(plan: PlanSummary) -> Finding:
    if plan.api == "rest":
        message = "hard_delete has no effect in the REST API: records go to the recycle bin"
        return Finding(Level.WARNING, message, "Set api: bulk if they must not.")
    message = "records are deleted past the recycle bin, and cannot be restored"
    return Finding(Level.INFO, message, "The user needs the permission Bulk API Hard Delete.")
