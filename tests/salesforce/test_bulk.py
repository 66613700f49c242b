from __future__ import annotations

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest
from connector_salesforce import bulk, plugin
from connector_salesforce.config import Options
from connector_salesforce.failure import CallFailed
from connector_salesforce.org import Org
from connector_salesforce.transport import Answer, Request

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Batch,
    Cancelled,
    Connection,
    Executed,
    NotExecuted,
    Unknown,
    WriteResult,
)
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import LOST, BulkOrg, done, error, results
from .scripted import ORG_ID, answer, batch, org

FIRST = "751000000000000000"
OPTIONS = Options()


@pytest.fixture
def bulk_org() -> BulkOrg:
    return BulkOrg()


@pytest.fixture
def opened(bulk_org: BulkOrg) -> Org:
    return org(bulk_org.transport)


@pytest.fixture
def run() -> RecordingRun:
    return RecordingRun(longest=0.001)


def contacts(*keys: str, number: int = 1, action: Action = Action.UPSERT) -> Batch:
    return batch({"External_Id__c": list(keys), "LastName": ["x"] * len(keys)}, action, number=number)


def written(opened: Org, given: Batch, run: RecordingRun, options: Options = OPTIONS) -> list[dict[str, Any]]:
    result = plugin.write_batch(Connection(opened, ORG_ID, "", None, opened.close), given, options, run.attempt(given))
    return list(result.rows.to_pylist())


def raise_(error: Exception) -> None:
    raise error


