"""Check a jobInfo from a client: a new job, or a new state of one."""

from __future__ import annotations

from collections.abc import Mapping

from salesforce_emulator.automation.rules import ASSIGNED, assignment
from salesforce_emulator.call import Call
from salesforce_emulator.errors import BulkError
from salesforce_emulator.jobs.bulk_job import OPERATIONS, QUERIES, Job
from salesforce_emulator.schema import Schema

_CONTENT_TYPES = ("CSV", "JSON", "XML")
# Java clients send the position of the value in its enum.
_CONCURRENCY = {"Parallel": "Parallel", "Serial": "Serial", "0": "Parallel", "1": "Serial"}


def new_job(call: Call, info: Mapping[str, str]) -> Job:
    """Return the job that `info` asks for. Raises BulkError."""
    world = call.world
    operation = info.get("operation", "")
    if operation not in OPERATIONS:
        raise BulkError("InvalidJob", f"Unknown operation: {operation}" if operation else "Operation is required")
    schema = call.schemas.find(info.get("object", ""))
    if schema is None or schema.object.event_type is not None:
        raise BulkError("InvalidEntity", f"Entity '{info.get('object', '')}' is not supported by the Bulk API.")
    _check_permission(call, operation)
    key_at = _key(schema, operation, info)
    return Job(
        id=world.jobs.next_job(),
        operation=operation,
        object_name=schema.name,
        content_type=_content_type(info),
        version=call.version,
        user_id=call.session.user_id,
        created=world.clock.now(),
        key_name=None if key_at is None else schema.fields[key_at].name,
        concurrency=_concurrency(info),
        assignment_rule=_assignment_rule(schema, info.get("assignmentRuleId")),
    )


def _assignment_rule(schema: Schema, rule_id: str | None) -> str | None:
    if rule_id and (schema.name not in ASSIGNED or assignment(schema, rule_id) is None):
        raise BulkError("InvalidJob", f"{schema.name} has no assignment rule {rule_id}")
    return rule_id


def _check_permission(call: Call, operation: str) -> None:
    if operation == "hardDelete" and not call.may_hard_delete:
        message = "hardDelete operation requires special user profile permission, please contact your system "
        raise BulkError("FeatureNotEnabled", message + "administrator")


def _content_type(info: Mapping[str, str]) -> str:
    content_type = info.get("contentType", "XML")
    if content_type not in _CONTENT_TYPES:
        raise BulkError("InvalidJob", f"The emulator does not read batches of type {content_type}")
    if info.get("operation") in QUERIES and content_type == "XML":
        raise BulkError("InvalidJob", "The emulator answers queries in CSV and JSON")
    return content_type


def _concurrency(info: Mapping[str, str]) -> str:
    mode = info.get("concurrencyMode", "Parallel")
    if mode not in _CONCURRENCY:
        raise BulkError("InvalidJob", f"Unknown concurrency mode: {mode}")
    return _CONCURRENCY[mode]


def _key(schema: Schema, operation: str, info: Mapping[str, str]) -> int | None:
    if operation != "upsert":
        return None
    name = info.get("externalIdFieldName")
    if not name:
        message = f"External ID was blank for {schema.name}. An External ID must be specified for upsert."
        raise BulkError("InvalidJob", message)
    at = schema.at(name)
    if at is None or not schema.fields[at].id_lookup:
        kinds = "an External ID, Salesforce Id, or indexed field"
        message = f"Field name provided, {name} does not match {kinds} for {schema.name}"
        raise BulkError("InvalidJob", message)
    return at


def check_state_change(job: Job, state: str) -> str:
    """Return the new state of a job if the change is allowed. Raises BulkError."""
    if state not in ("Closed", "Aborted"):
        raise BulkError("InvalidJob", f"A job cannot be put into state {state!r}")
    if job.state != "Open" and (state == "Closed" or job.state == "Aborted"):
        word = "Closing" if state == "Closed" else "Aborting"
        raise BulkError("InvalidJobState", f"{word} already {job.state} Job not allowed")
    return state
