from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.transport.sending import Answer, Request
from connector_salesforce.write.bulk_jobs import Job, Jobs
from connector_salesforce.write.job_kind import JobKind

from connector_sdk import Executed
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import XMLNS, BulkOrg, batch_info, contacts, error, write_batch
from .scripted import ScriptedTransport, answer, org

PATH = "/services/async/58.0/job/[^/]+"
JOB, OTHER, BATCH = "750000000000000AAA", "750000000000001AAA", "751000000000000AAA"


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not holds() and time.monotonic() < ends:
        time.sleep(0.001)


def test_batches_share_a_job_in_which_one_post_at_a_time_is_under_way(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: time.sleep(0.01)
    gate = threading.Barrier(10)

    def write(number: int) -> None:
        gate.wait()
        write_batch(opened, contacts(f"k{number}", number=number), run)

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(write, range(10)))
    opened.close()
    assert sorted(bulk_org.keys) == sorted(f"k{number}" for number in range(10))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (1, 1)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed"]


def test_a_second_job_is_opened_when_a_post_takes_long(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: wait_until(lambda: len(bulk_org.jobs) == 2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda number: write_batch(opened, contacts(f"k{number}", number=number), run), range(2)))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (2, 1)


def test_runs_never_share_a_job(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    write_batch(opened, contacts("a"), run)
    write_batch(opened, attrs.evolve(contacts("b"), run="another"), RecordingRun(longest=0.001))
    assert len(bulk_org.jobs) == 2


def test_one_list_of_a_job_serves_all_who_wait_for_its_batches(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.05)
    original, looks = bulk_org._list, []

    def listing(request: Request) -> Answer:
        if len(bulk_org.bodies) == 10:
            looks.append(request)
        state = "InProgress" if len(looks) < 12 else "Completed"
        bulk_org.states.update({each: batch_info(each, 0, state) for each in bulk_org.bodies})
        return original(request)

    bulk_org.transport.on("GET", "/services/async/58.0/job/[^/]+/batch", listing)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: write_batch(opened, contacts(f"k{number}", number=number), run), range(10)))
    assert len(looks) < 21, "ten batches that look by themselves make 12 looks and then one each"


@pytest.mark.parametrize(("limit", "value"), [("AGE_MAX", -1.0), ("BATCHES_MAX", 1)])
def test_an_old_or_full_job_gets_no_more_batches(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(f"connector_salesforce.write.bulk_jobs.{limit}", value)
    for number in range(2):
        write_batch(opened, contacts(f"k{number}", number=number), run)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed", "Open"]


def say(method: str, path: str, said: str, root: str) -> Jobs:
    """Return the jobs of an org that gives this answer to a call about one."""
    transport = ScriptedTransport()
    transport.on(method, f"{PATH}{path}", answer(f'<{root} xmlns="{XMLNS}">{said}</{root}>'))
    return Jobs(org(transport).client)


def refuse(call: Callable[[], Any]) -> str:
    """Make a call whose answer is not believed, and return why."""
    with pytest.raises(CallFailed) as failed:
        call()
    assert (failed.value.code, failed.value.executed) == ("ANSWER_UNREADABLE", Executed.MAYBE)
    return failed.value.message


def job(*batches: str) -> Job:
    return Job(JOB, JobKind("run", "Contact", "upsert"), batches=set(batches))


@pytest.mark.rule("C4")
def test_a_batch_of_another_job_or_one_that_was_there_before_is_not_the_one_that_was_added() -> None:
    foreign = say("POST", "/batch", f"<id>{BATCH}</id><jobId>{OTHER}</jobId>", "batchInfo")
    assert BATCH in refuse(lambda: foreign.post(job(), b""))
    known = say("POST", "/batch", f"<id>{BATCH}</id><jobId>{JOB}</jobId>", "batchInfo")
    assert BATCH in refuse(lambda: known.post(job(BATCH), b""))
    assert known.post(job(), b"") == BATCH


@pytest.mark.rule("C4")
def test_the_count_of_another_jobs_batches_is_not_that_of_this_one() -> None:
    count = "<numberBatchesTotal>0</numberBatchesTotal>"
    assert OTHER in refuse(lambda: say("GET", "", f"<id>{OTHER}</id>{count}", "jobInfo").batch_count(JOB))
    assert say("GET", "", f"<id>{JOB}</id>{count}", "jobInfo").batch_count(JOB) == 0


@pytest.mark.rule("C4")
@pytest.mark.parametrize(
    ("info", "named"),
    [
        (f"{batch_info(BATCH, 1)}<jobId>{OTHER}</jobId>", "another job"),
        (batch_info(BATCH, 1, "Done"), "'Done'"),
        (f"{batch_info(BATCH, 1)}<numberRecordsFailed>2</numberRecordsFailed>", "failed"),
    ],
)
def test_a_list_whose_batches_cannot_be_those_of_the_job_is_not_believed(info: str, named: str) -> None:
    jobs = say("GET", "/batch", f"<batchInfo>{info}</batchInfo>", "batchInfoList")
    assert named in refuse(lambda: jobs.batches(JOB, -math.inf))


def test_a_batch_under_way_may_count_a_failure_before_it_counts_the_row() -> None:
    info = f"{batch_info(BATCH, 0, 'InProgress')}<numberRecordsFailed>1</numberRecordsFailed>"
    jobs = say("GET", "/batch", f"<batchInfo>{info}</batchInfo>", "batchInfoList")
    (state,) = jobs.batches(JOB, -math.inf).values()
    assert (state.state, state.processed, state.failed) == ("InProgress", 0, 1)


def test_a_job_that_has_ended_already_counts_as_closed_and_any_other_refusal_does_not() -> None:
    transport = ScriptedTransport()
    jobs = Jobs(org(transport).client)
    transport.on("POST", PATH, error("InvalidJobState", "Closing already aborted Job not allowed"))
    jobs.end(JOB)
    transport.on("POST", PATH, error("InvalidJob", "Unable to find object"))
    with pytest.raises(CallFailed) as failed:
        jobs.end(JOB)
    assert failed.value.code == "InvalidJob"
