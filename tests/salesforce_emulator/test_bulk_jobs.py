"""Bulk API 1.0: jobs, batches, results."""

from __future__ import annotations

import gzip
import json

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client, element, elements, fault_of, job_info

JOB_ELEMENTS = [
    *("id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "externalIdFieldName"),
    *("concurrencyMode", "contentType", "numberBatchesQueued", "numberBatchesInProgress", "numberBatchesCompleted"),
    *("numberBatchesFailed", "numberBatchesTotal", "numberRecordsProcessed", "numberRetries", "apiVersion"),
    *("numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"),
]
BATCH_ELEMENTS = [
    *("id", "jobId", "state", "createdDate", "systemModstamp", "numberRecordsProcessed", "numberRecordsFailed"),
    *("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"),
]


def test_a_job_runs_from_creation_to_results(client: Client) -> None:
    job = client.job("upsert", "Contact", "External_Id__c")
    batch = client.batch(job, "External_Id__c,LastName\nk1,One\nk2,\n")
    assert client.wait_for_batch(job, batch)["state"] == "Completed"
    closed = client.bulk("POST", f"/{job}", job_info("<state>Closed</state>"), Content_Type="application/xml")
    info = elements(closed)
    assert list(info) == JOB_ELEMENTS
    assert (info["state"], info["object"], info["apiVersion"]) == ("Closed", "Contact", "58.0")
    assert (info["numberBatchesTotal"], info["numberBatchesCompleted"]) == ("1", "1")
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("2", "1")
    answer = client.bulk("GET", f"/{job}/batch/{batch}/result")
    assert answer.headers["Content-Type"] == "text/csv"
    [record] = client.emulator.records("Contact")
    assert answer.text == (
        '"Id","Success","Created","Error"\n'
        f'"{record["Id"]}","true","true",""\n'
        '"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"\n'
    )


def test_control_answers_are_xml_or_json_as_the_request_is(client: Client) -> None:
    body = json.dumps({"operation": "insert", "object": "Account", "contentType": "CSV", "concurrencyMode": 1})
    created = client.bulk("POST", "", body, Content_Type="application/json; charset=UTF-8")
    assert created.status_code == 201
    job = created.json()
    assert (job["apiVersion"], job["concurrencyMode"], job["state"]) == (58.0, "Serial", "Open")
    assert job["createdDate"].endswith(".000+0000")
    shown = client.bulk("GET", f"/{job['id']}")
    assert shown.headers["Content-Type"] == "application/xml"
    assert elements(shown)["createdDate"].endswith(".000Z")
    batch = client.batch(job["id"], "Name\nA\n")
    as_json = client.bulk("GET", f"/{job['id']}/batch/{batch}", Content_Type="application/json").json()
    assert as_json["jobId"] == job["id"]
    listed = client.bulk("GET", f"/{job['id']}/batch", Content_Type="application/json").json()
    assert [info["id"] for info in listed["batchInfo"]] == [batch]


def test_batches_are_listed_and_their_data_read_back(client: Client) -> None:
    job = client.job("insert", "Account")
    empty = client.bulk("GET", f"/{job}/batch")
    assert b"<batchInfoList xmlns=" in empty.content
    assert empty.content.endswith(b" />")
    sent = 'Name\n"Ö, ""x""\n"\n'
    batch = client.batch(job, sent)
    client.wait_for_batch(job, batch)
    assert list(elements(client.bulk("GET", f"/{job}/batch/{batch}"))) == BATCH_ELEMENTS
    read = client.bulk("GET", f"/{job}/batch/{batch}/request")
    assert read.content == sent.encode()
    assert read.headers["Content-Type"].startswith("text/csv")
    assert b"<batchInfo>" in client.bulk("GET", f"/{job}/batch").content


def test_data_may_be_compressed(client: Client) -> None:
    job = client.job("insert", "Account")
    packed = gzip.compress(b"Name\nA\n", mtime=0)
    answer = client.bulk("POST", f"/{job}/batch", packed, Content_Type="text/csv", Content_Encoding="gzip")
    assert answer.status_code == 201
    assert [row["Success"] for row in client.results(job, element(answer, "id"))] == ["true"]
    broken = client.bulk("POST", f"/{job}/batch", b"Name", Content_Type="text/csv", Content_Encoding="gzip")
    assert fault_of(broken)[:2] == (400, "ClientInputError")


def test_a_closed_job_takes_no_batch_and_ends_once(client: Client) -> None:
    job = client.job("insert", "Account")
    close = job_info("<state>Closed</state>")
    assert client.bulk("POST", f"/{job}", close, Content_Type="application/xml").status_code == 200
    refused = client.bulk("POST", f"/{job}/batch", b"Name\nA\n", Content_Type="text/csv")
    assert fault_of(refused)[:2] == (400, "InvalidJobState")
    again = client.bulk("POST", f"/{job}", close, Content_Type="application/xml")
    assert fault_of(again) == (400, "InvalidJobState", "Closing already Closed Job not allowed")
    abort = client.bulk("POST", f"/{job}", '{"state":"Aborted"}', Content_Type="application/json")
    assert abort.json()["state"] == "Aborted"
    closed = client.bulk("POST", f"/{job}", close, Content_Type="application/xml")
    assert fault_of(closed) == (400, "InvalidJobState", "Closing already Aborted Job not allowed")


def test_a_job_takes_batches_for_a_day_and_is_kept_for_seven(client: Client, emulator: Emulator) -> None:
    job = client.job("insert", "Account")
    client.results(job, client.batch(job, "Name\nA\n"))
    emulator.advance(86_500)
    client.login()
    late = client.bulk("POST", f"/{job}/batch", b"Name\nB\n", Content_Type="text/csv")
    assert fault_of(late) == (400, "InvalidJobState", "The job has been open for more than 24 hours")
    client.bulk("POST", f"/{job}", job_info("<state>Closed</state>"), Content_Type="application/xml")
    emulator.advance(6 * 86_400)
    client.login()
    assert client.bulk("GET", f"/{job}").ok
    emulator.advance(86_500)
    client.login()
    assert fault_of(client.bulk("GET", f"/{job}"))[:2] == (400, "InvalidJob")


def test_an_aborted_job_leaves_waiting_batches_unprocessed() -> None:
    with Emulator({"extends": "default", "bulk": {"delay": 60}}) as emulator:
        client = Client(emulator)
        job = client.job("insert", "Account")
        batch = client.batch(job, "Name\nA\n")
        early = client.bulk("GET", f"/{job}/batch/{batch}/result")
        client.bulk("POST", f"/{job}", job_info("<state>Aborted</state>"), Content_Type="application/xml")
        info = client.wait_for_batch(job, batch)
        client.close()
    assert fault_of(early) == (400, "InvalidBatch", "Batch not completed")
    assert info["state"] == "NotProcessed"


def test_an_aborted_job_keeps_the_batches_that_are_done(client: Client) -> None:
    job = client.job("insert", "Account")
    batch = client.batch(job, "Name\nA\n")
    client.wait_for_batch(job, batch)
    client.bulk("POST", f"/{job}", job_info("<state>Aborted</state>"), Content_Type="application/xml")
    assert client.wait_for_batch(job, batch)["state"] == "Completed"
    assert [row["Success"] for row in client.results(job, batch)] == ["true"]


def test_a_batch_that_ends_before_its_first_rows_has_no_results(client: Client, emulator: Emulator) -> None:
    stop = {"code": "InternalServerError", "message": "gone"}
    emulator.faults([{"match": {"key": "k0"}, "do": {"stop": stop}}])
    job = client.job("insert", "Account")
    batch = client.batch(job, "Name,External_Id__c\nA,k0\n")
    assert client.wait_for_batch(job, batch)["state"] == "Failed"
    refused = client.bulk("GET", f"/{job}/batch/{batch}/result")
    assert (refused.status_code, emulator.records("Account")) == (400, [])


def test_batches_are_queued_first_and_run_in_any_order() -> None:
    with Emulator({"extends": "default", "bulk": {"delay": 0.4}}, seed=1) as emulator:
        client = Client(emulator)
        job = client.job("insert", "Account")
        batches = [client.batch(job, f"Name\n{n}\n") for n in range(8)]
        assert elements(client.bulk("GET", f"/{job}/batch/{batches[0]}"))["state"] == "Queued"
        for batch in batches:
            client.wait_for_batch(job, batch)
        names = [record["Name"] for record in emulator.records("Account")]
        client.close()
    assert sorted(names) == list("01234567")
    assert names != sorted(names)


def test_the_batches_of_a_day_are_counted_and_run_out() -> None:
    limits = {"DailyBulkApiBatches": {"max": 10, "remaining": 1}}
    with Emulator({"extends": "default", "limits": limits}) as emulator:
        client = Client(emulator)
        job = client.job("insert", "Account")
        client.batch(job, "Name\nA\n")
        refused = client.bulk("POST", f"/{job}/batch", b"Name\nB\n", Content_Type="text/csv")
        left = client.rest("GET", "/limits").json()["DailyBulkApiBatches"]
        client.close()
    assert fault_of(refused) == (400, "ExceededQuota", "ApiBatchItems Limit exceeded.")
    assert left == {"Max": 10, "Remaining": 0}


def test_too_large_a_batch_is_refused_at_once(client: Client) -> None:
    job = client.job("insert", "Account")
    answer = client.bulk("POST", f"/{job}/batch", b"Name\n" + b"x" * 10_000_000, Content_Type="text/csv")
    assert fault_of(answer) == (400, "ClientInputError", "Failed to read request. Exceeded max size limit of 10000000")


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ("<object>Account</object>", "InvalidJob"),
        ("<operation>Insert</operation><object>Account</object>", "InvalidJob"),
        ("<operation>insert</operation><object>Nope</object>", "InvalidEntity"),
        ("<operation>upsert</operation><object>Account</object>", "InvalidJob"),
        (
            "<operation>upsert</operation><object>Account</object><externalIdFieldName>Name</externalIdFieldName>",
            "InvalidJob",
        ),
        ("<operation>insert</operation><object>Account</object><contentType>ZIP_CSV</contentType>", "InvalidJob"),
        ("<operation>insert</operation><object>Account</object><concurrencyMode>x</concurrencyMode>", "InvalidJob"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(client: Client, info: str, code: str) -> None:
    assert fault_of(client.bulk("POST", "", job_info(info), Content_Type="application/xml"))[:2] == (400, code)


def test_bad_control_bodies_are_refused_and_so_is_a_document_type(client: Client) -> None:
    assert fault_of(client.bulk("POST", "", "<jobInfo", Content_Type="application/xml"))[:2] == (400, "InvalidXML")
    bomb = '<!DOCTYPE jobInfo [<!ENTITY x "x">]><jobInfo>&x;</jobInfo>'
    refused = fault_of(client.bulk("POST", "", bomb, Content_Type="application/xml"))
    assert refused[:2] == (400, "InvalidXML")
    assert "document type" in refused[2]
    for body in ("{", "[]"):
        answer = client.bulk("POST", "", body, Content_Type="application/json")
        assert answer.json()["exceptionCode"] == "ClientInputError"


def test_unknown_jobs_batches_versions_and_paths_are_refused(client: Client) -> None:
    job = client.job("insert", "Account")
    assert fault_of(client.bulk("GET", "/7505g0000000zzzAAA"))[1] == "InvalidJob"
    assert fault_of(client.bulk("GET", f"/{job}/batch/7515g0000000zzzAAA"))[1] == "InvalidBatch"
    assert fault_of(client.bulk("GET", f"/{job}/nonsense"))[1] == "InvalidUrl"
    assert (
        fault_of(client.bulk("POST", f"/{job}", job_info("<state>Odd</state>"), Content_Type="application/xml"))[1]
        == "InvalidJob"
    )
    wrong = client.bulk("POST", f"/{job}/batch", b"[]", Content_Type="application/json")
    assert wrong.json()["exceptionCode"] == "ClientInputError"
    url = f"{client.emulator.instance_url}/services/async/25.0/job/{job}"
    old = client.http.get(url, headers={"X-SFDC-Session": client.token})
    assert fault_of(old)[:2] == (400, "InvalidVersion")


def test_hard_delete_needs_a_permission() -> None:
    with Emulator({"extends": "default", "bulk": {"hardDelete": False}}) as emulator:
        client = Client(emulator)
        info = job_info("<operation>hardDelete</operation><object>Account</object><contentType>CSV</contentType>")
        refused = fault_of(client.bulk("POST", "", info, Content_Type="application/xml"))
        client.close()
    assert refused[1] == "FeatureNotEnabled"
