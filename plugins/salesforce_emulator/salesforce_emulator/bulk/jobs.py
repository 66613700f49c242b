"""Jobs, and the worker that runs their batches: later than they are posted, in any order."""

from __future__ import annotations

import logging
import random
import time
import zlib
from collections.abc import Callable, Iterator
from threading import Condition, Thread

from attrs import define

from salesforce_emulator.bulk import results as result_files
from salesforce_emulator.bulk.failing import BatchFailed
from salesforce_emulator.bulk.model import QUERIES, Batch, Job
from salesforce_emulator.bulk.query_results import render_query
from salesforce_emulator.clock import Clock
from salesforce_emulator.dml.model import Operation, RowInput, RowResult, Write
from salesforce_emulator.ids import id_series
from salesforce_emulator.org.model import BulkSettings
from salesforce_emulator.soql.running import Found
from salesforce_emulator.soql.tokens import SoqlError

ReadRows = Callable[[Batch], list[RowInput]]
Execute = Callable[[Write], Iterator[list[RowResult]]]
RunQuery = Callable[[str, str, bool], Found]

_LOG = logging.getLogger("salesforce_emulator")


@define
class _Waiting:
    due: float
    batch: Batch


class Jobs:
    """All jobs of the org. The worker starts with the first batch and ends with `close`."""

    def __init__(
        self, read: ReadRows, execute: Execute, query: RunQuery, clock: Clock, settings: BulkSettings, seed: int
    ) -> None:
        self._read = read
        self._execute = execute
        self._query = query
        self._clock = clock
        self._settings = settings
        self._chance = random.Random(seed)
        self._changed = Condition()
        self._worker: Thread | None = None
        self._closing = False
        self._running = False
        self._waiting: list[_Waiting] = []
        self._jobs: dict[str, Job] = {}
        self.next_job, self.next_batch, self._next_result = id_series("750"), id_series("751"), id_series("752")

    def reset(self) -> None:
        """Forget every job, once the batch that runs is finished."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(lambda: not self._running)
            self._jobs.clear()

    def close(self) -> None:
        """End the worker after the batch that it runs."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify()
        if self._worker is not None:
            self._worker.join()

    def add(self, job: Job) -> None:
        """Keep a new job."""
        with self._changed:
            self._jobs[job.id[:15]] = job

    def find(self, job_id: str) -> Job | None:
        """The job of a 15- or 18-character id."""
        return self._jobs.get(job_id[:15])

    def submit(self, batch: Batch, slow: float = 0.0) -> None:
        """Queue a batch; it runs after the org's delay and `slow` seconds more."""
        with self._changed:
            batch.job.batches[batch.id[:15]] = batch
            batch.job.modified = self._clock.now()
            self._waiting.append(_Waiting(time.monotonic() + self._delay() + slow, batch))
            if self._worker is None:
                self._worker = Thread(target=self._work, name="salesforce-emulator-bulk", daemon=True)
                self._worker.start()
            self._changed.notify()

    def _delay(self) -> float:
        # Drawn for each batch: Salesforce promises no order, in Serial mode either.
        spread = 0.5 + self._chance.random() if self._settings.shuffle else 1.0
        return self._settings.delay * spread

    def end(self, job: Job, state: str) -> None:
        """Close or abort a job; batches that wait are not processed once it is aborted."""
        with self._changed:
            job.state = state
            job.modified = self._clock.now()
            if state == "Aborted":
                for waiting in [waiting for waiting in self._waiting if waiting.batch.job is job]:
                    self._waiting.remove(waiting)
                    waiting.batch.state = "NotProcessed"

    def _work(self) -> None:
        while (batch := self._following()) is not None:
            started = time.perf_counter()
            state, message = "Completed", ""
            try:
                self._process(batch)
            except BatchFailed as failure:
                state, message = "Failed", failure.state_message
            except Exception as error:
                _LOG.exception("batch %s", batch.id)
                state, message = "Failed", f"InternalServerError : {error!r}"
            batch.milliseconds = max(1, round((time.perf_counter() - started) * 1000))
            batch.message, batch.modified = message, self._clock.now()
            batch.state = state
            batch.job.modified = batch.modified
            with self._changed:
                self._running = False
                self._changed.notify_all()

    def _following(self) -> Batch | None:
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                due = [waiting for waiting in self._waiting if waiting.due <= now]
                if due:
                    chosen = self._chance.choice(due) if self._settings.shuffle else due[0]
                    self._waiting.remove(chosen)
                    chosen.batch.state = "InProgress"
                    self._running = True
                    return chosen.batch
                soonest = min((waiting.due for waiting in self._waiting), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
        return None

    def _process(self, batch: Batch) -> None:
        if batch.job.operation in QUERIES:
            self._process_query(batch)
            return
        found: list[RowResult] = []
        for chunk in self._execute(self._write(batch)):
            found += chunk
            batch.processed = len(found)
            batch.failed += sum(not result.success for result in chunk)
        batch.result = zlib.compress(result_files.render(found, batch.job.content_type), 1)

    def _write(self, batch: Batch) -> Write:
        job = batch.job
        operation: Operation = job.operation  # type: ignore[assignment]
        rows = self._read(batch)
        return Write(job.schema, operation, rows, key_at=job.key_at or 0, origin=batch.origin)

    def _process_query(self, batch: Batch) -> None:
        statement = batch.data().decode()
        try:
            found = self._query(statement, batch.job.version, batch.job.operation == "queryAll")
        except SoqlError as error:
            raise BatchFailed("InvalidBatch", f"Failed to process query: {error.code}: {error.message}") from error
        batch.processed = found.total
        batch.result_id = self._next_result()
        batch.result = zlib.compress(render_query(found, batch.job.content_type), 1)
