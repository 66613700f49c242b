"""The jobs of Bulk API, and the processing of their batches."""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from threading import RLock

from salesforce_emulator.clock import Clock
from salesforce_emulator.dml.model import Interrupted, Operation, RowInput, RowResult, Terms, Write
from salesforce_emulator.ids import id_series
from salesforce_emulator.jobs import results as result_files
from salesforce_emulator.jobs.bulk_job import QUERIES, Batch, Job
from salesforce_emulator.jobs.failing import BatchFailed
from salesforce_emulator.jobs.query_results import render_query
from salesforce_emulator.jobs.workers import Workers
from salesforce_emulator.schema import Schema
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.tokens import SoqlError

ReadRows = Callable[[Batch], tuple[Schema, list[RowInput]]]
Execute = Callable[[Write, str], Iterator[list[RowResult]]]
RunQuery = Callable[[str, str, bool, str], Found]

_KEPT_SECONDS = 7 * 86_400

_LOG = logging.getLogger("salesforce_emulator")


class Jobs:
    """All jobs of the org."""

    def __init__(self, read: ReadRows, execute: Execute, query: RunQuery, clock: Clock, workers: Workers) -> None:
        self._read = read
        self._execute = execute
        self._query = query
        self._clock = clock
        self._workers = workers
        self._lock = RLock()
        self._jobs: dict[str, Job] = {}
        self.reset()

    def reset(self) -> None:
        """Remove every job and restart its ids.

        Paths contain these ids, and fault rules with a rate depend on paths. Repeated ids thus repeat the faults.
        """
        with self._lock:
            self._jobs.clear()
            self.next_job, self.next_batch, self._next_result = id_series("750"), id_series("751"), id_series("752")

    def add(self, job: Job) -> None:
        """Store a new job."""
        with self._lock:
            self._jobs[job.id[:15]] = job

    def find(self, job_id: str) -> Job | None:
        """Return the job with a 15- or 18-character id, unless it ended more than seven days ago.

        Bulk API Developer Guide, "Limits".
        """
        with self._lock:
            horizon = self._clock.now() - _KEPT_SECONDS
            old = [key for key, job in self._jobs.items() if job.state != "Open" and job.modified < horizon]
            for key in old:
                del self._jobs[key]
            return self._jobs.get(job_id[:15])

    def submit(self, batch: Batch, slow: float = 0.0) -> None:
        """Queue a batch. It starts after the org's delay and `slow` further seconds."""
        batch.job.batches[batch.id[:15]] = batch
        batch.job.modified = self._clock.now()
        alone = batch.job.concurrency == "Serial"
        self._workers.submit(partial(self._run, batch), batch.job, slow, alone)

    def end(self, job: Job, state: str) -> None:
        """Close or abort a job. The waiting batches of an aborted job are not processed."""
        with self._lock:
            job.state = state
            job.modified = self._clock.now()
            if state == "Aborted":
                self._workers.withdraw(job)
                for batch in job.batches.values():
                    if batch.state == "Queued":
                        batch.state = "NotProcessed"

    def _run(self, batch: Batch) -> None:
        with self._lock:
            if batch.state != "Queued":
                return
            batch.state = "InProgress"
        started = time.perf_counter()
        state, message = "Completed", ""
        try:
            self._process(batch)
        except (BatchFailed, Interrupted) as failure:
            state, message = "Failed", failure.state_message
        except Exception as error:
            _LOG.exception("batch %s", batch.id)
            state, message = "Failed", f"InternalServerError : {error!r}"
        batch.milliseconds = max(1, round((time.perf_counter() - started) * 1000))
        batch.message, batch.modified = message, self._clock.now()
        batch.state = state
        batch.job.modified = batch.modified

    def _process(self, batch: Batch) -> None:
        if batch.job.operation in QUERIES:
            self._process_query(batch)
            return
        found: list[RowResult] = []
        try:
            for chunk in self._execute(self._write(batch), batch.job.user_id):
                found += chunk
                batch.processed = len(found)
                batch.failed += sum(not result.success for result in chunk)
        except Interrupted:
            # If a batch fails halfway, it still has results for the processed rows.
            if found:
                self._keep(batch, found)
            raise
        self._keep(batch, found)

    def _keep(self, batch: Batch, found: list[RowResult]) -> None:
        batch.result = zlib.compress(result_files.render(found, batch.job.content_type), 1)

    def _write(self, batch: Batch) -> Write:
        job = batch.job
        operation: Operation = job.operation  # type: ignore[assignment]
        schema, rows = self._read(batch)
        key_at = schema.position[job.key_name.lower()] if job.key_name else 0
        terms = Terms(asynchronous=True, assignment=job.assignment_rule or "")
        return Write(schema, operation, rows, key_at=key_at, origin=batch.origin, terms=terms)

    def _process_query(self, batch: Batch) -> None:
        statement = batch.data().decode()
        try:
            found = self._query(statement, batch.job.version, batch.job.operation == "queryAll", batch.job.user_id)
        except SoqlError as error:
            raise BatchFailed("InvalidBatch", f"Failed to process query: {error.code}: {error.message}") from error
        batch.processed = found.total
        batch.result_id = self._next_result()
        batch.result = zlib.compress(render_query(found, batch.job.content_type), 1)
