"""Bulk API 1.0: jobs, batches, results."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client, element, elements, job_info

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


def error(answer: Any) -> tuple[int, str, str]:
    facts = elements(answer)
    return answer.status_code, facts["exceptionCode"], facts["exceptionMessage"]


def test_a_job_runs_from_creation_to_results(client: Client) -> None:
    job = client.job("upsert", "Contact", "External_Id__c")
    batch = client.batch(job, "External_Id__c,LastName\nk1,One\nk2,\n")
    assert client.finished(job, batch)["state"] == "Completed"
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
    client.finished(job, batch)
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
    assert error(broken)[:2] == (400, "ClientInputError")


def test_results_follow_the_rows_and_cells_mean_what_they_do_in_salesforce(client: Client, emulator: Emulator) -> None:
    client.create("Contact", LastName="Old", FirstName="F", Title="T", External_Id__c="k1")
    data = "external_id__C,LastName,FirstName,Title\r\nK1,New,#N/A,\r\nk2,Two,,T\r\n\r\nk3,#N/A,,\r\n"
    results = client.load("upsert", "Contact", data, "External_Id__c")
    assert [(row["Success"], row["Created"]) for row in results] == [
        ("true", "false"),
        ("true", "true"),
        ("false", "false"),
    ]
    records = {record["External_Id__c"]: record for record in emulator.records("Contact")}
    assert (records["K1"]["LastName"], records["K1"]["FirstName"], records["K1"]["Title"]) == ("New", None, "T")
    assert results[2]["Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"


@pytest.mark.parametrize(
    ("header", "cell", "error"),
    [
        (
            "Last_Seen__c",
            "2018-09-28",
            "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '2018-09-28' is not a valid value for the "
            "type xsd:dateTime:Last_Seen__c --",
        ),
        (
            "Credit_Limit__c",
            '"1,5"',
            "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '1,5' is not a valid value for the type "
            "xsd:double:Credit_Limit__c --",
        ),
        (
            "DoNotCall",
            "#N/A",
            "INVALID_TYPE_ON_FIELD_IN_RECORD:Do Not Call: value not of required type: :DoNotCall --",
        ),
        (
            "Account.External_Id__c",
            "a-404",
            "INVALID_FIELD:Foreign key external ID: a-404 not found for field External_Id__c in entity Account:--",
        ),
        (
            "Name",
            "x",
            "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Name. Please check the security settings "
            "of this field and verify that it is read/write for your profile or permission set.:Name --",
        ),
    ],
)
def test_a_bad_cell_is_an_error_of_its_row(client: Client, header: str, cell: str, error: str) -> None:
    data = f"External_Id__c,LastName,{header}\nk1,One,{cell}\nk2,Two,\n"
    results = client.load("upsert", "Contact", data, "External_Id__c")
    assert [row["Error"] for row in results] == [error, ""]


def test_parents_by_key_with_the_type_where_there_are_several(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a-1")
    results = client.load("insert", "Contact", "LastName,Account.External_Id__c\nL,A-1\n")
    assert results[0]["Success"] == "true"
    assert emulator.records("Contact")[0]["AccountId"] == account
    lead = "LastName,Company,User:Owner.Username\nL,C,second@emulator.invalid\n"
    assert client.load("insert", "Lead", lead)[0]["Success"] == "true"
    assert emulator.records("Lead")[0]["OwnerId"] != emulator.world.user_id


@pytest.mark.parametrize(
    "column",
    [
        "Foo__c",
        "Secret__c",
        "Account.Foo__c",
        "Account.Name",
        "Foo.External_Id__c",
        "Account:Account.External_Id__c",
        "AccountId.External_Id__c",
    ],
)
def test_an_unknown_column_fails_the_batch(client: Client, column: str) -> None:
    job = client.job("insert", "Contact")
    batch = client.batch(job, f"LastName,{column}\nL,x\n")
    info = client.finished(job, batch)
    assert (info["state"], info["stateMessage"]) == ("Failed", f"InvalidBatch : Field name not found : {column}")
    assert list(info)[2:4] == ["state", "stateMessage"]
    assert error(client.bulk("GET", f"/{job}/batch/{batch}/result")) == (400, "InvalidBatch", "Records not processed")
    assert client.emulator.records("Contact") == []


@pytest.mark.parametrize("column", ["Owner.Username", "Owner:User.Username", "Contact:Owner.Email", "Name:Owner.x"])
def test_other_spellings_of_a_polymorphic_parent_fail_the_batch(client: Client, column: str) -> None:
    message = client.failure("insert", "Lead", f"LastName,{column}\nL,x\n")
    assert message == f"InvalidBatch : Field name not found : {column}"


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("insert", ""),
        ("insert", "Name,Name\nA,B\n"),
        ("insert", "Name,Site\nA\n"),
        ("insert", 'Name\n"A" x\n'),
        ("insert", "Name\n" + "A\n" * 10_001),
        ("insert", f"Name\n{'A' * 140_000}\n"),
        ("delete", "Id,Name\nx,y\n"),
        ("delete", "Name\ny\n"),
    ],
)
def test_unusable_data_fail_the_batch_as_a_whole(client: Client, operation: str, data: str) -> None:
    assert client.failure(operation, "Account", data).startswith("InvalidBatch : ")


def test_data_that_are_no_utf8_fail_and_a_byte_order_mark_does_not_matter(client: Client) -> None:
    job = client.job("insert", "Account")
    assert client.finished(job, client.batch(job, b"Name\n\xff\n"))["state"] == "Failed"
    assert client.results(job, client.batch(job, b"\xef\xbb\xbfName\nA\n"))[0]["Success"] == "true"


def test_records_are_updated_and_deleted_by_id(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A")
    updated = client.load("update", "Account", f"id,Name\n{account},B\n,C\n0015g0000000zzzAAA,D\n")
    assert [row["Error"].partition(":")[0] for row in updated] == [
        "",
        "MISSING_ARGUMENT",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    deleted = client.load("delete", "Account", f'"Id"\n"{account}"\n')
    assert deleted == [{"Id": account, "Success": "true", "Created": "false", "Error": ""}]
    assert emulator.records("Account")[0]["IsDeleted"] is True
    again = client.load("update", "Account", f"Id,Name\n{account},B\n")
    assert again[0]["Error"] == "ENTITY_IS_DELETED:entity is deleted:--"
    assert client.load("hardDelete", "Account", f"Id\n{account}\n")[0]["Success"] == "true"
    assert emulator.records("Account") == []


def test_upsert_by_id_creates_where_the_cell_is_blank(client: Client) -> None:
    account = client.create("Account", Name="A")
    results = client.load("upsert", "Account", f'"Name","Id"\n"N",""\n"B","{account}"\n', "Id")
    assert [row["Created"] for row in results] == ["true", "false"]


def test_a_key_that_occurs_twice_counts_within_200_rows_only(client: Client) -> None:
    near = "External_Id__c,LastName\nk,A\nK,B\n"
    assert [row["Success"] for row in client.load("upsert", "Contact", near, "External_Id__c")] == ["false", "false"]
    rows = ["k,First", *(f"x{n},X" for n in range(199)), "k,Second"]
    far = "External_Id__c,LastName\n" + "\n".join(rows) + "\n"
    results = client.load("upsert", "Contact", far, "External_Id__c")
    assert (results[0]["Created"], results[200]["Created"]) == ("true", "false")
    assert results[0]["Id"] == results[200]["Id"]


def test_a_closed_job_takes_no_batch_and_ends_once(client: Client) -> None:
    job = client.job("insert", "Account")
    close = job_info("<state>Closed</state>")
    assert client.bulk("POST", f"/{job}", close, Content_Type="application/xml").status_code == 200
    refused = client.bulk("POST", f"/{job}/batch", b"Name\nA\n", Content_Type="text/csv")
    assert error(refused)[:2] == (400, "InvalidJobState")
    again = client.bulk("POST", f"/{job}", close, Content_Type="application/xml")
    assert error(again) == (400, "InvalidJobState", "Closing already Closed Job not allowed")
    abort = client.bulk("POST", f"/{job}", '{"state":"Aborted"}', Content_Type="application/json")
    assert abort.json()["state"] == "Aborted"
    closed = client.bulk("POST", f"/{job}", close, Content_Type="application/xml")
    assert error(closed) == (400, "InvalidJobState", "Closing already Aborted Job not allowed")


def test_an_aborted_job_leaves_waiting_batches_unprocessed() -> None:
    with Emulator({"extends": "default", "bulk": {"delay": 60}}) as emulator:
        client = Client(emulator)
        job = client.job("insert", "Account")
        batch = client.batch(job, "Name\nA\n")
        early = client.bulk("GET", f"/{job}/batch/{batch}/result")
        client.bulk("POST", f"/{job}", job_info("<state>Aborted</state>"), Content_Type="application/xml")
        info = client.finished(job, batch)
        client.close()
    assert error(early) == (400, "InvalidBatch", "Batch not completed")
    assert info["state"] == "NotProcessed"


def test_batches_are_queued_first_and_run_in_any_order() -> None:
    with Emulator({"extends": "default", "bulk": {"delay": 0.4}}, seed=1) as emulator:
        client = Client(emulator)
        job = client.job("insert", "Account")
        batches = [client.batch(job, f"Name\n{n}\n") for n in range(8)]
        assert elements(client.bulk("GET", f"/{job}/batch/{batches[0]}"))["state"] == "Queued"
        for batch in batches:
            client.finished(job, batch)
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
    assert error(refused) == (400, "ExceededQuota", "ApiBatchItems Limit exceeded.")
    assert left == {"Max": 10, "Remaining": 0}


def test_too_large_a_batch_is_refused_at_once(client: Client) -> None:
    job = client.job("insert", "Account")
    answer = client.bulk("POST", f"/{job}/batch", b"Name\n" + b"x" * 10_000_000, Content_Type="text/csv")
    assert error(answer) == (400, "ClientInputError", "Failed to read request. Exceeded max size limit of 10000000")


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
    assert error(client.bulk("POST", "", job_info(info), Content_Type="application/xml"))[:2] == (400, code)


def test_bad_control_bodies_are_refused_and_so_is_a_document_type(client: Client) -> None:
    assert error(client.bulk("POST", "", "<jobInfo", Content_Type="application/xml"))[:2] == (400, "InvalidXML")
    bomb = '<!DOCTYPE jobInfo [<!ENTITY x "x">]><jobInfo>&x;</jobInfo>'
    refused = error(client.bulk("POST", "", bomb, Content_Type="application/xml"))
    assert refused[:2] == (400, "InvalidXML")
    assert "document type" in refused[2]
    for body in ("{", "[]"):
        answer = client.bulk("POST", "", body, Content_Type="application/json")
        assert answer.json()["exceptionCode"] == "ClientInputError"


def test_unknown_jobs_batches_versions_and_paths_are_refused(client: Client) -> None:
    job = client.job("insert", "Account")
    assert error(client.bulk("GET", "/7505g0000000zzzAAA"))[1] == "InvalidJob"
    assert error(client.bulk("GET", f"/{job}/batch/7515g0000000zzzAAA"))[1] == "InvalidBatch"
    assert error(client.bulk("GET", f"/{job}/nonsense"))[1] == "InvalidUrl"
    assert (
        error(client.bulk("POST", f"/{job}", job_info("<state>Odd</state>"), Content_Type="application/xml"))[1]
        == "InvalidJob"
    )
    wrong = client.bulk("POST", f"/{job}/batch", b"[]", Content_Type="application/json")
    assert wrong.json()["exceptionCode"] == "ClientInputError"
    url = f"{client.emulator.instance_url}/services/async/25.0/job/{job}"
    old = client.http.get(url, headers={"X-SFDC-Session": client.token})
    assert error(old)[:2] == (400, "InvalidVersion")


def test_hard_delete_needs_a_permission() -> None:
    with Emulator({"extends": "default", "bulk": {"hardDelete": False}}) as emulator:
        client = Client(emulator)
        info = job_info("<operation>hardDelete</operation><object>Account</object><contentType>CSV</contentType>")
        refused = error(client.bulk("POST", "", info, Content_Type="application/xml"))
        client.close()
    assert refused[1] == "FeatureNotEnabled"


def test_json_batches_give_json_results(client: Client) -> None:
    info = json.dumps({"operation": "insert", "object": "Contact", "contentType": "JSON"})
    job = client.bulk("POST", "", info, Content_Type="application/json").json()["id"]
    account = client.create("Account", Name="A", External_Id__c="a-1")
    rows = [{"LastName": "A", "Account": {"External_Id__c": "a-1"}}, {"FirstName": "x"}, {"LastName": "B", "x": 1}]
    sent = client.bulk("POST", f"/{job}/batch", json.dumps(rows), Content_Type="application/json")
    batch = sent.json()["id"]
    while client.bulk("GET", f"/{job}/batch/{batch}").json()["state"] != "Completed":
        pass
    results = client.bulk("GET", f"/{job}/batch/{batch}/result").json()
    assert [result["success"] for result in results] == [True, False, False]
    assert results[1] == {
        "success": False,
        "created": False,
        "id": None,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
                "extendedErrorDetails": None,
            }
        ],
    }
    assert client.emulator.records("Contact")[0]["AccountId"] == account
    broken = client.bulk("POST", f"/{job}/batch", "{}", Content_Type="application/json").json()["id"]
    while client.bulk("GET", f"/{job}/batch/{broken}").json()["state"] != "Failed":
        pass


def test_xml_batches_give_xml_results(client: Client) -> None:
    job = client.job("insert", "Contact", content_type="XML")
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    rows = (
        f"<sObject><LastName>A</LastName><FirstName {nil}/><Title></Title></sObject><sObject><Title>x</Title></sObject>"
    )
    data = f'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload">{rows}</sObjects>'
    batch = client.batch(job, data, "application/xml")
    client.finished(job, batch)
    answer = client.bulk("GET", f"/{job}/batch/{batch}/result")
    assert answer.headers["Content-Type"] == "application/xml"
    assert b"<success>true</success>" in answer.content
    assert b"<statusCode>REQUIRED_FIELD_MISSING</statusCode>" in answer.content


def test_query_batches_list_result_files(client: Client, emulator: Emulator) -> None:
    emulator.insert("Account", {"Name": "A", "Is_Customer__c": True}, {"Name": "B"})
    job = client.job("query", "Account")
    batch = client.batch(job, "SELECT Name, Is_Customer__c, Owner.Username, Site FROM Account ORDER BY Name")
    client.finished(job, batch)
    result = elements(client.bulk("GET", f"/{job}/batch/{batch}/result"))["result"]
    rows = client.bulk("GET", f"/{job}/batch/{batch}/result/{result}").text
    assert rows == (
        '"Name","Is_Customer__c","Owner.Username","Site"\n'
        '"A","true","integration@emulator.invalid",""\n'
        '"B","false","integration@emulator.invalid",""\n'
    )
    assert error(client.bulk("GET", f"/{job}/batch/{batch}/result/7525g0000000zzzAAA"))[1] == "InvalidBatch"
    failed = client.finished(job, client.batch(job, "SELECT x FROM Account"))
    assert failed["stateMessage"].startswith("InvalidBatch : Failed to process query: INVALID_FIELD")


def test_ten_thousand_rows_are_written_in_about_a_second(client: Client) -> None:
    names = "External_Id__c LastName FirstName Email Phone Title Department MailingCity LeadSource"
    header = ",".join([*names.split(), "Credit_Limit__c", "DoNotCall", "Last_Seen__c"])
    rows = (
        f"k{n},L{n},F{n},p{n}@emulator.invalid,555,E,D,Paris,Web,{n}.25,true,2024-02-29T10:15:30Z"
        for n in range(10_000)
    )
    job = client.job("upsert", "Contact", "External_Id__c")
    info = client.finished(job, client.batch(job, f"{header}\n" + "\n".join(rows)))
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("Completed", "10000", "0")
    assert int(info["totalProcessingTime"]) < 3_000
