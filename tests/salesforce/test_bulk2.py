from __future__ import annotations

from typing import Any

import pytest
from connector_salesforce.config import Options
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.org.org import Org
from connector_salesforce.write import bulk2

from connector_sdk import Action, Cancelled, Executed, NotExecuted
from connector_sdk.testing.doubles import RecordingRun

from .ingestorg import RECORD, IngestOrg, contacts, refuse_call, write_batch
from .scripted import batch, org

ONE, TWO = "003dM00003kS2ndQAC", "003dM00003kS2neQAC"


@pytest.fixture
def ingest_org() -> IngestOrg:
    return IngestOrg()


@pytest.fixture
def ingesting(ingest_org: IngestOrg) -> Org:
    return org(ingest_org.transport)


def list_calls(ingest_org: IngestOrg) -> list[str]:
    """Return method and last part of the path of each call about jobs."""
    return [f"{each.method} {each.url.rpartition('/')[2]}" for each in ingest_org.transport.requests
            if "/jobs/" in each.url]  # fmt: skip


def test_a_batch_is_a_job_that_costs_four_calls_beside_its_looks(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    (line,) = write_batch(ingesting, contacts("a"), run)
    assert (line["status"], line["record_id"], line["created"]) == ("succeeded", RECORD, True)
    job = "750000000000000AAA"
    assert list_calls(ingest_org) == [
        "POST ingest",
        "PUT batches",
        f"PATCH {job}",
        f"GET {job}",
        "GET successfulResults",
    ]
    assert [each.step for each in run.anchors] == ["opened", "handing over"]


@pytest.mark.parametrize(
    ("action", "options", "operation", "key"),
    [
        (Action.UPSERT, Options(), "upsert", "External_Id__c"),
        (Action.UPDATE, Options(), "update", None),
        (Action.DELETE, Options(), "delete", None),
        (Action.DELETE, Options(hard_delete=True), "hardDelete", None),
    ],
)
def test_a_job_says_what_it_is_for(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, action: Action, options: Options, operation: str, key: Any
) -> None:
    write_batch(ingesting, contacts(ONE, TWO, action=action), run, options)
    (job,) = ingest_org.jobs.values()
    expected = {"object": "Contact", "operation": operation, "contentType": "CSV", "lineEnding": "LF",
                "columnDelimiter": "COMMA", **({"externalIdFieldName": key} if key else {})}  # fmt: skip
    assert job.settings == expected


def test_an_assignment_rule_is_named_for_leads(ingest_org: IngestOrg, ingesting: Org, run: RecordingRun) -> None:
    rule = "01Qxx0000000001EAA"
    given = batch({"External_Id__c": ["a"]}, object_name="Lead", api="bulk2")
    write_batch(ingesting, given, run, Options(assignment_rules=rule))
    (job,) = ingest_org.jobs.values()
    assert job.settings["assignmentRuleId"] == rule


def test_results_in_no_order_belong_to_the_rows_of_their_keys(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.files = {
        "successfulResults": [[(TWO, "false", "c", "of c"), (ONE, "true", "a", "of a")]],
        "failedResults": [[("", "REQUIRED_FIELD_MISSING:Required fields are missing: [X]:X --", "b", "of b")]],
    }
    a, b, c = write_batch(ingesting, contacts("a", "b", "c"), run)
    assert (a["record_id"], a["created"], c["record_id"], c["created"]) == (ONE, True, TWO, False)
    assert (b["status"], b["code"], b["fields"]) == ("failed", "REQUIRED_FIELD_MISSING", "X")
    assert "unprocessedrecords" not in " ".join(list_calls(ingest_org)), "every row is told of already"


@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
def test_updates_and_deletions_are_paired_by_the_id_as_it_was_sent(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, action: Action
) -> None:
    more = ("x",) if action is Action.UPDATE else ()
    ingest_org.files = {
        "successfulResults": [[(TWO, "false", TWO[:15], *more)]],
        "failedResults": [[(ONE, "ENTITY_IS_DELETED:entity is deleted:--", ONE, *more)]],
    }
    one, two = write_batch(ingesting, contacts(ONE, TWO[:15], action=action), run)
    assert (one["code"], one["record_id"]) == ("ENTITY_IS_DELETED", ONE)
    assert (two["status"], two["record_id"]) == ("succeeded", TWO)


def test_rows_that_cannot_be_told_apart_share_the_results_of_their_key(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.files = {
        "successfulResults": [[(ONE, "true", "a", "of a"), (TWO, "true", "b", "of b")]],
        "failedResults": [[("", "X:m:--", "a", "of a"), ("", "X:m:--", "a", "of a")]],
    }
    lines = write_batch(ingesting, contacts("a", "b", "a", "a"), run)
    assert sorted(line["status"] for line in lines) == ["failed", "failed", "succeeded", "succeeded"]
    assert lines[1]["record_id"] == TWO


def test_rows_that_were_not_processed_were_not_executed(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.ends = {"state": "Failed", "numberRecordsProcessed": 2, "errorMessage": "InternalServerError : gave up"}
    ingest_org.files = {
        "successfulResults": [[(ONE, "true", "a", "of a")]],
        "failedResults": [[("", "X:m:--", "b", "of b")]],
        "unprocessedrecords": [[("c", "of c")]],
    }
    lines = write_batch(ingesting, contacts("a", "b", "c"), run)
    assert [line["status"] for line in lines] == ["succeeded", "failed", "not_executed"]
    assert (lines[2]["code"], "gave up" in lines[2]["message"]) == ("InternalServerError", True)


@pytest.mark.parametrize(
    ("state", "message", "code"),
    [
        ("Failed", "InvalidBatch : Field name not found : Foo__c", "FIELD_NOT_FOUND"),
        ("Failed", "InvalidBatch : InvalidBatch : Field name not found : Foo__c", "FIELD_NOT_FOUND"),
        ("Failed", "ClientInputError : LineEnding is invalid on user data.", "ClientInputError"),
        ("Failed", "", "InvalidBatch"),
    ],
)
def test_a_job_that_processed_nothing_executed_nothing(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, state: str, message: str, code: str
) -> None:
    ingest_org.ends = {"state": state, "numberRecordsProcessed": 0, "errorMessage": message}
    ingest_org.files = {"successfulResults": [[]]}
    with pytest.raises(NotExecuted) as failed:
        write_batch(ingesting, contacts("a", "b"), run)
    assert failed.value.code == code


@pytest.mark.parametrize(
    "told", [{"successfulResults": [[]]}, {"unprocessedrecords": [[("a", "of a"), ("b", "of b")]]}]
)
def test_rows_of_a_job_that_an_admin_aborted_were_not_executed(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, told: dict[str, Any]
) -> None:
    ingest_org.ends = {"state": "Aborted", "numberRecordsProcessed": 0}
    ingest_org.files = told
    lines = write_batch(ingesting, contacts("a", "b"), run)
    assert [(each["status"], each["code"]) for each in lines] == [("not_executed", "NotProcessed")] * 2


def test_rows_that_no_file_tells_of_are_unknown_and_never_failed(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.ends = {"state": "JobComplete", "numberRecordsProcessed": 1}
    ingest_org.files = {"successfulResults": [[(ONE, "true", "a", "of a")]]}
    a, b = write_batch(ingesting, contacts("a", "b"), run)
    assert (a["status"], b["status"], b["code"]) == ("succeeded", "unknown", "RESULTS_INCOMPLETE")
    assert list_calls(ingest_org).count("GET successfulResults") == 3, "downloaded again, twice"


@pytest.mark.parametrize("broken", [b"not,a\nfile,of,results\n", b'"sf__Id","sf__Created",LastName\n"x","true","y"\n'])
def test_a_damaged_file_is_downloaded_again(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, broken: bytes
) -> None:
    ingest_org.files = {"successfulResults": [broken, [(ONE, "true", "a", "of a")]]}
    (line,) = write_batch(ingesting, contacts("a"), run)
    assert line["status"] == "succeeded"


def test_files_that_stay_damaged_leave_all_rows_unknown(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.files = {"successfulResults": [b"nothing,that\nis,ours\n"]}
    lines = write_batch(ingesting, contacts("a", "b"), run)
    assert [line["status"] for line in lines] == ["unknown", "unknown"]


def test_a_count_that_does_not_agree_is_looked_at_again(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    ingest_org.ends = {"state": "JobComplete", "numberRecordsProcessed": 7}
    (line,) = write_batch(ingesting, contacts("a"), run)
    assert line["status"] == "succeeded"
    assert list_calls(ingest_org).count("GET successfulResults") == 3


def test_a_body_that_is_too_large_is_to_be_split(
    ingesting: Org, run: RecordingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk2, "BYTES_MAX", 50)
    with pytest.raises(NotExecuted) as failed:
        write_batch(ingesting, contacts("a", "b", "c"), run)
    assert (failed.value.code, failed.value.split) == ("BODY_TOO_LARGE", True)


def test_rows_that_csv_cannot_say_are_left_out_and_told(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    given = batch({"External_Id__c": ["a", "b"], "LastName": ["x", "#N/A"]}, api="bulk2")
    a, b = write_batch(ingesting, given, run)
    assert (a["status"], b["code"]) == ("succeeded", "LITERAL_NA")
    given = batch({"External_Id__c": ["b"], "LastName": ["#N/A"]}, api="bulk2", number=2)
    assert write_batch(ingesting, given, run)[0]["code"] == "LITERAL_NA"
    assert len(ingest_org.jobs) == 1, "a batch without rows is no job"


@pytest.mark.parametrize(
    ("code", "normalised"),
    [
        ("EXCEEDEDQUOTA", "ExceededQuota"),
        ("INVALIDENTITY", "InvalidEntity"),
        ("FEATURENOTENABLED", "FeatureNotEnabled"),
    ],
)
def test_codes_in_capitals_are_those_of_the_bulk_api(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun, code: str, normalised: str
) -> None:
    ingest_org.transport.on("POST", "/services/data/v58.0/jobs/ingest", refuse_call(code, "m"))
    with pytest.raises(NotExecuted) as failed:
        write_batch(ingesting, contacts("a"), run)
    assert failed.value.code == normalised


def test_an_interrupt_ends_the_wait_and_the_job_is_found_again(
    ingest_org: IngestOrg, ingesting: Org, run: RecordingRun
) -> None:
    run.cancelled.set()
    with pytest.raises(Cancelled):
        write_batch(ingesting, contacts("a"), run)
    run.cancelled.clear()
    given = contacts("a")
    answered = bulk2.recover(ingesting, given, Options(), run.attempt(given))
    assert answered.rows.num_rows == 1  # type: ignore[union-attr]
    assert ingest_org.executed == ["a"]


def test_a_look_that_fails_leaves_the_batch_in_doubt(ingest_org: IngestOrg, ingesting: Org, run: RecordingRun) -> None:
    limit = refuse_call("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    ingest_org.transport.on("GET", "/services/data/v58.0/jobs/ingest/[^/]+", limit)
    with pytest.raises(CallFailed) as failed:
        write_batch(ingesting, contacts("a"), run)
    assert (failed.value.code, failed.value.executed) == ("REQUEST_LIMIT_EXCEEDED", Executed.MAYBE)
