"""The jobs of Bulk API 2.0 as the server stores them."""

from __future__ import annotations

from threading import Lock
from typing import Any, Protocol

from attrs import define, field

from salesforce_emulator.clock import data_time
from salesforce_emulator.jobs.layout import Layout
from salesforce_emulator.origin import Origin
from salesforce_emulator.soql.running import Found


class Loading(Protocol):
    """The loading of a job's data, which runs in the background."""

    def give_up(self) -> None:
        """Write the remaining rows of an aborted job to its unprocessed records. Return when they are written."""
        ...


ENDED = ("JobComplete", "Failed", "Aborted")


@define(eq=False)
class Job:
    """The attributes that both kinds of jobs share. `origin` is the call that sent the data."""

    id: str
    operation: str
    object_name: str
    version: str
    user_id: str
    created: float
    layout: Layout
    origin: Origin
    state: str = "Open"
    modified: float = 0.0
    processed: int = 0
    milliseconds: int = 0
    error_message: str = ""
    began: bool = False
    lock: Lock = field(factory=Lock)

    def begins(self, moment: float) -> bool:
        """Change the state from UploadComplete to InProgress. Return False if the job was aborted."""
        with self.lock:
            if self.state == "UploadComplete":
                self.state, self.modified, self.began = "InProgress", moment, True
            return self.state == "InProgress"

    def ends(self, state: str, moment: float, message: str = "") -> None:
        """Change to an end state. An aborted job stays aborted."""
        with self.lock:
            if self.state not in ENDED:
                self.state, self.error_message = state, message
            self.modified = moment

    def facts(self) -> dict[str, Any]:
        """Return the job's keys that every response has."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.user_id,
            "createdDate": data_time(self.created),
            "systemModstamp": data_time(self.modified or self.created),
            "state": self.state,
            **self._key_facts(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
        }

    def in_list(self, kind: str) -> dict[str, Any]:
        """Return the job's keys in a list of jobs. `kind` is V2Ingest or V2Query."""
        return {**self.facts(), **self._place(), "jobType": kind, **self._layout()}

    def _key_facts(self) -> dict[str, str]:
        return {}

    def _place(self) -> dict[str, str]:
        return {}

    def _layout(self) -> dict[str, str]:
        return {"lineEnding": self.layout.line_ending, "columnDelimiter": self.layout.delimiter}


@define(eq=False)
class IngestJob(Job):
    """A job that loads data. The lists hold compressed parts of the result files."""

    key_name: str | None = None
    assignment_rule: str | None = None
    data: bytes | None = None
    header: list[str] = field(factory=list)
    failed: int = 0
    successful: list[bytes] = field(factory=list)
    failures: list[bytes] = field(factory=list)
    unprocessed: list[bytes] = field(factory=list)
    loading: Loading | None = None

    def creation_facts(self) -> dict[str, Any]:
        """Return the response to the job's creation."""
        return {**self.facts(), **self._place(), **self._layout()}

    def info(self) -> dict[str, Any]:
        """Return the response to a request for the job."""
        return {
            **self.in_list("V2Ingest"),
            "numberRecordsProcessed": self.processed,
            "numberRecordsFailed": self.failed,
            "retries": 0,
            "totalProcessingTime": self.milliseconds,
            "apiActiveProcessingTime": self.milliseconds,
            "apexProcessingTime": 0,
            **({"errorMessage": self.error_message} if self.error_message else {}),
        }

    def _key_facts(self) -> dict[str, str]:
        facts = {"externalIdFieldName": self.key_name, "assignmentRuleId": self.assignment_rule}
        return {name: value for name, value in facts.items() if value}

    def _place(self) -> dict[str, str]:
        where = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return {"contentUrl": where} if self.state == "Open" else {}


@define(eq=False)
class QueryJob(Job):
    """A job that runs a query. `found` holds the rows as they were when the job ran."""

    query: str = ""
    found: Found | None = None

    def creation_facts(self) -> dict[str, Any]:
        """Return the response to the job's creation."""
        return {**self.facts(), **self._layout()}

    def info(self) -> dict[str, Any]:
        """Return the response to a request for the job."""
        return {
            **self.in_list("V2Query"),
            "numberRecordsProcessed": self.processed,
            "retries": 0,
            "totalProcessingTime": self.milliseconds,
            **({"errorMessage": self.error_message} if self.error_message else {}),
        }
