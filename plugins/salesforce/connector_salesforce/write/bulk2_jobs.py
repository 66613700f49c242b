"""Ingest jobs of the Bulk API 2.0: opened, filled once, handed over, looked at; and their result files.

Bulk API 2.0 Developer Guide, "Create a Job", "Upload Job Data", "Upload Complete", "Get Information About a Job".
Every function raises `CallFailed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from attrs import frozen

from connector_salesforce.ids import SHORT
from connector_salesforce.transport.answer_shape import (
    COUNT,
    ID,
    TEXT,
    MemberKind,
    Shape,
    optional,
    require_object,
    unreadable,
)
from connector_salesforce.transport.client import Client, segment
from connector_salesforce.write.job_kind import JobKind
from connector_sdk import Executed

OPEN, HANDED_OVER, ABORTED = "Open", "UploadComplete", "Aborted"
ENDED = ("JobComplete", "Failed", ABORTED)
"""The state of a job that waits for its data, those that it is put into, and those in which its result files are
complete."""

_STATES = (OPEN, HANDED_OVER, "InProgress", *ENDED)
_PREFIX = "750"
"""What the ids of jobs begin with."""

_NEW_JOB: Shape = {"id": MemberKind("the id of a job", lambda value: ID.holds(value) and value.startswith(_PREFIX))}
_JOB: Shape = {
    **_NEW_JOB,
    "state": MemberKind("a state of jobs", lambda value: value in _STATES),
    "errorMessage": optional(TEXT),
    "numberRecordsProcessed": optional(COUNT),
    "numberRecordsFailed": optional(COUNT),
}

_JOBS = "/jobs/ingest"


@frozen
class JobState:
    """A job as Salesforce describes it. `processed` counts rows, those that failed too, `failed` these, where told."""

    state: str
    message: str
    processed: int
    failed: int | None = None


def create_job(client: Client, kind: JobKind) -> str:
    """Open a job; its id. A job that is never handed over executes nothing and ends by itself."""
    values = {
        "object": kind.object_name,
        "operation": kind.operation,
        "externalIdFieldName": kind.external_id,
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
        "assignmentRuleId": kind.assignment_rule,
    }
    given = {name: value for name, value in values.items() if value is not None}
    said = require_object(client.write("POST", _JOBS, json.dumps(given).encode()), _NEW_JOB, "the answer about a job")
    return str(said["id"])


def fill(client: Client, job: str, body: bytes) -> None:
    """Give a job its data, which is done once per job."""
    client.upload(f"{_path(job)}/batches", body)


def hand_over(client: Client, job: str) -> None:
    """Let Salesforce execute a job."""
    _put_into(client, job, HANDED_OVER)


def abort(client: Client, job: str) -> None:
    """End a job: from now on it cannot be handed over, not even by a call that is late ("Abort a Job")."""
    _put_into(client, job, ABORTED)


def look(client: Client, job: str) -> JobState:
    """The state of a job; counts are left out of it before it runs."""
    said = _read(client.get(_path(job)), job)
    processed, failed = said.get("numberRecordsProcessed"), said.get("numberRecordsFailed")
    if said["state"] in ENDED and (processed is None or (failed or 0) > processed):
        raise unreadable(f"of the job {job}, {processed} rows were processed and {failed} failed", Executed.MAYBE)
    return JobState(said["state"], said.get("errorMessage") or "", processed or 0, failed)


@contextmanager
def result(client: Client, job: str, name: str) -> Iterator[IO[bytes]]:
    """A result file of a job that has ended ("Get Job Successful Record Results" and its two neighbours)."""
    with client.download(f"{_path(job)}/{name}") as file:
        yield file


def _path(job: str) -> str:
    return f"{_JOBS}/{segment(job)}"


def _put_into(client: Client, job: str, state: str) -> None:
    said = _read(client.write("PATCH", _path(job), json.dumps({"state": state}).encode()), job)
    if said["state"] == OPEN:
        raise unreadable(f"the job {job} is still {OPEN} after it was put into the state {state}", Executed.MAYBE)


def _read(said: Any, job: str) -> Mapping[str, Any]:
    """An answer about a job. Raises `CallFailed` for any other answer, also one about another job."""
    found = require_object(said, _JOB, "the answer about a job", Executed.MAYBE)
    if found["id"][:SHORT] != job[:SHORT]:
        raise unreadable(f"the answer about the job {job} is one about {found['id']}", Executed.MAYBE)
    return found
