from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.write import bulk

from connector_sdk import NOT_EXECUTED, Cancelled, Executed, NotExecuted, Unknown, WriteResult
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import LOST, BulkOrg, batch_info, contacts, error, raise_, results, write_batch
from .scripted import answer

FIRST = "751000000000000AAA"


def test_what_fails_before_the_post_is_no_batch_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("GET", ".*/describe", answer("", 503))
    with pytest.raises(NotExecuted, match="ERROR_HTTP_503"):
        write_batch(opened, contacts("a"), run)
    assert bulk_org.transport.find_requests("POST", "") == []


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_to_the_post_executes_the_rows_once(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, lost: str
) -> None:
    write_batch(opened, contacts("a", number=1), run)
    setattr(bulk_org, f"{lost}_post", lambda: raise_(LOST))
    given = contacts("b", number=2)
    with pytest.raises(CallFailed) as failed:
        write_batch(opened, given, run)
    assert failed.value.executed is Executed.MAYBE
    setattr(bulk_org, f"{lost}_post", lambda: None)
    answered = bulk.recover(opened, given, Options(), run.attempt(given))
    if lost == "before":
        assert answered is NOT_EXECUTED
        assert bulk_org.keys == ["a"]
    else:
        assert isinstance(answered, WriteResult)
        assert bulk_org.keys == ["a", "b"]
        assert bulk.recover(opened, given, Options(), run.attempt(given)) == answered
    assert bulk_org.jobs["750000000000000AAA"].state == "Closed", "a late post must be refused"


def test_after_a_lost_answer_the_job_is_left_alone_by_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.after_post = lambda: raise_(LOST)
    with pytest.raises(CallFailed):
        write_batch(opened, contacts("a", number=1), run)
    bulk_org.after_post = lambda: None
    write_batch(opened, contacts("b", number=2), run)
    assert [len(job.batches) for job in bulk_org.jobs.values()] == [1, 1]


def test_a_job_with_more_unknown_batches_than_there_can_be_is_for_a_person_to_look_at(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.after_post = lambda: raise_(LOST)
    given = contacts("a")
    with pytest.raises(CallFailed):
        write_batch(opened, given, run)
    (job,) = bulk_org.jobs.values()
    job.batches.append("751000000000099AAA")
    assert isinstance(bulk.recover(opened, given, Options(), run.attempt(given)), Unknown)


def test_a_job_that_salesforce_no_longer_has_is_for_a_person_to_look_at(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    given = contacts("a")
    write_batch(opened, given, run)
    bulk_org.transport.on("GET", ".*/batch", error("InvalidJob", "Unable to find the job"))
    assert isinstance(bulk.recover(opened, given, Options(), run.attempt(given)), Unknown)


def test_an_attempt_without_an_anchor_executed_nothing(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = contacts("a")
    write_batch(opened, given, run)
    assert bulk.recover(opened, given, Options(), run.attempt(given, 2)) is NOT_EXECUTED


@pytest.mark.parametrize("reply", [LOST, answer("", 503), answer("<html/>"), error("InternalServerError", "x", 500)])
def test_a_job_that_could_not_be_opened_is_no_batch_in_doubt(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, reply: Any
) -> None:
    bulk_org.transport.on("POST", "/services/async/58.0/job", reply)
    with pytest.raises(NotExecuted):
        write_batch(opened, contacts("a"), run)
    assert run.anchors == []


def test_a_post_that_is_refused_leaves_the_job_to_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("POST", ".*/batch", error("ExceededQuota", "ApiBatchItems Limit exceeded."))
    with pytest.raises(NotExecuted, match="ExceededQuota"):
        write_batch(opened, contacts("a", number=1), run)
    bulk_org.transport.handlers.pop(0)
    write_batch(opened, contacts("b", number=2), run)
    assert len(bulk_org.jobs) == 1


def test_a_job_that_somebody_closed_is_not_used_again(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    write_batch(opened, contacts("a", number=1), run)
    next(iter(bulk_org.jobs.values())).state = "Closed"
    with pytest.raises(NotExecuted, match="InvalidJobState"):
        write_batch(opened, contacts("b", number=2), run)
    write_batch(opened, contacts("b", number=2), run)
    assert bulk_org.keys == ["a", "b"]


def test_a_refused_look_leaves_the_batch_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    limit = answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403)
    bulk_org.transport.on("GET", ".*/batch", limit)
    with pytest.raises(CallFailed) as failed:
        write_batch(opened, contacts("a"), run)
    assert (failed.value.code, failed.value.executed) == ("REQUEST_LIMIT_EXCEEDED", Executed.MAYBE)


def test_an_interrupt_ends_the_wait_for_a_batch(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    run.cancelled.set()
    with pytest.raises(Cancelled):
        write_batch(opened, contacts("a"), run)
    run.cancelled.clear()
    given = contacts("a")
    assert isinstance(bulk.recover(opened, given, Options(), run.attempt(given)), WriteResult)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("InvalidBatch : Field name not found : Foo__c", "FIELD_NOT_FOUND"),
        ("InvalidBatch : The 'delete' batch must contain only ids", "InvalidBatch"),
        ("TooManyLockFailure : Too many lock failure 200 Trying again later.", "TooManyLockFailure"),
        ("InternalServerError : something", "InternalServerError"),
        ("Timeout", "Timeout"),
        ("words", "InvalidBatch"),
        ("", "InvalidBatch"),
    ],
)
def test_a_batch_that_failed_as_a_whole_executed_nothing(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, message: str, code: str
) -> None:
    bulk_org.states[FIRST] = batch_info(FIRST, 0, "Failed", message)
    given = contacts("a", "b")
    with pytest.raises(NotExecuted) as refused:
        write_batch(opened, given, run)
    assert refused.value.code == code
    assert message in refused.value.message
    assert bulk.recover(opened, given, Options(), run.attempt(given)) is NOT_EXECUTED


def test_a_batch_of_an_aborted_job_executed_nothing_and_its_recovery_says_so(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.states[FIRST] = batch_info(FIRST, 0, "NotProcessed")
    given = contacts("a")
    (line,) = write_batch(opened, given, run)
    assert (line["status"], line["code"]) == ("not_executed", "NotProcessed")
    recovered = bulk.recover(opened, given, Options(), run.attempt(given))
    assert isinstance(recovered, WriteResult)
    assert recovered.rows.to_pylist() == [line]


def test_a_batch_that_salesforce_gave_up_keeps_what_it_did(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.states[FIRST] = batch_info(FIRST, 2, "Failed", "InternalServerError : Retried more than 10 times")
    bulk_org.results[FIRST] = [results(2)]
    lines = write_batch(opened, contacts("a", "b", "c"), run)
    assert [line["status"] for line in lines] == ["succeeded", "succeeded", "not_executed"]
    assert lines[2]["code"] == "InternalServerError"
