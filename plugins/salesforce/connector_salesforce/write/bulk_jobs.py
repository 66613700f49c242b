"""Jobs of the Bulk API, leased: at most one post is under way in a job, so a closed job tells the whole truth.

Who posts takes a free job, or waits a moment for one, or opens one; and gives it back when the batch is anchored.
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
"""Seconds to wait for a job that somebody posts into, before opening another: a job costs two calls."""

_OLDEST = 20 * 3600.0
"""Seconds after which a job gets no more batches; Salesforce closes it after a day."""

_DIGITS = 9
"""Digits of a number of rows."""

_MOST_BATCHES = 500
"""Batches of a job: each look lists them all."""

UNDER_WAY, _ENDED = ("Queued", "InProgress"), ("Completed", "Failed", "NotProcessed")
"""The states of a batch: before and while it is processed, and at its end ("Batch Lifespan")."""

_JOB, _BATCH = "750", "751"
"""What the ids of jobs and batches begin with."""


@frozen
class BatchState:
    """A batch as its job lists it. `processed` counts rows, those that failed too; `failed` just these, where told."""

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
        return len(self.batches) >= _MOST_BATCHES or time.monotonic() - self.opened > _OLDEST


@define
class _Listing:
    """What a job listed last, and when; whoever needs a newer list fetches it for all who wait."""

    lock: threading.Lock = field(factory=threading.Lock)
    at: float = float("-inf")
    batches: Mapping[str, BatchState] = field(factory=dict)


class Jobs:
    """The jobs of a connection; safe to use from any thread. Every method that makes a call raises `CallFailed`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._free: dict[JobKind, list[Job]] = defaultdict(list)
        self._leased: Counter[JobKind] = Counter()
        self._listings: dict[str, _Listing] = defaultdict(_Listing)

    def lease(self, kind: JobKind) -> Job:
        """A job of one's own. One that could not be opened is no batch that was executed."""
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
        """The answer of the post is known: others may use the job."""
        with self._changed:
            self._leased[job.kind] -= 1
            self._free[job.kind].append(job)
            self._changed.notify()

    def abandon(self, kind: JobKind) -> None:
        """A leased job, or one that could not be opened, is not coming back."""
        with self._changed:
            self._leased[kind] -= 1
            self._changed.notify()

    def post(self, job: Job, body: bytes) -> str:
        """Add a batch (Bulk API Developer Guide, "Add a Batch to a Job"); its id."""
        answer = self._client.bulk("POST", f"/job/{segment(job.id)}/batch", body, "text/csv")
        batch_id, said = _read_id(answer.body, "batchInfo", _BATCH)
        if said.get("jobId", job.id)[:SHORT] != job.id[:SHORT] or batch_id in job.batches:
            raise unreadable(f"the batch {batch_id} is not the one that was added", Executed.MAYBE)
        job.batches.add(batch_id)
        return batch_id

    def batches(self, job_id: str, since: float) -> Mapping[str, BatchState]:
        """The batches of a job, from a list that was asked for after `since` (of the monotonic clock), by whomever.

        Those who wait for batches of one job share a list per interval ("Get Information for All Batches").
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
        """How many batches a job has ("Get Job Details")."""
        body = self._client.bulk("GET", f"/job/{segment(job_id)}").body
        found, said = _read_id(body, "jobInfo", _JOB)
        with _reading():
            if found[:SHORT] != job_id[:SHORT]:
                raise MarkupError(f"it is about the job {found}")
            return _count(said["numberBatchesTotal"])

    def result(self, job_id: str, batch_id: str) -> bytes:
        """The results of a batch as CSV ("Get Batch Results")."""
        return self._client.bulk("GET", f"/job/{segment(job_id)}/batch/{segment(batch_id)}/result").body

    def end(self, job_id: str) -> None:
        """Close a job: from now on it takes no batch, not even one that is late ("Close a Job").

        One that is closed or aborted already is as good.
        """
        try:
            closed = self._client.bulk("POST", f"/job/{segment(job_id)}", document("jobInfo", {"state": "Closed"}))
            _require_closed(closed.body)
        except CallFailed as error:
            if error.code != "InvalidJobState":
                raise

    def close(self) -> None:
        """Close all jobs that nobody posts into. What stays open is empty of doubt and ends by itself."""
        with self._changed:
            free = [job for jobs in self._free.values() for job in jobs]
            self._free.clear()
        for each in free:
            self._end_quietly(each)

    def _take_free_job(self, kind: JobKind) -> Job | None:
        """A free job, waited for a moment where there is one; None asks the caller to open one."""
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
        """Open a job ("Create a Job"). The order of the elements is that of the schema."""
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
    """The id that an answer gives to what was created, and all that it says. Raises `CallFailed`."""
    with _reading():
        found = parse(body)
        values = values_of(found)
        if name_of(found) != root:
            raise MarkupError(f"it is a {name_of(found)}")
        return _check_id(values["id"], prefix), values


def _require_closed(body: bytes) -> None:
    """Raises `CallFailed` where an answer does not say that a job takes no batch any more."""
    with _reading():
        state = values_of(parse(body))["state"]
        if state not in ("Closed", "Aborted", "Failed"):
            raise MarkupError(f"the job is {state!r} after it was closed")


def _check_id(said: str, prefix: str) -> str:
    if to18(said) is None or not said.startswith(prefix):
        raise MarkupError(f"{said!r} is no id of a job or batch")
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
        raise MarkupError(f"{text!r} is no number of rows")
    return int(text)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise unreadable(f"that of the Bulk API lacks {error}", Executed.MAYBE) from None
    except MarkupError as error:
        raise unreadable(f"that of the Bulk API: {error}", Executed.MAYBE) from None
