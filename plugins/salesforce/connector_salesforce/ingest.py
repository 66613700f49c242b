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

from connector_salesforce.client import Client, segment
from connector_salesforce.failure import CallFailed
from connector_salesforce.job_kind import JobKind
from connector_sdk import Executed

OPEN, ENDED = "Open", ("JobComplete", "Failed", "Aborted")
"""The state of a job that waits for its data, and those in which its result files are complete."""

_JOBS = "/jobs/ingest"


@frozen
class JobState:
    """A job as Salesforce describes it. `processed` counts rows, those that failed too, `failed` these, where told."""

    state: str
    message: str
    processed: int
    failed: int | None = None


def opened(client: Client, kind: JobKind) -> str:
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
    return str(_read(client.write("POST", _JOBS, json.dumps(given).encode()), "id")["id"])


def fill(client: Client, job: str, body: bytes) -> None:
    """Give a job its data, which is done once per job."""
    client.upload(f"{_path(job)}/batches", body)


def hand_over(client: Client, job: str) -> None:
    """Let Salesforce execute a job."""
    _put_into(client, job, "UploadComplete")


def abort(client: Client, job: str) -> None:
    """End a job: from now on it cannot be handed over, not even by a call that is late ("Abort a Job")."""
    _put_into(client, job, "Aborted")


def look(client: Client, job: str) -> JobState:
    """The state of a job; counts are left out of it before it runs."""
    said = _read(client.get(_path(job)), "state")
    processed, failed = _count(said, "numberRecordsProcessed"), _count(said, "numberRecordsFailed")
    return JobState(str(said["state"]), str(said.get("errorMessage") or ""), processed or 0, failed)


@contextmanager
def result(client: Client, job: str, name: str) -> Iterator[IO[bytes]]:
    """A result file of a job that has ended ("Get Job Successful Record Results" and its two neighbours)."""
    with client.download(f"{_path(job)}/{name}") as file:
        yield file


def _path(job: str) -> str:
    return f"{_JOBS}/{segment(job)}"


def _put_into(client: Client, job: str, state: str) -> None:
    client.write("PATCH", _path(job), json.dumps({"state": state}).encode())


def _read(said: Any, key: str) -> Mapping[str, Any]:
    if isinstance(said, dict) and said.get(key):
        return said
    raise CallFailed("ANSWER_UNREADABLE", f"the answer about a job has no {key}", Executed.MAYBE)


def _count(said: Mapping[str, Any], key: str) -> int | None:
    count = said.get(key)
    if count is None or isinstance(count, int):
        return count
    raise CallFailed("ANSWER_UNREADABLE", f"the answer about a job has the {key} {count!r}", Executed.MAYBE)
