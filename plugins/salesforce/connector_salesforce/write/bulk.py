"""Write batches through the Bulk API 1.0: each in a leased job, anchored before its fate can be in doubt.

The job is anchored before the post, and the batch after it. If the answer of a post is lost, the job is closed, so that
it refuses a late post. Then its batches are listed. At most one of them is not anchored, and that one is ours.
"""

from __future__ import annotations

import contextlib
import time

import pyarrow as pa
from attrs import evolve

from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.answer_shape import unreadable
from connector_salesforce.transport.error_bodies import parse_batch_failure
from connector_salesforce.write.anchors import last
from connector_salesforce.write.bulk_body import bulk_body
from connector_salesforce.write.bulk_jobs import UNDER_WAY, BatchState, Job, Jobs
from connector_salesforce.write.bulk_results import ResultsError, Written, results_of
from connector_salesforce.write.cells import Lines
from connector_salesforce.write.job_kind import kind_of
from connector_salesforce.write.polling import wait_between_looks
from connector_salesforce.write.results import same_for_all, with_unsent
from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Attempt,
    Batch,
    Executed,
    NotExecuted,
    Recovery,
    RowStatus,
    Unknown,
    WriteResult,
)

BYTES_MAX = 10_000_000
"""The most bytes and characters of a batch before compression (Bulk API Developer Guide, "Bulk API Limits")."""

FIRST_PAUSE = 0.5
"""Seconds before the first look at a batch. The pauses grow from look to look."""

_POSTING, _POSTED = "posting", "posted"
_LONGEST_PAUSE = 15.0
_LOOKS_WITHOUT_IT = 10
_DOWNLOADS = 3


