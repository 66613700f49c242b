"""Jobs and batches of Bulk API as the server stores them."""

from __future__ import annotations

import zlib
from typing import Any

from attrs import define, field

from salesforce_emulator.origin import Origin

QUERIES = ("query", "queryAll")
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete", *QUERIES)
DONE = ("Completed", "Failed", "NotProcessed")


@define
class Batch:
    """One batch. Its data and results are stored compressed, so that a million rows fit into memory."""

    id: str
    job: Job
    created: float
    content_type: str
    request: bytes
    origin: Origin
    state: str = "Queued"
    message: str = ""
    modified: float = 0.0
    processed: int = 0
    failed: int = 0
    milliseconds: int = 0
    result_id: str = ""
    result: bytes = b""

    def data(self) -> bytes:
        """Return the data as the client sent them."""
        return zlib.decompress(self.request)

    def results(self) -> bytes:
        """Return the results in the format of the job."""
        return zlib.decompress(self.result)

    def facts(self, time: Any) -> dict[str, str | int]:
        """Return the elements of batchInfo, in order. `time` formats a moment."""
        return {
            "id": self.id,
            "jobId": self.job.id,
            "state": self.state,
            **({"stateMessage": self.message} if self.message else {}),
            "createdDate": time(self.created),
            "systemModstamp": time(self.modified or self.created),
            "numberRecordsProcessed": self.processed,
            "numberRecordsFailed": self.failed,
            "totalProcessingTime": self.milliseconds,
            "apiActiveProcessingTime": self.milliseconds,
            "apexProcessingTime": 0,
        }


@define
class Job:
    """One job of Bulk API."""

    id: str
    operation: str
    object_name: str
    content_type: str
    version: str
    user_id: str
    created: float
    key_name: str | None = None
    concurrency: str = "Parallel"
    assignment_rule: str | None = None
    state: str = "Open"
    modified: float = 0.0
    # The batches by the first 15 characters of their ids.
    batches: dict[str, Batch] = field(factory=dict)

    @property
    def is_json(self) -> bool:
        """Whether data and results are JSON."""
        return self.content_type == "JSON"

    def facts(self, time: Any) -> dict[str, str | int | float]:
        """Return the elements of jobInfo, in order. `time` formats a moment."""
        batches = list(self.batches.values())
        states = [batch.state for batch in batches]
        spent = sum(batch.milliseconds for batch in batches)
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.user_id,
            "createdDate": time(self.created),
            "systemModstamp": time(self.modified or self.created),
            "state": self.state,
            **({"externalIdFieldName": self.key_name} if self.key_name else {}),
            "concurrencyMode": self.concurrency,
            "contentType": self.content_type,
            **({"assignmentRuleId": self.assignment_rule} if self.assignment_rule else {}),
            "numberBatchesQueued": states.count("Queued"),
            "numberBatchesInProgress": states.count("InProgress"),
            "numberBatchesCompleted": states.count("Completed"),
            "numberBatchesFailed": states.count("Failed"),
            "numberBatchesTotal": len(batches),
            "numberRecordsProcessed": sum(batch.processed for batch in batches),
            "numberRetries": 0,
            "apiVersion": float(self.version),
            "numberRecordsFailed": sum(batch.failed for batch in batches),
            "totalProcessingTime": spent,
            "apiActiveProcessingTime": spent,
            "apexProcessingTime": 0,
        }
