"""Fault rules, seen by a client that speaks to the socket itself."""

from __future__ import annotations

import socket
import threading
import time
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from salesforce_emulator import Emulator
from salesforce_emulator.faults import FaultRuleError

from tests.salesforce_emulator.client import Client

LOCKED = {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}
CREATE = {"method": "POST", "path": "*/sobjects/Account"}


def raw(client: Client, body: bytes = b'{"Name":"Raw"}') -> bytes:
    """Create a record, and return all bytes that the server sends before it closes the connection."""
    address = urlsplit(client.emulator.instance_url)
    head = (
        f"POST /services/data/v58.0/sobjects/Account HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Authorization: Bearer {client.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def names(emulator: Emulator) -> list[Any]:
    return [record["Name"] for record in emulator.records("Account")]


def test_a_request_that_is_cut_before_is_not_executed(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": CREATE, "do": {"cut": "before"}, "times": 1}])
    assert raw(client) == b""
    assert names(emulator) == []
    assert b"201 Created" in raw(client)


def test_what_was_on_its_way_when_the_org_was_reset_is_not_executed(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": CREATE, "do": {"duplicate": 0.3}}])
    raw(client)
    emulator.faults([{"match": CREATE, "do": {"delay": 0.3}}])
    late = threading.Thread(target=raw, args=(client,))
    late.start()
    time.sleep(0.05)
    emulator.reset()
    client.login()
    late.join()
    time.sleep(0.3)
    assert names(emulator) == []


def test_a_request_that_is_cut_after_is_executed_without_an_answer(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": CREATE, "do": {"cut": "after"}, "times": 1}])
    assert raw(client) == b""
    assert names(emulator) == ["Raw"]


def test_an_answer_that_is_cut_during_ends_in_its_middle(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": CREATE, "do": {"cut": "during"}, "times": 1}])
    head, _, body = raw(client).partition(b"\r\n\r\n")
    announced = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
    assert b"201 Created" in head
    assert len(body) == announced // 2
    assert names(emulator) == ["Raw"]


@pytest.mark.parametrize("place", ["before", "during", "after"])
def test_an_ordinary_client_sees_a_cut_as_a_broken_connection(client: Client, emulator: Emulator, place: str) -> None:
    emulator.faults([{"match": CREATE, "do": {"cut": place}, "times": 1}])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.rest("POST", "/sobjects/Account", {"Name": "A"})
    assert client.rest("GET", "/limits").status_code == 200


def test_a_bulk_batch_whose_answer_is_lost_runs_all_the_same(client: Client, emulator: Emulator) -> None:
    job = client.job("insert", "Account")
    emulator.faults([{"match": {"method": "POST", "path": "*/job/*/batch"}, "do": {"cut": "after"}, "times": 1}])
    with pytest.raises(requests.ConnectionError):
        client.batch(job, "Name\nA\n")
    listed = client.bulk("GET", f"/{job}/batch", Content_Type="application/json").json()["batchInfo"]
    assert len(listed) == 1
    client.wait_for_batch(job, listed[0]["id"])
    assert names(emulator) == ["A"]


def test_rows_are_refused_by_key_as_often_as_the_rule_says(client: Client, emulator: Emulator) -> None:
    rows = [{"External_Id__c": f"k{n}", "Name": "x"} for n in range(5)]
    emulator.faults([{"match": {"object": "Account", "key": ["k1", "K3", "k4"]}, "do": {"error": LOCKED}, "times": 2}])
    first = client.collection("PATCH", "/Account/External_Id__c", *rows)
    assert [result["success"] for result in first] == [True, False, True, True, False]
    assert first[1]["errors"] == [{"statusCode": LOCKED["code"], "message": LOCKED["message"], "fields": []}]
    assert first[1]["created"] is False
    assert all(result["success"] for result in client.collection("PATCH", "/Account/External_Id__c", *rows))
    assert emulator.stats()["executed"]["Account"] == {"k0": 2, "k1": 1, "k2": 2, "k3": 2, "k4": 1}
    assert emulator.stats()["attempted"]["Account"] == {f"k{n}": 2 for n in range(5)}


def test_row_rules_reach_bulk_and_single_rows_too(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a:1")
    odd = {"code": "BRAND_NEW_CODE", "message": 'one: two, "three"\nfour', "fields": ["Name", "Site"]}
    emulator.faults([{"match": {"object": "Account"}, "do": {"error": odd}}])
    results = client.load("upsert", "Account", "External_Id__c,Name\na:1,B\n", "External_Id__c")
    assert results[0]["Error"] == 'BRAND_NEW_CODE:one: two, "three"\nfour:Name,Site --'
    single = client.rest("PATCH", f"/sobjects/Account/{account}", {"Name": "B"})
    assert single.status_code == 400
    assert single.json() == [{"message": odd["message"], "errorCode": odd["code"], "fields": odd["fields"]}]
    emulator.faults([{"match": {"key": account}, "do": {"error": LOCKED}}])
    assert client.collection("PATCH", "", {"id": account, "Name": "B"})[0]["success"] is False


def test_a_rule_may_count_for_each_row_and_keep_to_one_path(client: Client, emulator: Emulator) -> None:
    match = {"object": "Account", "key": "k*", "path": "*/composite/sobjects*"}
    emulator.faults([{"match": match, "do": {"error": LOCKED}, "times_per_key": 1}])
    rows = [{"External_Id__c": key, "Name": "x"} for key in ("k1", "k2", "other")]
    assert client.rest("PATCH", "/sobjects/Account/External_Id__c/k1", {"Name": "x"}).status_code == 201
    for expected in ([False, False, True], [True, True, True]):
        results = client.collection("PATCH", "/Account/External_Id__c", *rows)
        assert [result["success"] for result in results] == expected


def test_a_rate_strikes_the_same_rows_in_every_run(client: Client, emulator: Emulator) -> None:
    rows = [{"External_Id__c": f"k{n}", "Name": "x"} for n in range(100)]
    rule = {"match": {"object": "Account"}, "do": {"error": LOCKED}, "rate": 0.2, "seed": 7}
    struck = []
    for _ in range(2):
        emulator.reset()
        client.login()
        emulator.faults([rule])
        results = client.collection("PATCH", "/Account/External_Id__c", *rows)
        struck.append([result["success"] for result in results])
    assert struck[0] == struck[1]
    assert 5 < struck[0].count(False) < 40


def test_rows_without_a_key_are_struck_by_what_they_hold(client: Client, emulator: Emulator) -> None:
    names = [f"n{n}" for n in range(50)]
    struck = []
    for order in (names, names[::-1]):
        emulator.faults([{"match": {"object": "Account"}, "do": {"error": LOCKED}, "rate": 0.4, "seed": 7}])
        results = client.collection("POST", "", *({"Name": name} for name in order))
        struck.append({name for name, result in zip(order, results, strict=True) if not result["success"]})
    assert struck[0] == struck[1]
    assert 5 < len(struck[0]) < 40


def test_calls_of_jobs_are_struck_alike_whatever_was_before_the_reset(client: Client, emulator: Emulator) -> None:
    struck = []
    for _ in range(2):
        emulator.reset()
        client.login()
        emulator.faults([{"match": {"path": "*/batch"}, "do": {"status": 503}, "rate": 0.5, "seed": 3}])
        job = client.job("insert", "Account")
        struck.append([client.bulk("GET", f"/{job}/batch").status_code for _ in range(20)])
    assert struck[0] == struck[1]
    assert set(struck[0]) == {200, 503}


@pytest.mark.parametrize(
    ("do", "status", "text"),
    [
        (
            {"error": {"code": "SERVER_UNAVAILABLE", "message": "m"}, "status": 503},
            503,
            '"errorCode":"SERVER_UNAVAILABLE"',
        ),
        ({"status": 503, "body": "<html>down</html>", "headers": {"Retry-After": "7"}}, 503, "<html>down</html>"),
        ({"error": {"code": "X", "message": "m", "fields": ["F"]}}, 400, '"fields":["F"]'),
    ],
)
def test_requests_are_refused_by_error_or_status(
    client: Client, emulator: Emulator, do: dict[str, Any], status: int, text: str
) -> None:
    emulator.faults([{"match": {"path": "*/limits"}, "do": do, "times": 1}])
    answer = client.rest("GET", "/limits")
    assert (answer.status_code, text in answer.text) == (status, True)
    assert answer.headers.get("Retry-After") == do.get("headers", {}).get("Retry-After")
    assert client.rest("GET", "/limits").status_code == 200


def test_errors_have_the_form_of_the_api_that_is_called(client: Client, emulator: Emulator) -> None:
    quota = {"code": "ExceededQuota", "message": "ApiBatchItems Limit exceeded."}
    blocked = {"code": "OAUTH_APP_BLOCKED", "message": "this app is blocked by admin"}
    job = client.job("insert", "Account")
    emulator.faults(
        [
            {"match": {"path": "re:/job/[^/]+/batch$"}, "do": {"error": quota}},
            {"match": {"path": "/services/oauth2/token"}, "do": {"error": blocked}},
        ]
    )
    refused = client.bulk("POST", f"/{job}/batch", b"Name\nA\n", Content_Type="text/csv")
    assert b"<exceptionMessage>ApiBatchItems Limit exceeded.</exceptionMessage>" in refused.content
    assert client.login().json() == {"error": "OAUTH_APP_BLOCKED", "error_description": "this app is blocked by admin"}


def test_a_session_may_end_in_the_middle_of_a_run(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"path": "*/sobjects/Account"}, "do": {"expire": True}, "times": 1}])
    assert client.rest("POST", "/sobjects/Account", {"Name": "A"}).status_code == 401
    client.login()
    assert client.rest("POST", "/sobjects/Account", {"Name": "A"}).status_code == 201
    job = client.job("insert", "Account")
    emulator.faults([{"match": {"path": "*/job/*"}, "do": {"expire": True}, "times": 1}])
    assert b"InvalidSessionId" in client.bulk("GET", f"/{job}").content


def test_a_delay_holds_one_call_and_no_other(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": {"path": "*/limits"}, "do": {"delay": 1}, "times": 1}])
    times = [time.monotonic()]
    for _ in range(2):
        client.rest("GET", "/limits")
        times.append(time.monotonic())
    held, free = (after - before for before, after in pairwise(times))
    assert held >= 1
    assert free < 1


def test_a_duplicate_executes_the_request_once_more(client: Client, emulator: Emulator) -> None:
    emulator.faults([{"match": CREATE, "do": {"duplicate": 0.01}, "times": 1}])
    client.create("Account", Name="Twice")
    for _ in range(100):
        if len(names(emulator)) == 2:
            break
        time.sleep(0.01)
    assert names(emulator) == ["Twice", "Twice"]


def test_a_batch_may_be_slow(client: Client, emulator: Emulator) -> None:
    job = client.job("insert", "Account")
    emulator.faults([{"match": {"object": "Account", "method": "POST"}, "do": {"slow": 0.1}, "times": 1}])
    started = time.monotonic()
    batch = client.batch(job, "Name\nA\n")
    assert client.wait_for_batch(job, batch)["state"] == "Completed"
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"match": {"paht": "x"}, "do": {"cut": "before"}}, "paht"),
        ({"do": {"cut": "sometimes"}}, "cut"),
        ({"match": {"key": "k1"}, "do": {"cut": "before"}}, "a rule that names a key must say which error"),
        ({"match": {}}, "do"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_their_place(
    emulator: Emulator, rule: dict[str, Any], text: str
) -> None:
    with pytest.raises(FaultRuleError, match=text):
        emulator.faults([rule])
    answer = requests.post(f"{emulator.instance_url}/__emulator__/faults", json=[rule], timeout=5)
    assert answer.status_code == 400
    assert text in answer.json()["problem"]
