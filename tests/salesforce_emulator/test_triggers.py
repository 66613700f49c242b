"""Triggers that cost: what they may use, what they throw, how many may run at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

CODE = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


@contextmanager
def start_with_trigger(trigger: dict[str, Any], **org: Any) -> Iterator[tuple[Emulator, Client]]:
    objects = {"Contact": {"apex": {"trigger": "ContactTrigger", **trigger}}}
    with Emulator({"extends": "default", "objects": objects, **org}) as emulator:
        client = Client(emulator)
        yield emulator, client
        client.close()


def insert(client: Client, *names: str, **more: Any) -> list[dict[str, Any]]:
    records = [{"LastName": name} for name in names]
    found: list[dict[str, Any]] = client.collection("POST", "", *records, type_="Contact", **more)
    return found


@pytest.mark.parametrize(
    ("apex", "text"),
    [
        ({"cpuMsPerRow": 2_001}, "Apex CPU time limit exceeded"),
        ({"soqlPerRow": 20.1}, "Too many SOQL queries: 101"),
    ],
)
def test_a_transaction_that_uses_too_much_is_undone_as_a_whole(apex: dict[str, float], text: str) -> None:
    with start_with_trigger(apex) as (emulator, client):
        assert all(row["success"] for row in insert(client, *"abcd"))
        found = insert(client, *"efghi")
        message = f"ContactTrigger: System.LimitException: {text}"
        assert [row["errors"] for row in found] == [[{"statusCode": CODE, "message": message, "fields": []}]] * 5
        assert len(emulator.records("Contact")) == 4
        assert sum(emulator.stats()["executed"]["Contact"].values()) == 4


def test_rows_that_fail_by_themselves_cost_nothing_and_keep_their_errors() -> None:
    with start_with_trigger({"cpuMsPerRow": 4_000}) as (_, client):
        records = [{"LastName": "a"}, {"FirstName": "b"}, {"LastName": "c"}]
        found = client.collection("POST", "", *records, type_="Contact")
        assert [row["success"] for row in found] == [True, False, True]
        records.append({"LastName": "d"})
        found = client.collection("POST", "", *records, type_="Contact")
        codes = [row["errors"][0]["statusCode"] for row in found]
        assert codes == [CODE, "REQUIRED_FIELD_MISSING", CODE, CODE]


def test_bulk_jobs_may_use_more_and_each_200_rows_count_for_themselves() -> None:
    with start_with_trigger({"cpuMsPerRow": 400}) as (emulator, client):
        rows = client.load("insert", "Contact", "LastName\n" + "L\n" * 350)
        assert [row["Success"] for row in rows] == ["false"] * 200 + ["true"] * 150
        assert rows[0]["Error"] == f"{CODE}:ContactTrigger: System.LimitException: Apex CPU time limit exceeded:--"
        job, info = client.ingest("insert", "Contact", "LastName\n" + "L\n" * 150)
        assert (info["numberRecordsFailed"], info["numberRecordsProcessed"]) == (0, 150)
        assert len(emulator.records("Contact")) == 300
        assert client.file(job, "failedResults") == []


def test_bulk_limits_are_told_with_their_own_number() -> None:
    with start_with_trigger({"soqlPerRow": 1.1}) as (_, client):
        rows = client.load("insert", "Contact", "LastName\n" + "L\n" * 200)
        assert {row["Error"] for row in rows} == {
            f"{CODE}:ContactTrigger: System.LimitException: Too many SOQL queries: 201:--"
        }


def test_an_exception_fails_its_whole_transaction_and_names_the_event() -> None:
    fails = [{"when": "LastName = 'boom'", "message": "System.NullPointerException: Attempt to de-reference"}]
    with start_with_trigger({"fails": fails}) as (emulator, client):
        found = insert(client, "a", "boom")
        message = "ContactTrigger: execution of AfterInsert caused by: System.NullPointerException: Attempt to"
        assert all(row["errors"][0]["message"].startswith(message) for row in found)
        assert emulator.records("Contact") == []
        [record_id] = [row["id"] for row in insert(client, "a")]
        answer = client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"LastName": "boom"})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, CODE)
        assert "AfterUpdate" in answer.json()[0]["message"]
        assert emulator.records("Contact")[0]["LastName"] == "a"


def test_all_or_none_undoes_the_rows_of_other_objects_too() -> None:
    fails = [{"when": "LastName = 'boom'", "message": "System.DmlException"}]
    with start_with_trigger({"fails": fails}) as (emulator, client):
        records = [
            {"attributes": {"type": "Account"}, "Name": "A"},
            {"attributes": {"type": "Contact"}, "LastName": "boom"},
        ]
        found = client.rest("POST", "/composite/sobjects", {"allOrNone": True, "records": records}).json()
        assert [row["errors"][0]["statusCode"] for row in found] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", CODE]
        assert emulator.records("Account") == emulator.records("Contact") == []


def test_too_many_calls_that_run_triggers_are_refused() -> None:
    with start_with_trigger({"seconds": 0.3}, apex={"atOnce": 2}) as (emulator, client):
        with ThreadPoolExecutor(5) as pool:
            found = list(pool.map(lambda name: insert(client, name)[0], "abcde"))
        codes = [row["errors"][0]["statusCode"] for row in found if not row["success"]]
        assert codes == ["TOO_MANY_APEX_REQUESTS"] * 3
        assert len(emulator.records("Contact")) == 2
        assert insert(client, "f")[0]["success"] is True
        assert all(row["Success"] == "true" for row in client.load("insert", "Contact", "LastName\nL\n"))


def test_a_job_that_a_fault_rule_stops_keeps_what_was_processed(client: Client, emulator: Emulator) -> None:
    data = "External_Id__c,LastName\n" + "".join(f"k{number},L\n" for number in range(500))
    stop = {"code": "InternalServerError", "message": "Timeout"}
    emulator.faults([{"match": {"key": "k450"}, "do": {"stop": stop}}])
    job, info = client.ingest("insert", "Contact", data)
    assert (info["state"], info["errorMessage"]) == ("Failed", "InternalServerError : Timeout")
    assert (info["numberRecordsProcessed"], len(client.file(job, "successfulResults"))) == (400, 400)
    left = [row["External_Id__c"] for row in client.file(job, "unprocessedrecords")]
    assert left == [f"k{number}" for number in range(400, 500)]
    job = client.job("upsert", "Contact", "External_Id__c")
    batch = client.batch(job, data)
    failed = client.wait_for_batch(job, batch)
    assert (failed["state"], failed["stateMessage"]) == ("Failed", "InternalServerError : Timeout")
    assert (failed["numberRecordsProcessed"], len(client.results(job, batch))) == ("400", 400)
    assert client.create("Contact", LastName="L", External_Id__c="k450")
