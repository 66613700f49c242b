"""Bulk API 2.0: jobs that load data, from their creation to their result files."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

CONTACTS = "External_Id__c,LastName\n" + "".join(f"k{number},L{number}\n" for number in range(5))


def read_error(answer: Any) -> tuple[int, str, str]:
    [error] = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


def test_a_job_answers_with_the_keys_of_each_step(client: Client) -> None:
    body = {"object": "contact", "operation": "upsert", "externalIdFieldName": "external_id__c", "contentType": "CSV"}
    opened = client.jobs("POST", "/ingest", body).json()
    assert (opened["object"], opened["externalIdFieldName"], opened["state"]) == ("Contact", "External_Id__c", "Open")
    assert opened["contentUrl"] == f"services/data/v58.0/jobs/ingest/{opened['id']}/batches"
    assert (opened["lineEnding"], opened["columnDelimiter"], opened["apiVersion"]) == ("LF", "COMMA", 58.0)
    client.jobs("PUT", f"/ingest/{opened['id']}/batches", data=CONTACTS)
    closed = client.jobs("PATCH", f"/ingest/{opened['id']}", {"state": "UploadComplete"}).json()
    assert closed["state"] == "UploadComplete"
    assert not {"contentUrl", "lineEnding", "columnDelimiter"} & closed.keys()
    info = client.wait_for_job(f"/ingest/{opened['id']}")
    assert (info["state"], info["jobType"], info["retries"]) == ("JobComplete", "V2Ingest", 0)
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (5, 0)


def test_successful_and_failed_rows_are_in_files_of_their_own(client: Client, emulator: Emulator) -> None:
    data = 'External_Id__c,LastName,Birthdate\nk1,"A ""quoted"", name",\nk2,B,2003-04-98\nk3,,2001-02-03\n'
    job, info = client.ingest("upsert", "Contact", data, externalIdFieldName="External_Id__c")
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (3, 2)
    [made] = client.file(job, "successfulResults")
    assert made["sf__Id"] == emulator.records("Contact")[0]["Id"]
    assert (made["sf__Created"], made["LastName"]) == ("true", 'A "quoted", name')
    failed = {row["External_Id__c"]: row["sf__Error"] for row in client.file(job, "failedResults")}
    cause = "Due to, '2003-04-98' is not a valid value for the type xsd:date"
    assert failed["k2"] == f"INVALID_FIELD:Failed to deserialize field at col 2. {cause}:Birthdate --"
    assert failed["k3"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    text = client.jobs("GET", f"/ingest/{job}/successfulResults").text.splitlines()
    assert text[0] == '"sf__Id","sf__Created",External_Id__c,LastName,Birthdate'
    assert text[1].endswith(',"true","k1","A ""quoted"", name",""')
    assert client.jobs("GET", f"/ingest/{job}/unprocessedrecords").text == "External_Id__c,LastName,Birthdate\n"


def test_results_come_in_no_order(client: Client) -> None:
    keys = [f"k{number}" for number in range(300)]
    job, _ = client.ingest("insert", "Contact", "External_Id__c,LastName\n" + "".join(f"{key},L\n" for key in keys))
    found = [row["External_Id__c"] for row in client.file(job, "successfulResults")]
    assert sorted(found) == sorted(keys)
    assert found != keys


def test_rows_are_updated_deleted_and_deleted_for_good(client: Client, emulator: Emulator) -> None:
    ids = emulator.insert("Contact", *({"LastName": "L"} for _ in range(3)))
    job, _ = client.ingest("update", "Contact", f"Id,FirstName\n{ids[0]},F\n{ids[1]},#N/A\n003000000000000,X\n")
    assert [row["sf__Created"] for row in client.file(job, "successfulResults")] == ["false", "false"]
    assert client.file(job, "failedResults")[0]["sf__Error"].startswith("INVALID_CROSS_REFERENCE_KEY:")
    client.ingest("delete", "Contact", f"Id\n{ids[0]}\n")
    client.ingest("hardDelete", "Contact", f"Id\n{ids[1]}\n")
    assert [(record["Id"], record["IsDeleted"]) for record in emulator.records("Contact")] == [
        (ids[0], True),
        (ids[2], False),
    ]


def test_parents_may_be_named_by_key(client: Client, emulator: Emulator) -> None:
    [account] = emulator.insert("Account", {"Name": "A", "External_Id__c": "a"})
    job, _ = client.ingest("insert", "Contact", "LastName,Account.External_Id__c\nL,a\nM,b\n")
    assert client.file(job, "successfulResults")[0]["Account.External_Id__c"] == "a"
    assert "Foreign key external ID: b not found" in client.file(job, "failedResults")[0]["sf__Error"]
    assert emulator.records("Contact")[0]["AccountId"] == account


@pytest.mark.parametrize(
    ("name", "character"),
    [("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^"), ("BACKQUOTE", "`")],
)
def test_every_delimiter_and_line_ending_comes_back_as_sent(client: Client, name: str, character: str) -> None:
    data = f'LastName{character}FirstName\r\n"A{character}B"{character}x,y\r\n'
    job, info = client.ingest("insert", "Contact", data, columnDelimiter=name, lineEnding="CRLF")
    assert info["numberRecordsFailed"] == 0
    lines = client.jobs("GET", f"/ingest/{job}/successfulResults").content.decode().split("\r\n")
    assert lines[0] == character.join(('"sf__Id"', '"sf__Created"', "LastName", "FirstName"))
    assert lines[1].endswith(f'"A{character}B"{character}"x,y"')


def test_data_may_be_compressed(client: Client) -> None:
    job = client.open_job("insert", "Contact")
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    answer = client.rest("PUT", f"/jobs/ingest/{job}/batches", data=gzip.compress(CONTACTS.encode()), headers=headers)
    assert answer.status_code == 201
    assert client.close_job(job)["numberRecordsProcessed"] == 5


def test_a_job_and_its_data_may_come_in_one_call(client: Client) -> None:
    job = b'{"object":"Contact","contentType":"CSV","operation":"insert"}'
    files = {
        "job": (None, job, "application/json"),
        "content": ("content", io.BytesIO(CONTACTS.encode()), "text/csv"),
    }
    answer = client.rest("POST", "/jobs/ingest", files=files)
    assert answer.status_code == 200
    assert answer.json()["state"] in ("UploadComplete", "InProgress", "JobComplete"), "it goes on without another call"
    assert client.wait_for_job(f"/ingest/{answer.json()['id']}")["numberRecordsProcessed"] == 5
    files["content"] = ("content", io.BytesIO(b"LastName\n" + b"x" * 100_000), "text/csv")
    assert read_error(client.rest("POST", "/jobs/ingest", files=files))[1] == "CLIENTINPUTERROR"
    del files["content"]
    assert read_error(client.rest("POST", "/jobs/ingest", files=files))[1] == "INVALID_MULTIPART_REQUEST"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Contact", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Contact"}, "INVALIDJOB"),
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Contact", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "contentType": "JSON"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "lineEnding": "CR"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "columnDelimiter": "DOT"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "batchSize": 5}, "JSON_PARSER_ERROR"),
        (["Contact"], "JSON_PARSER_ERROR"),
    ],
)
def test_a_job_that_cannot_be_is_refused(client: Client, body: Any, code: str) -> None:
    assert read_error(client.jobs("POST", "/ingest", body))[:2] == (400, code)


def test_hard_delete_needs_a_permission() -> None:
    with Emulator({"extends": "default", "bulk": {"hardDelete": False}}) as emulator:
        client = Client(emulator)
        answer = client.jobs("POST", "/ingest", {"object": "Contact", "operation": "hardDelete"})
        assert read_error(answer)[:2] == (400, "FEATURENOTENABLED")
        client.close()


def test_data_are_taken_once(client: Client) -> None:
    job = client.open_job("insert", "Contact", CONTACTS)
    status, code, message = read_error(client.jobs("PUT", f"/ingest/{job}/batches", data=CONTACTS))
    assert (status, code) == (400, "CLIENTINPUTERROR")
    assert message.startswith(f"Found multiple contents for job: <{job}>, please 'Close' / 'Abort'")
    client.close_job(job)
    assert read_error(client.jobs("PUT", f"/ingest/{job}/batches", data=CONTACTS))[1] == "INVALIDJOBSTATE"
    late = client.open_job("insert", "Contact")
    assert client.rest("PUT", f"/jobs/ingest/{late}/batches", {"a": 1}).status_code == 415


@pytest.mark.parametrize(
    ("operation", "data", "message"),
    [
        ("insert", "LastName,Foo__c\nA,1\n", "InvalidBatch : Field name not found : Foo__c"),
        ("delete", "Id,LastName\n003,A\n", "InvalidBatch : The 'delete/hard_delete' batch must contain only ids"),
        (
            "insert",
            "LastName\r\nA\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("insert", "LastName|FirstName\nA|B\n", "InvalidBatch : Field name not found : LastName|FirstName"),
        ("insert", "LastName,FirstName\nA\n", "InvalidBatch : CSV row has 1 columns, the header has 2"),
        ("insert", "", "InvalidBatch : Batch is empty"),
    ],
)
def test_data_that_cannot_be_read_fail_the_job(client: Client, operation: str, data: str, message: str) -> None:
    job, info = client.ingest(operation, "Contact", data)
    assert (info["state"], info["errorMessage"], info["numberRecordsProcessed"]) == ("Failed", message, 0)
    assert client.file(job, "successfulResults") == []


def test_a_job_without_data_fails(client: Client) -> None:
    assert client.close_job(client.open_job("insert", "Contact"))["state"] == "Failed"


def test_rows_of_an_aborted_job_are_unprocessed(client: Client, emulator: Emulator) -> None:
    job = client.open_job("insert", "Contact", CONTACTS)
    aborted = client.jobs("PATCH", f"/ingest/{job}", {"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    assert [row["LastName"] for row in client.file(job, "unprocessedrecords")] == [f"L{number}" for number in range(5)]
    assert client.file(job, "unprocessedRecords") == client.file(job, "unprocessedrecords")
    again = client.jobs("PATCH", f"/ingest/{job}", {"state": "Aborted"})
    assert read_error(again) == (400, "INVALIDJOBSTATE", "Aborting already Aborted Job not allowed")
    assert emulator.records("Contact") == []


def test_a_job_aborted_in_the_midst_keeps_what_was_processed() -> None:
    with Emulator({"extends": "default", "bulk": {"chunkSeconds": 0.1}}) as emulator:
        client = Client(emulator)
        data = "External_Id__c,LastName\n" + "".join(f"k{number},L\n" for number in range(2_000))
        job = client.open_job("insert", "Contact", data)
        client.jobs("PATCH", f"/ingest/{job}", {"state": "UploadComplete"})
        while not client.jobs("GET", f"/ingest/{job}").json()["numberRecordsProcessed"]:
            pass
        client.jobs("PATCH", f"/ingest/{job}", {"state": "Aborted"})
        info = client.jobs("GET", f"/ingest/{job}").json()
        done, left = client.file(job, "successfulResults"), client.file(job, "unprocessedrecords")
        assert info["state"] == "Aborted"
        assert 0 < len(done) == info["numberRecordsProcessed"] == len(emulator.records("Contact")) < 2_000
        assert len(done) + len(left) == 2_000
        client.close()


def test_an_ended_job_changes_no_more(client: Client) -> None:
    job, _ = client.ingest("insert", "Contact", CONTACTS)
    answer = client.jobs("PATCH", f"/ingest/{job}", {"state": "Aborted"})
    assert read_error(answer) == (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert read_error(client.jobs("PATCH", f"/ingest/{job}", {"state": "Open"}))[1] == "INVALIDJOB"


def test_a_deleted_job_is_gone(client: Client) -> None:
    job, _ = client.ingest("insert", "Contact", CONTACTS)
    assert client.jobs("DELETE", f"/ingest/{job}").status_code == 204
    for path in ("", "/successfulResults", "/failedResults", "/unprocessedrecords"):
        answer = client.jobs("GET", f"/ingest/{job}{path}")
        assert read_error(answer) == (404, "NOT_FOUND", "The requested resource does not exist")
    waiting = client.open_job("insert", "Contact")
    assert read_error(client.jobs("DELETE", f"/ingest/{waiting}"))[1] == "INVALIDJOBSTATE"


def test_a_job_is_kept_for_seven_days_and_open_for_one(client: Client, emulator: Emulator) -> None:
    job, _ = client.ingest("insert", "Contact", CONTACTS)
    waiting = client.open_job("insert", "Contact")
    emulator.advance(86_500)
    client.login()
    assert read_error(client.jobs("PUT", f"/ingest/{waiting}/batches", data=CONTACTS))[1] == "INVALIDJOBSTATE"
    assert client.jobs("GET", f"/ingest/{job}").status_code == 200
    emulator.advance(7 * 86_400)
    client.login()
    assert client.jobs("GET", f"/ingest/{job}").status_code == 404


def test_jobs_are_listed_page_by_page(client: Client, emulator: Emulator) -> None:
    for _ in range(3):
        client.open_job("insert", "Contact")
    answer = client.jobs("GET", "/ingest?jobType=V2Ingest").json()
    assert (answer["done"], answer["nextRecordsUrl"], len(answer["records"])) == (True, None, 3)
    assert {job["jobType"] for job in answer["records"]} == {"V2Ingest"}
    assert client.jobs("GET", "/ingest?jobType=Classic").json()["records"] == []
    [job, *_] = emulator.world.ingest_jobs.page(0)[0]
    for number in range(1_000):
        emulator.world.ingest_jobs.add(type(job)(**{**_facts(job), "id": f"750ZZ{number:010}AAA"}))
    first = client.jobs("GET", "/ingest").json()
    assert (first["done"], len(first["records"])) == (False, 1_000)
    rest = client.rest("GET", first["nextRecordsUrl"].partition("v58.0")[2]).json()
    assert (rest["done"], len(rest["records"])) == (True, 3)


def _facts(job: Any) -> dict[str, Any]:
    names = ("operation", "object_name", "version", "user_id", "created", "layout", "origin")
    return {name: getattr(job, name) for name in names}


def test_internal_batches_beyond_the_allocation_leave_no_trace() -> None:
    limits = {"DailyBulkApiBatches": {"max": 15_000, "remaining": 1}}
    with Emulator({"extends": "default", "limits": limits}) as emulator:
        client = Client(emulator)
        data = "LastName\n" + "L\n" * 10_005
        job, info = client.ingest("insert", "Contact", data)
        assert (info["state"], info["numberRecordsProcessed"]) == ("JobComplete", 10_000)
        assert len(client.file(job, "successfulResults")) == 10_000
        assert client.file(job, "failedResults") == client.file(job, "unprocessedrecords") == []
        client.close()
