"""Write batches through the Bulk API 2.0: each batch is a job, which executes nothing until it is handed over.

The job is anchored before it gets its data, and the intent to hand it over before that call. A job without that intent
was not executed. A job with it says itself what became of it.
"""

from __future__ import annotations

import contextlib

from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.answer_shape import unreadable
from connector_salesforce.transport.error_bodies import parse_batch_failure
from connector_salesforce.write import bulk2_jobs, bulk2_results
from connector_salesforce.write.anchors import last
from connector_salesforce.write.bulk2_jobs import JobState
from connector_salesforce.write.bulk_body import bulk_body
from connector_salesforce.write.cells import Lines, Sent, make_sent
from connector_salesforce.write.csv_files import DamagedError
from connector_salesforce.write.job_kind import kind_of
from connector_salesforce.write.polling import wait_between_looks
from connector_salesforce.write.results import same_for_all, with_unsent
from connector_sdk import NOT_EXECUTED, Attempt, Batch, Executed, NotExecuted, Recovery, RowStatus, Unknown, WriteResult

BYTES_DEFAULT = 32_000_000
"""Bytes of a job unless the sync sets another size. All jobs in flight must fit into memory."""

BYTES_MAX = 90_000_000
"""The most bytes of a job before compression (Bulk API 2.0 Developer Guide, "Limits": 150 MB once encoded)."""

FIRST_PAUSE = 1.0
"""Seconds before the first look at a job, and before another download. The pauses grow from look to look."""

_OPENED, _HANDING_OVER = "opened", "handing over"
_LONGEST_PAUSE = 30.0
_LOOKS_WHILE_OPEN = 10
_DOWNLOADS = 3
_REFUSED = (400, 409)


def write(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Write a batch. Raises `NotExecuted`, or `CallFailed` once the batch may have been executed."""
    lines = bulk_body(org, batch, BYTES_MAX)
    if not lines.count:
        return with_unsent(lines, WriteResult.of([]))
    job = _open_and_fill_job(org, batch, options, lines, attempt)
    lines = lines.without_body()
    attempt.anchor(_HANDING_OVER, job=job)
    try:
        _hand_over(org, job)
        return with_unsent(lines, _wait_for_job(org, job, make_sent(batch, lines), options, attempt))
    except CallFailed as error:
        raise error.about_batch(Executed.MAYBE) from error


def recover(org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery | Unknown:
    """Find out what became of a batch. Raises `CallFailed` if that cannot be known now."""
    anchor = last(attempt)
    if anchor is None:
        return NOT_EXECUTED
    job = anchor.handle["job"]
    if anchor.step == _OPENED:
        _abort_quietly(org, job)
        return NOT_EXECUTED
    lines = bulk_body(org, batch, BYTES_MAX).without_body()
    try:
        if bulk2_jobs.look(org.client, job).state == bulk2_jobs.OPEN:
            _hand_over(org, job)
        return with_unsent(lines, _wait_for_job(org, job, make_sent(batch, lines), options, attempt))
    except NotExecuted:
        return NOT_EXECUTED
    except CallFailed as error:
        if error.code == "NOT_FOUND":
            return Unknown(f"Salesforce no longer has the job {job}; look for the rows themselves.")
        raise


def _open_and_fill_job(org: Org, batch: Batch, options: Options, lines: Lines, attempt: Attempt) -> str:
    """Open a job, give it its data, and return its id.

    A failure here proves that nothing was executed, because no call handed the job over.
    """
    try:
        job = bulk2_jobs.create_job(org.client, kind_of(batch, options))
        attempt.anchor(_OPENED, job=job)
    except CallFailed as error:
        raise error.about_batch(Executed.NO) from error
    try:
        bulk2_jobs.fill(org.client, job, lines.body)
    except CallFailed as error:
        _abort_quietly(org, job)
        raise error.about_batch(Executed.NO) from error
    return job


def _hand_over(org: Org, job: str) -> None:
    """Let a job run. Raises `NotExecuted` if Salesforce refuses it; it is aborted then, so that it cannot run later.

    A job that is not in the state Open was handed over before, by a call whose answer was lost.
    """
    try:
        bulk2_jobs.hand_over(org.client, job)
    except CallFailed as error:
        if error.status not in _REFUSED:
            raise
        if error.code != "InvalidJobState":
            bulk2_jobs.abort(org.client, job)
            raise NotExecuted(error.code, error.message) from error


def _abort_quietly(org: Org, job: str) -> None:
    """Abort a job that no call will hand over. Without this, it would end by itself after a day."""
    with contextlib.suppress(CallFailed):
        bulk2_jobs.abort(org.client, job)


def _wait_for_job(org: Org, job: str, sent: Sent, options: Options, attempt: Attempt) -> WriteResult:
    """Wait until a job has ended, and return its results. Raises `NotExecuted` if nothing of it was executed.

    Raises `CallFailed` if a job stays open after it was handed over. Its recovery hands it over again.
    """
    open_looks = 0
    for _ in wait_between_looks(attempt, f"job {job}", FIRST_PAUSE, _LONGEST_PAUSE, hours=options.job_timeout):
        found = bulk2_jobs.look(org.client, job)
        if found.state in bulk2_jobs.ENDED:
            return _read_results(org, job, found, sent, attempt)
        open_looks = open_looks + 1 if found.state == bulk2_jobs.OPEN else 0
        if open_looks == _LOOKS_WHILE_OPEN:
            break
    raise unreadable(f"the job {job} is open although it was handed over", Executed.MAYBE)


def _read_results(org: Org, job: str, ended: JobState, sent: Sent, attempt: Attempt) -> WriteResult:
    """Return the results of a job that has ended. Raises `NotExecuted` if Salesforce refused all of it.

    Rows of a job that an admin aborted come back as results, so that a recovery does not send them again at once.
    If the daily batches run out, the rows that they do not cover are in no result file. A row without a line is
    unknown.
    """
    why = (
        parse_batch_failure(ended.message)
        if ended.state == "Failed"
        else ("NotProcessed", f"job {job} was aborted in Salesforce")
    )
    told = _download_results(org, job, ended, sent, attempt)
    if told is not None and ended.state != "JobComplete" and not ended.processed and not told.executed:
        if ended.state == bulk2_jobs.ABORTED:
            return same_for_all(len(sent.keys), RowStatus.NOT_EXECUTED, *why)
        raise NotExecuted(*why)
    words = (
        f"the result files of job {job} do not tell of this row; "
        "look at the job in Setup, Bulk Data Load Jobs, and for the row by its key"
    )
    lost = "RESULTS_INCOMPLETE", words
    if told is None:
        return same_for_all(len(sent.keys), RowStatus.UNKNOWN, *lost)
    return bulk2_results.results(told, lost, why)


def _download_results(org: Org, job: str, ended: JobState, sent: Sent, attempt: Attempt) -> bulk2_results.Found | None:
    """Return what the result files say, or None if they stay damaged or impossible.

    They are downloaded again if they do not add up. The last download counts, even if it is incomplete.
    """
    told = None
    for download in range(_DOWNLOADS):
        if download:
            attempt.wait(FIRST_PAUSE, f"the results of job {job} do not add up and are downloaded again")
        try:
            told = bulk2_results.read_results(org.client, job, sent)
        except DamagedError:
            continue
        if not told.is_possible(ended):
            told = None
        elif told.is_whole(ended.processed):
            break
    return told
