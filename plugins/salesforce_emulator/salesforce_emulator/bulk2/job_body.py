"""Read the body of a call that creates a job or changes its state."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from salesforce_emulator.automation.rules import ASSIGNED, assignment
from salesforce_emulator.bulk2.refusals import invalid_job, invalid_state, no_entity
from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError
from salesforce_emulator.jobs.bulk2_job import ENDED, IngestJob, Job, QueryJob
from salesforce_emulator.jobs.layout import DELIMITERS, LINE_ENDINGS, Layout
from salesforce_emulator.schema import Schema
from salesforce_emulator.soql.running import Found

_INGEST = ("insert", "update", "upsert", "delete", "hardDelete")
_QUERY = ("query", "queryAll")
_SHARED = frozenset({"operation", "contentType", "lineEnding", "columnDelimiter", "concurrencyMode"})
_INGEST_KEYS = _SHARED | {"object", "externalIdFieldName", "assignmentRuleId"}
_ASSIGNS_SINCE = 49
_QUERY_KEYS = _SHARED | {"query"}
_NO_HARD_DELETE = (
    "hardDelete operation requires special user profile permission, please contact your system administrator"
)
_SPOKEN = {"JobComplete": "Completed"}


def ingest_job(call: Call, body: Any) -> IngestJob:
    """Return the ingest job that a body asks for. Raises ApiError."""
    given = _check_keys(
        body, _INGEST_KEYS if float(call.version) >= _ASSIGNS_SINCE else _INGEST_KEYS - {"assignmentRuleId"}
    )
    operation = _operation(given, _INGEST)
    schema = call.schemas.find(_text(given, "object"))
    if schema is None or schema.object.event_type in ("Change", "Standard"):
        raise no_entity(_text(given, "object"))
    if operation == "hardDelete" and not call.may_hard_delete:
        raise ApiError(400, "FEATURENOTENABLED", _NO_HARD_DELETE)
    return IngestJob(
        id=call.world.jobs.next_job(),
        operation=operation,
        object_name=schema.name,
        version=call.version,
        user_id=call.session.user_id,
        created=call.world.clock.now(),
        layout=_layout(given),
        origin=call.origin,
        key_name=_key(schema, given) if operation == "upsert" else None,
        assignment_rule=_assignment_rule(schema, _text(given, "assignmentRuleId")),
    )


def query_job(call: Call, body: Any, found: Found) -> QueryJob:
    """Return the query job that a body asks for. `found` is the current result of its query. Raises ApiError."""
    given = _check_keys(body, _QUERY_KEYS)
    return QueryJob(
        id=call.world.jobs.next_job(),
        operation=_operation(given, _QUERY),
        object_name=found.object_name,
        version=call.version,
        user_id=call.session.user_id,
        created=call.world.clock.now(),
        layout=_layout(given),
        origin=call.origin,
        state="UploadComplete",
        query=_text(given, "query"),
    )


def next_state(job: Job, body: Any, allowed: Collection[str]) -> str:
    """Return the new state of a job if the change is allowed. Raises ApiError."""
    state = _text(_check_keys(body, {"state"}), "state")
    if state not in allowed:
        raise invalid_job(f"A job cannot be put into state {state!r}")
    if job.state in ENDED or (state == "UploadComplete" and job.state != "Open"):
        word = "Closing" if state == "UploadComplete" else "Aborting"
        raise invalid_state(f"{word} already {_SPOKEN.get(job.state, job.state)} Job not allowed")
    return state


def _check_keys(body: Any, known: Collection[str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must be a job")
    for key in body:
        if key not in known:
            raise ApiError(400, "JSON_PARSER_ERROR", f'Unrecognized field "{key}"')
    return {key: value for key, value in body.items() if value is not None}


def _text(given: dict[str, Any], key: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{key} must be a text")
    return value


def _operation(given: dict[str, Any], allowed: Collection[str]) -> str:
    operation = _text(given, "operation")
    if operation not in allowed:
        raise invalid_job(f"Unknown operation: {operation}" if operation else "Operation is required")
    if _text(given, "contentType") not in ("", "CSV"):
        raise invalid_job(f"Unsupported content type: {given['contentType']}")
    return operation


def _layout(given: dict[str, Any]) -> Layout:
    delimiter, ending = given.get("columnDelimiter", "COMMA"), given.get("lineEnding", "LF")
    if delimiter not in DELIMITERS:
        raise invalid_job(f"Unknown column delimiter: {delimiter}")
    if ending not in LINE_ENDINGS:
        raise invalid_job(f"Unknown line ending: {ending}")
    return Layout(delimiter, ending)


def _assignment_rule(schema: Schema, rule_id: str) -> str | None:
    if rule_id and (schema.name not in ASSIGNED or assignment(schema, rule_id) is None):
        raise invalid_job(f"{schema.name} has no assignment rule {rule_id}")
    return rule_id or None


def _key(schema: Schema, given: dict[str, Any]) -> str:
    name = _text(given, "externalIdFieldName")
    if not name:
        message = f"External ID was blank for {schema.name}. An External ID must be specified for upsert."
        raise invalid_job(message)
    field = schema.field(name)
    if field is None or not field.id_lookup:
        kinds = "an External ID, Salesforce Id, or indexed field"
        raise invalid_job(f"Field name provided, {name} does not match {kinds} for {schema.name}")
    return field.name
