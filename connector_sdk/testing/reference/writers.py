"""The four ways to write and how each recovers from a lost answer, from the simplest to one that fences off calls."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from attrs import define, field, frozen

from connector_sdk import (
    NOT_EXECUTED,
    Anchor,
    Attempt,
    Batch,
    NotExecuted,
    OnNull,
    Recovery,
    Unknown,
    WriteResult,
)
from connector_sdk.testing.reference.client import Client
from connector_sdk.testing.reference.shapes import SHAPES
from connector_sdk.testing.reference.values import read_values, to_wire
from connector_sdk.testing.reference.wire import Line, Request


@frozen
class Options:
    """The options of a sync: `look_every` is the number of seconds between two polls of a job."""

    look_every: float = 0.05


@define
class JobPool:
    """The open jobs in which no post is in progress. A dead process loses the pool, but anchors still name the jobs.

    A run never gets a job of another run, because it does not know that run's anchors.
    """

    _free: dict[str, list[str]] = field(factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(factory=threading.Lock)

    def take(self, run: str) -> str | None:
        """Take a free job of this run out of the pool, or return None if there is none."""
        with self._lock:
            return self._free[run].pop() if self._free[run] else None

    def give(self, run: str, job: str) -> None:
        """Return a job to the pool once the answer to its last post is known."""
        with self._lock:
            self._free[run].append(job)


@frozen
class Handle:
    """The state that the batches of a connection share."""

    client: Client
    jobs: JobPool = field(factory=JobPool)


class Writer(Protocol):
    """A way to write."""

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        ...

    def recover(
        self, handle: Handle, batch: Batch, options: Options, attempt: Attempt
    ) -> WriteResult | Recovery | Unknown:
        """Return the result of a batch whose answer was lost, `NOT_EXECUTED`, or `Unknown`."""
        ...


class SingleCall:
    """One request and one answer. A lost answer cannot be recovered."""

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        return _result(handle.client.call("write", body=_request(batch).json())["answers"])

    def recover(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> Unknown:
        """Return `Unknown`, because nothing identifies the batch at the service."""
        return Unknown("Look for the rows by their values.")


class TwoPhase:
    """Create, upload, commit. An upload is inert until committed, and a second commit has no effect."""

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        call = handle.client.call
        job = call("create_upload")["job"]
        attempt.anchor("created", job=job)
        call("upload", job=job, body=_request(batch).json())
        attempt.anchor("uploaded", job=job)
        return _poll_job(handle, call("commit", job=job)["batch"], options, attempt)

    def recover(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery:
        """Abort a job whose upload may be incomplete, and commit any other open job.

        The abort also fences off late calls.
        """
        anchor = _last(attempt)
        if anchor is None:
            return NOT_EXECUTED
        job = anchor.handle["job"]
        state = handle.client.ask("abort" if anchor.step == "created" else "state", job=job)
        if state["state"] == "open":
            state = handle.client.ask("commit", job=job)
        if state["state"] == "aborted":
            return NOT_EXECUTED
        return _poll_job(handle, state["batch"], options, attempt)


class LeasedJob:
    """Posts into a job that spans batches. A job has at most one post in progress, so its batch list is conclusive."""

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        job = handle.jobs.take(batch.run) or handle.client.call("open_job")["job"]
        attempt.anchor("posting", job=job)
        try:
            posted = handle.client.call("post", job=job, body=_request(batch).json())["batch"]
        except NotExecuted as refused:
            if refused.code != "job_closed":
                handle.jobs.give(batch.run, job)
            raise
        attempt.anchor("posted", job=job, batch=posted)
        handle.jobs.give(batch.run, job)
        return _poll_job(handle, posted, options, attempt)

    def recover(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery:
        """Close the job, so that it refuses a late post, and list its batches. The one without an anchor is ours."""
        anchor = _last(attempt)
        if anchor is None:
            return NOT_EXECUTED
        if anchor.step == "posted":
            return _poll_job(handle, anchor.handle["batch"], options, attempt)
        job = anchor.handle["job"]
        handle.client.ask("close_job", job=job)
        known = {each.handle["batch"] for each in attempt.run_anchors() if each.step == "posted"}
        ours = [each for each in handle.client.ask("list_batches", job=job)["batches"] if each not in known]
        if not ours:
            return NOT_EXECUTED
        attempt.anchor("posted", job=job, batch=ours[0])
        return _poll_job(handle, ours[0], options, attempt)


class Replacement:
    """One request with the whole list, which names the version that the list is based on."""

    def write(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Replace the list. Raises `Stale` if it changed since that version."""
        return _result(handle.client.call("replace", body=_request(batch).json(), version=batch.version)["answers"])

    def recover(self, handle: Handle, batch: Batch, options: Options, attempt: Attempt) -> Recovery:
        """Return `NOT_EXECUTED`: if the first replacement was executed, the second raises `Stale`."""
        return NOT_EXECUTED


WRITERS: Mapping[str, Writer] = {
    "call": SingleCall(),
    "two_phase": TwoPhase(),
    "leased_job": LeasedJob(),
    "replace": Replacement(),
}
"""The ways to write, by api name."""


def _last(attempt: Attempt) -> Anchor | None:
    """Return the last anchor of this attempt. Earlier attempts are settled, and their jobs may serve other batches."""
    own = [each for each in attempt.anchors if each.attempt == attempt.number]
    return own[-1] if own else None


def _request(batch: Batch) -> Request:
    return Request(batch.object_name, batch.action, list(_lines(batch)), batch.match_field)


def _lines(batch: Batch) -> Iterator[Line]:
    keyed = {each.field: each.by.field for each in batch.columns if each.by is not None}
    shape = SHAPES[batch.object_name]
    columns = [
        (each, read_values(batch.rows.column(number), shape.field(each.field)))
        for number, each in enumerate(batch.columns)
    ]
    ids = batch.record_ids.to_pylist() if batch.record_ids is not None else [None] * batch.rows.num_rows
    into = batch.merge_into.to_pylist() if batch.merge_into is not None else [None] * batch.rows.num_rows
    for row, id_ in enumerate(ids):
        cells = [(column, values[row]) for column, values in columns]
        set_ = {
            column.field: to_wire(value)
            for column, value in cells
            if value is not None or column.on_null is OnNull.CLEAR
        }
        yield {"id": id_, "set": set_, "by": keyed, "into": into[row]}


def _poll_job(handle: Handle, batch: str, options: Options, attempt: Attempt) -> WriteResult:
    reply = handle.client.ask("look", batch=batch)
    while not reply["done"]:
        attempt.wait(options.look_every, f"job {batch} is not done")
        reply = handle.client.ask("look", batch=batch)
    return _result(reply["answers"])


def _result(answers: list[dict[str, Any]]) -> WriteResult:
    columns = {name: [each[name] for each in answers] for name in answers[0]} if answers else {"status": []}
    return WriteResult.of(columns.pop("status"), **columns)