def test_a_batch_is_posted_compressed_and_its_results_are_paired_by_position(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.results[FIRST] = [
        b'"Id","Success","Created","Error"\n"","false","false","STRING_TOO_LONG:words:LastName --"\n'
        b'"003dM00003kS2ndQAC","true","false",""\n'
    ]
    given = batch({"External_Id__c": ["a", "b"], "LastName": ["y" * 1_000, "x"]})
    first, second = written(opened, given, run)
    assert (first["code"], first["fields"], second["status"]) == ("STRING_TOO_LONG", "LastName", "succeeded")
    (post,) = bulk_org.transport.made("POST", "/batch$")
    assert post.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert gzip.decompress(post.body) == bulk_org.bodies[FIRST]
    assert post.body[4:8] == b"\0\0\0\0", "the same rows are the same bytes"


def test_a_job_says_object_operation_and_match_field(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    written(opened, contacts("a"), run)
    (job,) = bulk_org.jobs.values()
    assert list(job.values.items()) == [
        ("operation", "upsert"), ("object", "Contact"), ("externalIdFieldName", "External_Id__c"),
        ("concurrencyMode", "Parallel"), ("contentType", "CSV"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "options", "operation"),
    [
        (Action.CREATE, Options(), "insert"),
        (Action.UPDATE, Options(), "update"),
        (Action.DELETE, Options(), "delete"),
        (Action.DELETE, Options(hard_delete=True), "hardDelete"),
        (Action.CREATE, Options(hard_delete=True), "insert"),
    ],
)
def test_each_action_has_its_operation(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, action: Action, options: Options, operation: str
) -> None:
    rows = {} if action is Action.DELETE else {"LastName": ["x"]}
    written(opened, batch(rows, action, ids=["003dM00003kS2ndQAC"]), run, options)
    assert [job.values["operation"] for job in bulk_org.jobs.values()] == [operation]


def test_an_assignment_rule_goes_to_the_jobs_of_leads_and_cases(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    options = Options(assignment_rules="01Qxx0000000001")
    written(opened, batch({"LastName": ["x"]}, Action.CREATE, object_name="Lead"), run, options)
    written(opened, batch({"LastName": ["x"]}, Action.CREATE, object_name="Contact"), run, options)
    assert [job.values.get("assignmentRuleId") for job in bulk_org.jobs.values()] == ["01Qxx0000000001", None]


def test_the_job_is_noted_before_the_post_and_the_batch_after_it(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    noted: list[str] = []
    bulk_org.before_post = lambda: noted.extend(each.step for each in run.anchors)
    written(opened, contacts("a"), run)
    assert noted == ["posting"]
    assert [each.step for each in run.anchors] == ["posting", "posted"]
    assert run.anchors[1].handle == {"job": "750000000000000000", "batch": FIRST}


def test_batches_share_a_job_in_which_one_post_at_a_time_is_under_way(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: time.sleep(0.01)
    gate = threading.Barrier(10)

    def write(number: int) -> None:
        gate.wait()
        written(opened, contacts(f"k{number}", number=number), run)

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(write, range(10)))
    opened.close()
    assert sorted(bulk_org.keys) == sorted(f"k{number}" for number in range(10))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (1, 1)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed"]


def test_a_second_job_is_opened_when_a_post_takes_long(
    bulk_org: BulkOrg, opened: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector_salesforce.bulk_jobs._PATIENCE", 0.05)
    run = RecordingRun(longest=0.001)
    bulk_org.before_post = lambda: time.sleep(0.2)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda number: written(opened, contacts(f"k{number}", number=number), run), range(2)))
    assert (len(bulk_org.jobs), bulk_org.most_posting) == (2, 1)


def test_runs_never_share_a_job(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    written(opened, contacts("a"), run)
    written(opened, attrs.evolve(contacts("b"), run="another"), RecordingRun(longest=0.001))
    assert len(bulk_org.jobs) == 2


def test_one_list_of_a_job_serves_all_who_wait_for_its_batches(bulk_org: BulkOrg, opened: Org) -> None:
    run = RecordingRun(longest=0.05)
    ends = time.monotonic() + 0.6
    original, looks = bulk_org._list, []

    def listing(request: Request) -> Answer:
        looks.append(time.monotonic())
        state = "InProgress" if looks[-1] < ends else "Completed"
        bulk_org.states.update({each: done(each, 0, state) for each in bulk_org.bodies})
        return original(request)

    bulk_org.transport.on("GET", "/services/async/58.0/job/[^/]+/batch", listing)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda number: written(opened, contacts(f"k{number}", number=number), run), range(10)))
    assert len(looks) < 30, "ten batches that look by themselves every 0.05 seconds would make 120"


def test_what_fails_before_the_post_is_no_batch_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("GET", ".*/describe", answer("", 503))
    with pytest.raises(NotExecuted, match="ERROR_HTTP_503"):
        written(opened, contacts("a"), run)
    assert bulk_org.transport.made("POST", "") == []


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_to_the_post_executes_the_rows_once(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, lost: str
) -> None:
    written(opened, contacts("a", number=1), run)
    setattr(bulk_org, f"{lost}_post", lambda: raise_(LOST))
    given = contacts("b", number=2)
    with pytest.raises(CallFailed) as failed:
        written(opened, given, run)
    assert failed.value.executed is Executed.MAYBE
    setattr(bulk_org, f"{lost}_post", lambda: None)
    answered = bulk.recover(opened, given, OPTIONS, run.attempt(given))
    if lost == "before":
        assert answered is NOT_EXECUTED
        assert bulk_org.keys == ["a"]
    else:
        assert isinstance(answered, WriteResult)
        assert bulk_org.keys == ["a", "b"]
        assert bulk.recover(opened, given, OPTIONS, run.attempt(given)) == answered
    assert bulk_org.jobs["750000000000000000"].state == "Closed", "a late post must be refused"


def test_after_a_lost_answer_the_job_is_left_alone_by_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.after_post = lambda: raise_(LOST)
    with pytest.raises(CallFailed):
        written(opened, contacts("a", number=1), run)
    bulk_org.after_post = lambda: None
    written(opened, contacts("b", number=2), run)
    assert [len(job.batches) for job in bulk_org.jobs.values()] == [1, 1]


def test_a_job_with_more_unknown_batches_than_there_can_be_is_for_a_person_to_look_at(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.after_post = lambda: raise_(LOST)
    given = contacts("a")
    with pytest.raises(CallFailed):
        written(opened, given, run)
    (job,) = bulk_org.jobs.values()
    job.batches.append("751000000000000099")
    assert isinstance(bulk.recover(opened, given, OPTIONS, run.attempt(given)), Unknown)


def test_a_job_that_salesforce_no_longer_has_is_for_a_person_to_look_at(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    given = contacts("a")
    written(opened, given, run)
    bulk_org.transport.on("GET", ".*/batch", error("InvalidJob", "Unable to find the job"))
    assert isinstance(bulk.recover(opened, given, OPTIONS, run.attempt(given)), Unknown)


def test_an_attempt_without_an_anchor_executed_nothing(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = contacts("a")
    written(opened, given, run)
    assert bulk.recover(opened, given, OPTIONS, run.attempt(given, 2)) is NOT_EXECUTED


@pytest.mark.parametrize("reply", [LOST, answer("", 503), answer("<html/>"), error("InternalServerError", "x", 500)])
def test_a_job_that_could_not_be_opened_is_no_batch_in_doubt(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, reply: Any
) -> None:
    bulk_org.transport.on("POST", "/services/async/58.0/job", reply)
    with pytest.raises(NotExecuted):
        written(opened, contacts("a"), run)
    assert run.anchors == []


def test_a_post_that_is_refused_leaves_the_job_to_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("POST", ".*/batch", error("ExceededQuota", "ApiBatchItems Limit exceeded."))
    with pytest.raises(NotExecuted, match="ExceededQuota"):
        written(opened, contacts("a", number=1), run)
    bulk_org.transport.handlers.pop(0)
    written(opened, contacts("b", number=2), run)
    assert len(bulk_org.jobs) == 1


def test_a_job_that_somebody_closed_is_not_used_again(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    written(opened, contacts("a", number=1), run)
    next(iter(bulk_org.jobs.values())).state = "Closed"
    with pytest.raises(NotExecuted, match="InvalidJobState"):
        written(opened, contacts("b", number=2), run)
    written(opened, contacts("b", number=2), run)
    assert bulk_org.keys == ["a", "b"]


def test_a_refused_look_leaves_the_batch_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    limit = answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403)
    bulk_org.transport.on("GET", ".*/batch", limit)
    with pytest.raises(CallFailed) as failed:
        written(opened, contacts("a"), run)
    assert (failed.value.code, failed.value.executed) == ("REQUEST_LIMIT_EXCEEDED", Executed.MAYBE)


def test_an_interrupt_ends_the_wait_for_a_batch(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    run.cancelled.set()
    with pytest.raises(Cancelled):
        written(opened, contacts("a"), run)
    run.cancelled.clear()
    given = contacts("a")
    assert isinstance(bulk.recover(opened, given, OPTIONS, run.attempt(given)), WriteResult)


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
    bulk_org.states[FIRST] = done(FIRST, 0, "Failed", message)
    given = contacts("a", "b")
    with pytest.raises(NotExecuted) as refused:
        written(opened, given, run)
    assert refused.value.code == code
    assert message in refused.value.message
    assert bulk.recover(opened, given, OPTIONS, run.attempt(given)) is NOT_EXECUTED


def test_a_batch_of_an_aborted_job_executed_nothing(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.states[FIRST] = done(FIRST, 0, "NotProcessed")
    with pytest.raises(NotExecuted, match="NotProcessed"):
        written(opened, contacts("a"), run)


def test_a_batch_that_salesforce_gave_up_keeps_what_it_did(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.states[FIRST] = done(FIRST, 2, "Failed", "InternalServerError : Retried more than 10 times")
    bulk_org.results[FIRST] = [results(2)]
    lines = written(opened, contacts("a", "b", "c"), run)
    assert [line["status"] for line in lines] == ["succeeded", "succeeded", "not_executed"]
    assert lines[2]["code"] == "InternalServerError"


def test_results_that_do_not_fit_are_downloaded_again(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.results[FIRST] = [results(1), b'"Id","Succ', results(2)]
    assert [line["status"] for line in written(opened, contacts("a", "b"), run)] == ["succeeded"] * 2
    assert len(bulk_org.transport.made("GET", "/result$")) == 3


@pytest.mark.parametrize("count", [1, 3])
def test_results_that_never_fit_are_unknown_and_never_a_guess(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, count: int
) -> None:
    bulk_org.results[FIRST] = [results(count)]
    lines = written(opened, contacts("a", "b"), run)
    assert [(line["status"], line["code"]) for line in lines] == [("unknown", "RESULTS_INCOMPLETE")] * 2


def test_a_batch_that_its_job_does_not_list_is_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("GET", ".*/batch", answer('<batchInfoList xmlns="x" />'))
    with pytest.raises(CallFailed, match="BATCH_MISSING") as failed:
        written(opened, contacts("a"), run)
    assert failed.value.executed is Executed.MAYBE


def test_rows_that_cannot_be_said_fail_beside_the_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = batch({"External_Id__c": ["a", "b", "c"], "LastName": ["x", "#N/A", "y"]})
    lines = written(opened, given, run)
    assert [line["status"] for line in lines] == ["succeeded", "failed", "succeeded"]
    assert (lines[1]["code"], lines[1]["fields"]) == ("LITERAL_NA", "LastName")
    assert "#N/A" in lines[1]["message"]
    assert bulk_org.keys == ["a", "c"]
    recovered = bulk.recover(opened, given, OPTIONS, run.attempt(given))
    assert isinstance(recovered, WriteResult)
    assert recovered.rows.to_pylist() == lines


def test_a_batch_of_which_nothing_can_be_said_makes_no_call(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    lines = written(opened, batch({"External_Id__c": ["a"], "LastName": ["#N/A"]}), run)
    assert [line["code"] for line in lines] == ["LITERAL_NA"]
    assert (bulk_org.transport.made("POST", ""), run.anchors) == ([], [])


def test_a_batch_that_is_too_large_is_to_be_split(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = batch({"External_Id__c": [f"k{n}" for n in range(100)], "Note": ["ü" * 50_000] * 100})
    with pytest.raises(NotExecuted) as refused:
        written(opened, given, run)
    assert refused.value.split
    assert bulk_org.jobs == {}


@pytest.mark.parametrize(("limit", "value"), [("_OLDEST", -1.0), ("_MOST_BATCHES", 1)])
def test_an_old_or_full_job_gets_no_more_batches(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(f"connector_salesforce.bulk_jobs.{limit}", value)
    for number in range(2):
        written(opened, contacts(f"k{number}", number=number), run)
    assert [job.state for job in bulk_org.jobs.values()] == ["Closed", "Open"]


def test_no_batch_is_begun_with_the_calls_that_are_kept_for_others(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.transport.remaining = 900
    written(opened, contacts("a", number=1), run, Options(keep_api_calls=899))
    with pytest.raises(NotExecuted, match="API_CALLS_KEPT"):
        written(opened, contacts("b", number=2), run, Options(keep_api_calls=900))
    assert bulk_org.keys == ["a"]


def test_a_binary_field_is_refused_before_anything_is_sent(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    with pytest.raises(NotExecuted, match="BASE64_NOT_IN_BULK"):
        written(opened, batch({"External_Id__c": ["a"], "Body": [b"x"]}), run)
    assert bulk_org.transport.requests == []
