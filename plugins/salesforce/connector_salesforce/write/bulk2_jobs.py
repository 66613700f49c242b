"""Use ingest jobs of the Bulk API 2.0: open them, fill them once, hand them over, and read their state and results.

Bulk API 2.0 Developer Guide, "Create a Job", "Upload Job Data", "Upload Complete", "Get Information About a Job". Every
function raises `CallFailed`.
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
"""The states in which the result files of a job are complete.

A job in the state `OPEN` waits for its data. Calls put it into `HANDED_OVER` and `ABORTED`.
"""

_STATES = (OPEN, HANDED_OVER, "InProgress", *ENDED)
_PREFIX = "750"
"""The first characters of a job's id."""

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
    """A job as Salesforce describes it.

    `processed` counts its rows, including those that failed. `failed` counts only those, or is None if unknown.
    """

    state: str
    message: str
    processed: int
    failed: int | None = None


def create_job(client: Client, kind: JobKind) -> str:
    """Open a job, and return its id. A job that is never handed over executes nothing and ends by itself."""
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
    """Give a job its data. This works only once for a job."""
    client.upload(f"{_path(job)}/batches", body)


def hand_over(client: Client, job: str) -> None:
    """Let Salesforce execute a job."""
    _put_into(client, job, HANDED_OVER)


def abort(client: Client, job: str) -> None:
    """End a job. From now on it cannot be handed over, not even by a late call ("Abort a Job")."""
    _put_into(client, job, ABORTED)


def look(client: Client, job: str) -> JobState:
    """Return the state of a job. Before it runs, it has no counts: then `processed` is 0, and `failed` is None."""
    said = _read(client.get(_path(job)), job)
    processed, failed = said.get("numberRecordsProcessed"), said.get("numberRecordsFailed")
    if said["state"] in ENDED and (processed is None or (failed or 0) > processed):
        raise unreadable(
            f"the job {job} has ended with numberRecordsProcessed {processed}, numberRecordsFailed {failed}",
            Executed.MAYBE,
        )
    return JobState(said["state"], said.get("errorMessage") or "", processed or 0, failed)


@contextmanager
def result(client: Client, job: str, name: str) -> Iterator[IO[bytes]]:
    """Open a result file of a job that has ended ("Get Job Successful Record Results" and its two neighbors)."""
    with client.download(f"{_path(job)}/{name}") as file:
        yield file


def _path(job: str) -> str:
    return f"{_JOBS}/{segment(job)}"


def _put_into(client: Client, job: str, state: str) -> None:
    said = _read(client.write("PATCH", _path(job), json.dumps({"state": state}).encode()), job)
    if said["state"] == OPEN:
        raise unreadable(f"the job {job} is still {OPEN} after it was put into the state {state}", Executed.MAYBE)


def _read(said: Any, job: str) -> Mapping[str, Any]:
    """Return an answer about a job. Raises `CallFailed` for any other answer, even for one about another job."""
    found = require_object(said, _JOB, "the answer about a job", Executed.MAYBE)
    if found["id"][:SHORT] != job[:SHORT]:
        raise unreadable(f"the answer about the job {job} is one about {found['id']}", Executed.MAYBE)
    return found
