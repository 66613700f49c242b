"""Lease jobs of the Bulk API. Each job takes at most one post at a time, so the list of a closed job is final.

A thread that posts takes a free job, waits a moment for one, or opens one. It gives the job back when the batch is
anchored.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.ids import SHORT, to18
from connector_salesforce.transport.answer_shape import unreadable
from connector_salesforce.transport.client import Client, segment
from connector_salesforce.transport.xml import MarkupError, document, name_of, parse, values_of
from connector_salesforce.write.job_kind import JobKind
from connector_sdk import Executed

_PATIENCE = 1.0
"""Seconds to wait for a job that another thread posts into, before a new job is opened. A job costs two calls."""

AGE_MAX = 20 * 3600.0
"""Seconds after which a job gets no more batches. Salesforce closes it after a day."""

_DIGITS = 9
"""The most digits of a number of rows."""

BATCHES_MAX = 500
"""The most batches of a job, because each poll lists them all."""

UNDER_WAY, _ENDED = ("Queued", "InProgress"), ("Completed", "Failed", "NotProcessed")
"""The states of a batch before and during its processing, and after it ("Batch Lifespan")."""

_JOB, _BATCH = "750", "751"
"""The first characters of the ids of jobs and batches."""


@frozen
class BatchState:
    """A batch as its job lists it.

    `processed` counts its rows, including those that failed. `failed` counts only those, or is None if unknown.
    """

    state: str
    message: str
    processed: int
    failed: int | None = None


@define(eq=False)
class Job:
    """An open job."""

    id: str
    kind: JobKind
    opened: float = field(factory=time.monotonic)
    batches: set[str] = field(factory=set)

    @property
    def is_worn(self) -> bool:
        """Whether it should get no more batches."""
        return len(self.batches) >= BATCHES_MAX or time.monotonic() - self.opened > AGE_MAX


@define
class _Listing:
    """The last list of a job's batches, and when it was made. One thread gets a newer list for all that wait for it."""

    lock: threading.Lock = field(factory=threading.Lock)
    at: float = float("-inf")
    batches: Mapping[str, BatchState] = field(factory=dict)


