"""Bulk API 2.0: jobs that query."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def start_query(client: Client, query: str, **keys: Any) -> str:
    answer = client.jobs("POST", "/query", {"operation": "query", "query": query, **keys})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def results(client: Client, query: str, rest: str = "", **keys: Any) -> requests.Response:
    job = start_query(client, query, **keys)
    assert client.wait_for_job(f"/query/{job}")["state"] == "JobComplete"
    return client.jobs("GET", f"/query/{job}/results{rest}")


def refusal(client: Client, query: str) -> tuple[int, str]:
    answer = client.jobs("POST", "/query", {"operation": "query", "query": query})
    return answer.status_code, answer.json()[0]["errorCode"]


def test_a_query_runs_as_a_job(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "A"}, {"LastName": "B"})
    opened = client.jobs("POST", "/query", {"operation": "query", "query": "select Id from contact"}).json()
    assert (opened["object"], opened["state"], opened["lineEnding"]) == ("Contact", "UploadComplete", "LF")
    info = client.wait_for_job(f"/query/{opened['id']}")
    assert (info["jobType"], info["numberRecordsProcessed"], info["state"]) == ("V2Query", 2, "JobComplete")


def test_results_are_quoted_in_the_order_of_the_statement(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "A", "Visits__c": 3, "DoNotCall": True})
    answer = results(client, "SELECT lastname, DoNotCall, Visits__c, Account.Name, Owner.Username FROM Contact")
    assert answer.text.splitlines() == [
        '"LastName","DoNotCall","Visits__c","Account.Name","Owner.Username"',
        '"A","true","3","","integration@emulator.invalid"',
    ]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "1")


def test_a_result_without_rows_has_its_header(client: Client) -> None:
    assert results(client, "SELECT Id FROM Lead").text == '"Id"\n'


def test_results_are_fetched_in_pages(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", *({"LastName": f"L{number}"} for number in range(5)))
    job = start_query(
        client, "SELECT LastName FROM Contact ORDER BY LastName", columnDelimiter="PIPE", lineEnding="CRLF"
    )
    client.wait_for_job(f"/query/{job}")
    found: list[str] = []
    locator = ""
    while locator != "null":
        more = f"&locator={locator}" if locator else ""
        answer = client.jobs("GET", f"/query/{job}/results?maxRecords=2{more}")
        head, *lines = answer.content.decode().split("\r\n")[:-1]
        assert (head, str(len(lines))) == ('"LastName"', answer.headers["Sforce-NumberOfRecords"])
        found += lines
        locator = answer.headers["Sforce-Locator"]
    assert found == [f'"L{number}"' for number in range(5)]
    assert client.jobs("GET", f"/query/{job}/results?locator=%21").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert client.jobs("GET", f"/query/{job}/results?maxRecords=no").status_code == 400


def test_pages_may_be_fetched_at_the_same_time(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "A"})
    job = start_query(client, "SELECT Id FROM Contact")
    client.wait_for_job(f"/query/{job}")
    answer = client.jobs("GET", f"/query/{job}/resultPages").json()
    assert answer["done"] is True
    [page] = answer["resultPages"]
    assert client.rest("GET", page["resultUrl"].partition("v58.0")[2]).headers["Sforce-NumberOfRecords"] == "1"


def test_query_all_finds_deleted_records(client: Client, emulator: Emulator) -> None:
    emulator.delete("Contact", *emulator.insert("Contact", {"LastName": "A"}))
    assert results(client, "SELECT LastName FROM Contact").headers["Sforce-NumberOfRecords"] == "0"
    answer = results(client, "SELECT LastName FROM Contact", operation="queryAll")
    assert answer.headers["Sforce-NumberOfRecords"] == "1"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Nope", "INVALIDENTITY"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELEKT Id", "MALFORMED_QUERY"),
        ("SELECT COUNT() FROM Contact", "API_ERROR"),
        ("SELECT FIELDS(STANDARD) FROM Contact", "API_ERROR"),
        ("SELECT MailingAddress FROM Contact", "API_ERROR"),
        ("SELECT Id FROM Contact LIMIT 1 OFFSET 1", "API_ERROR"),
        ("", "INVALIDJOB"),
    ],
)
def test_what_bulk_queries_cannot_do_is_refused(client: Client, query: str, code: str) -> None:
    assert refusal(client, query) == (400, code)


def test_an_aborted_query_has_no_results() -> None:
    with Emulator({"extends": "default", "bulk": {"delay": 30}}) as emulator:
        client = Client(emulator)
        job = start_query(client, "SELECT Id FROM Contact")
        assert client.jobs("GET", f"/query/{job}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
        assert client.jobs("PATCH", f"/query/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
        assert client.jobs("DELETE", f"/query/{job}").status_code == 204
        assert client.jobs("GET", f"/query/{job}").status_code == 404
        client.close()


def test_query_jobs_are_listed_and_counted() -> None:
    with Emulator({"extends": "default", "limits": {"DailyBulkV2QueryJobs": {"max": 1}}}) as emulator:
        client = Client(emulator)
        job = start_query(client, "SELECT Id FROM Contact")
        assert [one["id"] for one in client.jobs("GET", "/query?jobType=V2Query").json()["records"]] == [job]
        assert refusal(client, "SELECT Id FROM Contact") == (400, "EXCEEDEDQUOTA")
        calls = emulator.stats()["calls"]
        assert calls["POST /services/data/v58.0/jobs/query"] == 2
        client.jobs("GET", f"/query/{job}")
        assert emulator.stats()["calls"]["GET /services/data/v58.0/jobs/query/{id}"] == 1
        client.close()
