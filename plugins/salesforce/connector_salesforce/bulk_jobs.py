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

from connector_salesforce.client import Client, segment
from connector_salesforce.failure import CallFailed
from connector_salesforce.job_kind import JobKind
from connector_salesforce.markup import MarkupError, document, name_of, parse, values_of
from connector_sdk import Executed

_PATIENCE = 1.0
"""Seconds to wait for a job that somebody posts into, before opening another: a job costs two calls."""

_OLDEST = 20 * 3600.0
"""Seconds after which a job gets no more batches; Salesforce closes it after a day."""

_MOST_BATCHES = 500
"""Batches of a job: each look lists them all."""


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
    batches: int = 0

    @property
    def is_worn(self) -> bool:
        """Whether it should get no more batches."""
        return self.batches >= _MOST_BATCHES or time.monotonic() - self.opened > _OLDEST


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
        job = self._taken(kind)
        if job is not None:
            return job
        try:
            return Job(self._opened(kind), kind)
        except CallFailed as error:
            self.abandon(kind)
            raise error.about_batch(Executed.NO) from error
        except BaseException:
            self.abandon(kind)
            raise

    def give_back(self, job: Job) -> None:
        """The answer of the post is known: others may use the job."""
        job.batches += 1
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
        return _id(answer.body)

    def batches(self, job_id: str, since: float) -> Mapping[str, BatchState]:
        """The batches of a job, from a list that was asked for after `since` (of the monotonic clock), by whomever.

        Those who wait for batches of one job share a list per interval ("Get Information for All Batches").
        """
        with self._changed:
            listing = self._listings[job_id]
        with listing.lock:
            if listing.at <= since:
                at = time.monotonic()
                listing.batches = _listed(self._client.bulk("GET", f"/job/{segment(job_id)}/batch").body)
                listing.at = at
            return listing.batches

    def result(self, job_id: str, batch_id: str) -> bytes:
        """The results of a batch as CSV ("Get Batch Results")."""
        return self._client.bulk("GET", f"/job/{segment(job_id)}/batch/{segment(batch_id)}/result").body

    def end(self, job_id: str) -> None:
        """Close a job: from now on it takes no batch, not even one that is late ("Close a Job").

        One that is closed or aborted already is as good.
        """
        try:
            self._client.bulk("POST", f"/job/{segment(job_id)}", document("jobInfo", {"state": "Closed"}))
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

    def _taken(self, kind: JobKind) -> Job | None:
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

    def _opened(self, kind: JobKind) -> str:
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
        return _id(self._client.bulk("POST", "/job", document("jobInfo", given)).body)


def _id(body: bytes) -> str:
    with _reading():
        found = values_of(parse(body))["id"]
    if not found:
        raise _unreadable("it names no id")
    return found


def _listed(body: bytes) -> dict[str, BatchState]:
    with _reading():
        root = parse(body)
        if name_of(root) != "batchInfoList":
            raise MarkupError(f"it is a {name_of(root)}")
        values = (values_of(each) for each in root)
        return {each["id"]: _state(each) for each in values}


def _state(values: Mapping[str, str]) -> BatchState:
    failed = values.get("numberRecordsFailed")
    return BatchState(
        values["state"], values.get("stateMessage", ""), int(values["numberRecordsProcessed"]),
        None if failed is None else int(failed),
    )  # fmt: skip


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (MarkupError, KeyError, ValueError) as error:
        raise _unreadable(str(error)) from None


def _unreadable(why: str) -> CallFailed:
    return CallFailed("ANSWER_UNREADABLE", f"the answer of the Bulk API cannot be read: {why}", Executed.MAYBE)
