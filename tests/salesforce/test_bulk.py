from __future__ import annotations

import gzip

import pytest
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.write import bulk

from connector_sdk import Action, Executed, NotExecuted, WriteResult
from connector_sdk.testing.doubles import RecordingRun

from .bulkorg import BulkOrg, contacts, results, write_batch
from .scripted import answer, batch

FIRST = "751000000000000AAA"


def test_a_batch_is_posted_compressed_and_its_results_are_paired_by_position(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.results[FIRST] = [
        b'"Id","Success","Created","Error"\n"","false","false","STRING_TOO_LONG:words:LastName --"\n'
        b'"003dM00003kS2ndQAC","true","false",""\n'
    ]
    given = batch({"External_Id__c": ["a", "b"], "LastName": ["y" * 1_000, "x"]})
    first, second = write_batch(opened, given, run)
    assert (first["code"], first["fields"], second["status"]) == ("STRING_TOO_LONG", "LastName", "succeeded")
    (post,) = bulk_org.transport.find_requests("POST", "/batch$")
    assert post.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert gzip.decompress(post.body) == bulk_org.bodies[FIRST]
    assert post.body[4:8] == b"\0\0\0\0", "the same rows are the same bytes"


def test_a_job_says_object_operation_and_match_field(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    write_batch(opened, contacts("a"), run)
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
    write_batch(opened, batch(rows, action, ids=["003dM00003kS2ndQAC"]), run, options)
    assert [job.values["operation"] for job in bulk_org.jobs.values()] == [operation]


def test_an_assignment_rule_goes_to_the_jobs_of_leads_and_cases(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    options = Options(assignment_rules="01Qxx0000000001")
    write_batch(opened, batch({"LastName": ["x"]}, Action.CREATE, object_name="Lead"), run, options)
    write_batch(opened, batch({"LastName": ["x"]}, Action.CREATE, object_name="Contact"), run, options)
    assert [job.values.get("assignmentRuleId") for job in bulk_org.jobs.values()] == ["01Qxx0000000001", None]


def test_the_job_is_noted_before_the_post_and_the_batch_after_it(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    noted: list[str] = []
    bulk_org.before_post = lambda: noted.extend(each.step for each in run.anchors)
    write_batch(opened, contacts("a"), run)
    assert noted == ["posting"]
    assert [each.step for each in run.anchors] == ["posting", "posted"]
    assert run.anchors[1].handle == {"job": "750000000000000AAA", "batch": FIRST}


def test_results_that_do_not_fit_are_downloaded_again(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.results[FIRST] = [results(1), b'"Id","Succ', results(2)]
    assert [line["status"] for line in write_batch(opened, contacts("a", "b"), run)] == ["succeeded"] * 2
    assert len(bulk_org.transport.find_requests("GET", "/result$")) == 3


@pytest.mark.parametrize("count", [1, 3])
def test_results_that_never_fit_are_unknown_and_never_a_guess(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun, count: int
) -> None:
    bulk_org.results[FIRST] = [results(count)]
    lines = write_batch(opened, contacts("a", "b"), run)
    assert [(line["status"], line["code"]) for line in lines] == [("unknown", "RESULTS_INCOMPLETE")] * 2


def test_a_batch_that_its_job_does_not_list_is_in_doubt(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    bulk_org.transport.on("GET", ".*/batch", answer('<batchInfoList xmlns="x" />'))
    with pytest.raises(CallFailed, match="BATCH_MISSING") as failed:
        write_batch(opened, contacts("a"), run)
    assert failed.value.executed is Executed.MAYBE


def test_rows_that_cannot_be_said_fail_beside_the_others(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = batch({"External_Id__c": ["a", "b", "c"], "LastName": ["x", "#N/A", "y"]})
    lines = write_batch(opened, given, run)
    assert [line["status"] for line in lines] == ["succeeded", "failed", "succeeded"]
    assert (lines[1]["code"], lines[1]["fields"]) == ("LITERAL_NA", "LastName")
    assert "#N/A" in lines[1]["message"]
    assert bulk_org.keys == ["a", "c"]
    recovered = bulk.recover(opened, given, Options(), run.attempt(given))
    assert isinstance(recovered, WriteResult)
    assert recovered.rows.to_pylist() == lines


def test_a_batch_of_which_nothing_can_be_said_makes_no_call(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    lines = write_batch(opened, batch({"External_Id__c": ["a"], "LastName": ["#N/A"]}), run)
    assert [line["code"] for line in lines] == ["LITERAL_NA"]
    assert (bulk_org.transport.find_requests("POST", ""), run.anchors) == ([], [])


def test_a_batch_that_is_too_large_is_to_be_split(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    given = batch({"External_Id__c": [f"k{n}" for n in range(100)], "Note": ["ü" * 50_000] * 100})
    with pytest.raises(NotExecuted) as refused:
        write_batch(opened, given, run)
    assert refused.value.split
    assert bulk_org.jobs == {}


def test_no_batch_is_begun_with_the_calls_that_are_kept_for_others(
    bulk_org: BulkOrg, opened: Org, run: RecordingRun
) -> None:
    bulk_org.transport.quota.report_left(900)
    write_batch(opened, contacts("a", number=1), run, Options(keep_api_calls=500))
    with pytest.raises(NotExecuted, match="API_CALLS_KEPT"):
        write_batch(opened, contacts("b", number=2), run, Options(keep_api_calls=900))
    assert bulk_org.keys == ["a"]


def test_a_binary_field_is_refused_before_anything_is_sent(bulk_org: BulkOrg, opened: Org, run: RecordingRun) -> None:
    with pytest.raises(NotExecuted, match="BASE64_NOT_IN_BULK"):
        write_batch(opened, batch({"External_Id__c": ["a"], "Body": [b"x"]}), run)
    assert bulk_org.transport.requests == []
