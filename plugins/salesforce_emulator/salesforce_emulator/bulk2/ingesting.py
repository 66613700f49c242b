"""Load the data of an ingest job: internal batches of 10,000 rows, in chunks of 200, several batches at once.

Bulk API 2.0 and Bulk API Developer Guide, "How Requests Are Processed".
"""

from __future__ import annotations

import logging
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Event, Lock

from salesforce_emulator.allocations import BULK_BATCHES
from salesforce_emulator.dml.model import Interrupted, Operation, RowResult, Terms, Write
from salesforce_emulator.jobs.bulk2_job import IngestJob
from salesforce_emulator.jobs.csv_rows import Column, columns_of, row_of
from salesforce_emulator.jobs.failing import BatchFailed
from salesforce_emulator.schema import Schemas
from salesforce_emulator.world import World

_INTERNAL_BATCH = 10_000
_ONLY_IDS = ("delete", "hardDelete")
_LOG = logging.getLogger("salesforce_emulator")

_Cells = list[str]


class Loading:
    """The loading of one job. Several threads help; each takes internal batches until none is left."""

    def __init__(self, world: World, job: IngestJob) -> None:
        self._world = world
        self._job = job
        self._lock = Lock()
        self._finished = Event()
        self._lines = job.layout.read(job.data or b"")
        self._columns: list[Column] = []
        self._at_work = 0
        self._failure = ""
        self._chance = random.Random(f"{world.seed}:{job.id}")

    def start(self, slow: float) -> None:
        """Queue the loading: one task for each thread that may help."""
        for _ in range(self._world.org.workers):
            self._world.workers.submit(self._help, self._job, slow)

    def give_up(self) -> None:
        """Write the remaining rows of an aborted job to its unprocessed records. Return when they are written."""
        if self._job.began:
            self._finished.wait(10)
        else:
            self._world.workers.withdraw(self._job)
            with self._lock:
                self._finish()

    def _help(self) -> None:
        with self._lock:
            self._at_work += 1
        started = time.perf_counter()
        try:
            while (batch := self._read_next()) is not None:
                self._load(batch)
        except (BatchFailed, Interrupted) as failure:
            self._failure = self._failure or failure.state_message
        except Exception as error:
            _LOG.exception("job %s", self._job.id)
            self._failure = self._failure or f"InternalServerError : {error!r}"
        self._job.milliseconds += max(1, round((time.perf_counter() - started) * 1000))
        with self._lock:
            self._at_work -= 1
            if not self._at_work:
                self._finish()

    def _read_next(self) -> list[_Cells] | None:
        with self._lock:
            if self._failure or not self._job.begins(self._world.clock.now()):
                return None
            if not self._columns:
                self._read_header()
            batch = self._rows()
            return batch or None

    def _read_header(self) -> None:
        job = self._job
        job.header = next(self._lines, [])
        if not job.header:
            raise BatchFailed("InvalidBatch", "Batch is empty")
        if job.operation in _ONLY_IDS and [name.lower() for name in job.header] != ["id"]:
            raise BatchFailed("InvalidBatch", "The 'delete/hard_delete' batch must contain only ids")
        schemas = self._schemas()
        self._columns = columns_of(job.header, schemas.get(job.object_name), schemas)

    def _schemas(self) -> Schemas:
        """Return the objects as the user of the job sees them now."""
        return self._world.view(self._job.user_id).schemas

    def _rows(self) -> list[_Cells]:
        return list(islice((cells for cells in self._lines if cells), _INTERNAL_BATCH))

    def _load(self, batch: list[_Cells]) -> None:
        # If the allocation refuses a batch, its rows appear in no result file.
        if not self._world.allocations.take(BULK_BATCHES):
            return
        results: list[RowResult] = []
        try:
            for chunk in self._chunks(batch):
                results += chunk
                self._count(chunk)
                if self._failure or self._job.state != "InProgress":
                    break
        finally:
            self._file(batch, results)

    def _chunks(self, batch: list[_Cells]) -> Iterator[list[RowResult]]:
        job, schema = self._job, self._schemas().get(self._job.object_name)
        operation: Operation = job.operation  # type: ignore[assignment]
        rows = [row_of(self._columns, cells) for cells in batch]
        key_at = schema.position[job.key_name.lower()] if job.key_name else 0
        terms = Terms(asynchronous=True, assignment=job.assignment_rule or "")
        write = Write(schema, operation, rows, key_at=key_at, origin=job.origin, terms=terms)
        return self._world.engine.chunks(write, job.user_id)

    def _count(self, chunk: Sequence[RowResult]) -> None:
        with self._lock:
            self._job.processed += len(chunk)
            self._job.failed += sum(not result.success for result in chunk)

    def _file(self, batch: list[_Cells], results: list[RowResult]) -> None:
        """Write the results of a batch to the result files.

        Rows are shuffled, because Salesforce promises no order within the files.
        """
        done = list(zip(results, batch, strict=False))
        self._chance.shuffle(done)
        good = [(str(result.record_id), _word(result.created), *cells) for result, cells in done if result.success]
        bad = [(result.record_id or "", _errors(result), *cells) for result, cells in done if not result.success]
        self._keep(self._job.successful, good)
        self._keep(self._job.failures, bad)
        self._keep(self._job.unprocessed, batch[len(results) :])

    def _keep(self, file: list[bytes], rows: Sequence[Sequence[str]]) -> None:
        if rows:
            file.append(zlib.compress(self._job.layout.quote_rows(rows), 1))

    def _finish(self) -> None:
        if self._finished.is_set():
            return
        job = self._job
        for rest in iter(self._rest, []):
            self._keep(job.unprocessed, rest)
        job.ends("Failed" if self._failure else "JobComplete", self._world.clock.now(), self._failure)
        job.data = b""
        self._finished.set()

    def _rest(self) -> list[_Cells]:
        try:
            if not self._job.header:
                self._job.header = next(self._lines, [])
            return self._rows()
        except BatchFailed:
            return []


def _word(value: bool) -> str:
    return "true" if value else "false"


def _errors(result: RowResult) -> str:
    return "".join(fault.in_cell() for fault in result.faults)