def write(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Write a batch. Raises `NotExecuted`, or `CallFailed` once the batch may have been executed."""
    lines = bulk_body(org, batch, BYTES_MAX)
    if not lines.count:
        return with_unsent(lines, WriteResult.of([]))
    jobs = org.share(Jobs)
    job = jobs.lease(kind_of(batch, options))
    batch_id = _post_batch(jobs, job, lines, attempt)
    lines = lines.without_body()
    try:
        written = _describe_written(batch, lines)
        return with_unsent(lines, _wait_for_batch(jobs, job.id, batch_id, written, options, attempt))
    except CallFailed as error:
        raise error.about_batch(Executed.MAYBE) from error


def recover(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery | Unknown:
    """Find out what became of a batch. Raises `CallFailed` if that cannot be known now."""
    lines = bulk_body(org, batch, BYTES_MAX).without_body()
    anchor = last(attempt)
    if anchor is None:
        return NOT_EXECUTED
    jobs = org.share(Jobs)
    try:
        batch_id = anchor.handle.get("batch") or _find_lost_batch(jobs, anchor.handle["job"], attempt)
        if batch_id is None:
            return NOT_EXECUTED
        written = _describe_written(batch, lines)
        return with_unsent(lines, _wait_for_batch(jobs, anchor.handle["job"], batch_id, written, options, attempt))
    except NotExecuted:
        return NOT_EXECUTED
    except _SeveralError as error:
        return Unknown(str(error))
    except CallFailed as error:
        if error.code in ("InvalidJob", "InvalidUrl"):
            return Unknown(f"Salesforce no longer has the job {anchor.handle['job']}; look for the rows themselves.")
        raise


class _SeveralError(Exception):
    """More unanchored batches in the job than expected."""


def _post_batch(jobs: Jobs, job: Job, lines: Lines, attempt: Attempt) -> str:
    """Post a batch, anchor it, and return its id.

    The job is given back only if nothing in it is in doubt.
    """
    try:
        attempt.anchor(_POSTING, job=job.id)
        batch_id = jobs.post(job, lines.body)
        attempt.anchor(_POSTED, job=job.id, batch=batch_id)
    except CallFailed as error:
        refused = error.executed is Executed.NO and error.code not in ("InvalidJobState", "InvalidJob")
        jobs.give_back(job) if refused else jobs.abandon(job.kind)
        raise
    except BaseException:
        jobs.abandon(job.kind)
        raise
    jobs.give_back(job)
    return batch_id


def _find_lost_batch(jobs: Jobs, job_id: str, attempt: Attempt) -> str | None:
    """Return the batch of a post whose answer was lost, or None if there is none and can be none later.

    An incomplete list would hide a batch that exists. Its length is therefore compared with the job's own count.
    """
    jobs.end(job_id)
    known = {each.handle["batch"] for each in attempt.run_anchors() if each.step == _POSTED}
    listed, count = jobs.batches(job_id, time.monotonic()), jobs.batch_count(job_id)
    if len(listed) != count:
        raise unreadable(f"the job {job_id} has {count} batches, and {len(listed)} are listed", Executed.MAYBE)
    ours = [each for each in listed if each not in known]
    if len(ours) > 1:
        raise _SeveralError(f"Look at the batches {', '.join(ours)} of job {job_id} in Setup, Bulk Data Load Jobs.")
    if not ours:
        return None
    attempt.anchor(_POSTED, job=job_id, batch=ours[0])
    return ours[0]


def _describe_written(batch: Batch, lines: Lines) -> Written:
    """Return what is known of the rows in the body."""
    if batch.record_ids is None or batch.action not in (Action.UPDATE, Action.DELETE):
        return Written(lines.count)
    return Written(lines.count, batch.record_ids.filter(lines.sent))


def _wait_for_batch(
    jobs: Jobs, job_id: str, batch_id: str, written: Written, options: Options, attempt: Attempt
) -> WriteResult:
    """Wait until a batch is done, and return its results. Raises `NotExecuted` if Salesforce refused all of it.

    Rows of a job that an admin aborted come back as results, so that a recovery does not send them again at once.
    """
    missed = 0
    what = f"batch {batch_id} of job {job_id}"
    for since in wait_between_looks(attempt, what, FIRST_PAUSE, _LONGEST_PAUSE, hours=options.job_timeout):
        found = jobs.batches(job_id, since).get(batch_id)
        missed = 0 if found else missed + 1
        if found and found.state not in UNDER_WAY:
            return _read_results(jobs, job_id, batch_id, found, written)
        if missed == _LOOKS_WITHOUT_IT:
            break
    raise CallFailed("BATCH_MISSING", f"the job {job_id} does not list the batch {batch_id}", Executed.MAYBE)


def _read_results(jobs: Jobs, job_id: str, batch_id: str, found: BatchState, written: Written) -> WriteResult:
    if found.state == "NotProcessed":
        message = f"job {job_id} was aborted in Salesforce before this batch was processed"
        return same_for_all(written.rows, RowStatus.NOT_EXECUTED, "NotProcessed", message)
    if found.state == "Failed" and not found.processed:
        raise _make_refusal(found)
    if found.state == "Failed":
        expected = Written(min(found.processed, written.rows), _first(written.ids, found.processed))
    else:
        expected = evolve(written, failed=found.failed)
    result = _download_results(jobs, job_id, batch_id, expected)
    if result is None:
        message = (
            f"the results of batch {batch_id} in job {job_id} are not those of its rows; "
            "look at the job in Setup, Bulk Data Load Jobs, and for the rows by their values"
        )
        return same_for_all(written.rows, RowStatus.UNKNOWN, "RESULTS_INCOMPLETE", message)
    return result if result.rows.num_rows == written.rows else _with_rest(result, written.rows, found)


def _first(ids: pa.StringArray | None, count: int) -> pa.StringArray | None:
    return None if ids is None else ids.slice(0, count)


def _download_results(jobs: Jobs, job_id: str, batch_id: str, expected: Written) -> WriteResult | None:
    """Return the results of a batch. Download them again if they are not its own, and give up with None."""
    for _ in range(_DOWNLOADS):
        with contextlib.suppress(ResultsError):
            return results_of(jobs.result(job_id, batch_id), expected)
    return None


def _with_rest(result: WriteResult, count: int, found: BatchState) -> WriteResult:
    """Return the results of a batch that Salesforce gave up, with its last rows as not executed.

    Salesforce processes the rows in order.
    """
    refused = _make_refusal(found)
    rest = same_for_all(count - result.rows.num_rows, RowStatus.NOT_EXECUTED, refused.code, refused.message)
    return WriteResult(pa.concat_tables([result.rows, rest.rows]).combine_chunks())


def _make_refusal(found: BatchState) -> NotExecuted:
    return NotExecuted(*parse_batch_failure(found.message))