class Jobs:
    """The jobs of a connection, safe to use from any thread. Every method that makes a call raises `CallFailed`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._free: dict[JobKind, list[Job]] = defaultdict(list)
        self._leased: Counter[JobKind] = Counter()
        self._listings: dict[str, _Listing] = defaultdict(_Listing)

    def lease(self, kind: JobKind) -> Job:
        """Return a job for one thread. If it cannot be opened, the failure proves that no batch was executed."""
        job = self._take_free_job(kind)
        if job is not None:
            return job
        try:
            return Job(self._create_job(kind), kind)
        except CallFailed as error:
            self.abandon(kind)
            raise error.about_batch(Executed.NO) from error
        except BaseException:
            self.abandon(kind)
            raise

    def give_back(self, job: Job) -> None:
        """Let other threads use a job, because the answer of the post is known."""
        with self._changed:
            self._leased[job.kind] -= 1
            self._free[job.kind].append(job)
            self._changed.notify()

    def abandon(self, kind: JobKind) -> None:
        """Remove a leased job, or one that could not be opened, from the count of leased jobs."""
        with self._changed:
            self._leased[kind] -= 1
            self._changed.notify()

    def post(self, job: Job, body: bytes) -> str:
        """Add a batch, and return its id (Bulk API Developer Guide, "Add a Batch to a Job")."""
        answer = self._client.bulk("POST", f"/job/{segment(job.id)}/batch", body, "text/csv")
        batch_id, said = _read_id(answer.body, "batchInfo", _BATCH)
        if said.get("jobId", job.id)[:SHORT] != job.id[:SHORT] or batch_id in job.batches:
            raise unreadable(f"the batch {batch_id} is not the one that was added", Executed.MAYBE)
        job.batches.add(batch_id)
        return batch_id

    def batches(self, job_id: str, since: float) -> Mapping[str, BatchState]:
        """Return the batches of a job, from a list that was requested after `since` (of the monotonic clock).

        Threads that wait for batches of one job share a list per interval ("Get Information for All Batches").
        """
        with self._changed:
            listing = self._listings[job_id]
        with listing.lock:
            if listing.at <= since:
                at = time.monotonic()
                listing.batches = _parse_batch_list(
                    self._client.bulk("GET", f"/job/{segment(job_id)}/batch").body, job_id
                )
                listing.at = at
            return listing.batches

    def batch_count(self, job_id: str) -> int:
        """Return how many batches a job has ("Get Job Details")."""
        body = self._client.bulk("GET", f"/job/{segment(job_id)}").body
        found, said = _read_id(body, "jobInfo", _JOB)
        with _reading():
            if found[:SHORT] != job_id[:SHORT]:
                raise MarkupError(f"it is about the job {found}, not {job_id}")
            return _count(said["numberBatchesTotal"])

    def result(self, job_id: str, batch_id: str) -> bytes:
        """Return the results of a batch as CSV ("Get Batch Results")."""
        return self._client.bulk("GET", f"/job/{segment(job_id)}/batch/{segment(batch_id)}/result").body

    def end(self, job_id: str) -> None:
        """Close a job. From now on it takes no batch, not even a late one ("Close a Job").

        A job that is already closed or aborted counts as closed.
        """
        try:
            closed = self._client.bulk("POST", f"/job/{segment(job_id)}", document("jobInfo", {"state": "Closed"}))
            _require_closed(closed.body)
        except CallFailed as error:
            if error.code != "InvalidJobState":
                raise

    def close(self) -> None:
        """Close all jobs that no thread posts into. The others hold no batch in doubt, and end by themselves."""
        with self._changed:
            free = [job for jobs in self._free.values() for job in jobs]
            self._free.clear()
        for each in free:
            self._end_quietly(each)

    def _take_free_job(self, kind: JobKind) -> Job | None:
        """Return a free job, after a short wait if all are leased, or None if the caller must open one."""
        until = time.monotonic() + _PATIENCE
        with self._changed:
            while not self._free[kind] and self._leased[kind] and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            self._leased[kind] += 1
            job = self._free[kind].pop() if self._free[kind] else None
        if job is not None and job.is_worn:
            self._end_quietly(job)
            return None
        return job

    def _end_quietly(self, job: Job) -> None:
        with contextlib.suppress(CallFailed):
            self.end(job.id)

    def _create_job(self, kind: JobKind) -> str:
        """Open a job, and return its id ("Create a Job"). The elements keep the order of the schema."""
        values = {
            "operation": kind.operation,
            "object": kind.object_name,
            "externalIdFieldName": kind.external_id,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "assignmentRuleId": kind.assignment_rule,
        }
        given = {name: value for name, value in values.items() if value is not None}
        return _read_id(self._client.bulk("POST", "/job", document("jobInfo", given)).body, "jobInfo", _JOB)[0]


def _read_id(body: bytes, root: str, prefix: str) -> tuple[str, Mapping[str, str]]:
    """Return the id of what an answer describes, and all values of the answer. Raises `CallFailed`."""
    with _reading():
        found = parse(body)
        values = values_of(found)
        if name_of(found) != root:
            raise MarkupError(f"it is a {name_of(found)}")
        return _check_id(values["id"], prefix), values


def _require_closed(body: bytes) -> None:
    """Raise `CallFailed` if an answer does not say that a job takes no more batches."""
    with _reading():
        state = values_of(parse(body))["state"]
        if state not in ("Closed", "Aborted", "Failed"):
            raise MarkupError(f"the job is {state!r} after it was closed")


def _check_id(said: str, prefix: str) -> str:
    if to18(said) is None or not said.startswith(prefix):
        raise MarkupError(f"{said!r} is not an id of a job or batch")
    return said


def _parse_batch_list(body: bytes, job_id: str) -> dict[str, BatchState]:
    with _reading():
        root = parse(body)
        if name_of(root) != "batchInfoList":
            raise MarkupError(f"it is a {name_of(root)}")
        all_values = [values_of(each) for each in root]
        states = {_check_id(each["id"], _BATCH): _state(each) for each in all_values}
        if len(states) < len(all_values):
            raise MarkupError("it lists a batch twice")
        if any(each.get("jobId", job_id)[:SHORT] != job_id[:SHORT] for each in all_values):
            raise MarkupError("it lists batches of another job")
        return states


def _state(values: Mapping[str, str]) -> BatchState:
    state, failed = values["state"], values.get("numberRecordsFailed")
    found = BatchState(
        state, values.get("stateMessage", ""), _count(values["numberRecordsProcessed"]),
        None if failed is None else _count(failed),
    )  # fmt: skip
    if state not in (*UNDER_WAY, *_ENDED):
        raise MarkupError(f"a batch has the state {state!r}")
    if state in _ENDED and (found.failed or 0) > found.processed:
        raise MarkupError("more rows of a batch failed than were processed")
    return found


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise MarkupError(f"{text!r} is not a row count")
    return int(text)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise unreadable(f"the answer of the Bulk API lacks {error}", Executed.MAYBE) from None
    except MarkupError as error:
        raise unreadable(f"the answer of the Bulk API: {error}", Executed.MAYBE) from None
