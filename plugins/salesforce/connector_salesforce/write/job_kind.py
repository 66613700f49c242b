"""Determine the kind of job that a batch needs in the Bulk APIs."""

from __future__ import annotations

from attrs import frozen

from connector_salesforce.config import Options
from connector_sdk import Action, Batch

_OPERATIONS = {Action.CREATE: "insert", Action.UPDATE: "update", Action.UPSERT: "upsert", Action.DELETE: "delete"}

ASSIGNED = ("Lead", "Case")
"""The objects for which a job takes an assignment rule (Bulk API Developer Guide, "JobInfo")."""


@frozen
class JobKind:
    """What a job is for. A run never uses a job of another run, because it does not know the anchors in it."""

    run: str
    object_name: str
    operation: str
    external_id: str | None = None
    assignment_rule: str | None = None


def kind_of(batch: Batch, options: Options) -> JobKind:
    """Return the kind of job that a batch needs."""
    operation = _OPERATIONS[batch.action]
    if batch.action is Action.DELETE and options.hard_delete:
        operation = "hardDelete"
    rule = options.assignment_rule
    assigning = rule not in ("on", "off") and batch.object_name in ASSIGNED
    key = batch.match_field if batch.action is Action.UPSERT else None
    return JobKind(batch.run, batch.object_name, operation, key, rule if assigning else None)
