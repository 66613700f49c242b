"""What an org may use: calls within 24 hours and at the same time, room for records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client, fault_of
from tests.salesforce_emulator.soap import call_soap, fault, message, post

_DAY = 86_400


def read_remaining(client: Client, name: str) -> Any:
    return client.rest("GET", "/limits").json()[name]["Remaining"]


def test_daily_allocations_count_the_last_24_hours(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DailyApiRequests": {"max": 10, "remaining": 6}}, "sessionSeconds": 10 * _DAY})
    client.login()
    assert read_remaining(client, "DailyApiRequests") == 5
    emulator.advance(_DAY / 2)
    assert read_remaining(client, "DailyApiRequests") == 4
    emulator.advance(_DAY / 2 + 1)
    assert read_remaining(client, "DailyApiRequests") == 8, (
        "what was used a day ago is free again, what was used since is not"
    )
    emulator.advance(_DAY / 2)
    assert read_remaining(client, "DailyApiRequests") == 8


def test_calls_are_refused_until_older_ones_are_a_day_ago(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DailyApiRequests": {"max": 3}}, "sessionSeconds": 10 * _DAY})
    client.login()
    statuses = [client.rest("GET", "/sobjects").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 403]
    emulator.advance(_DAY - 10)
    assert client.rest("GET", "/sobjects").json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    emulator.advance(20)
    assert client.rest("GET", "/sobjects").status_code == 200


def test_records_have_room_until_the_storage_is_full(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DataStorageMB": {"max": 1}}})
    made = emulator.insert("Contact", *({"LastName": "L"} for _ in range(510)))
    assert read_remaining(client, "DataStorageMB") == 0
    results = client.collection("POST", "", *({"LastName": "M"} for _ in range(4)), type_="Contact")
    assert [row["success"] for row in results] == [True, True, False, False]
    assert results[2]["errors"][0] == {
        "statusCode": "STORAGE_LIMIT_EXCEEDED",
        "message": "storage limit exceeded",
        "fields": [],
    }
    assert client.rest("PATCH", f"/sobjects/Contact/{made[0]}", {"LastName": "N"}).status_code == 204
    client.rest("DELETE", f"/sobjects/Contact/{made[0]}")
    assert client.rest("POST", "/sobjects/Contact", {"LastName": "O"}).status_code == 201
    assert (
        client.rest("POST", "/sobjects/Contact", {"LastName": "P"}).json()[0]["errorCode"] == "STORAGE_LIMIT_EXCEEDED"
    )


def test_what_is_rolled_back_takes_no_room(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DataStorageMB": {"max": 1}}})
    emulator.insert("Contact", *({"LastName": "L"} for _ in range(511)))
    rows = [{"LastName": "M"}, {"FirstName": "no"}]
    client.collection("POST", "", *rows, type_="Contact", all_or_none=True)
    assert client.rest("POST", "/sobjects/Contact", {"LastName": "O"}).status_code == 201


def test_a_record_takes_its_room_again_when_it_comes_out_of_the_recycle_bin(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DataStorageMB": {"max": 1}}})
    made = emulator.insert("Contact", *({"LastName": "L"} for _ in range(512)))
    client.rest("DELETE", f"/sobjects/Contact/{made[0]}")
    call_soap(client, "undelete", f"<u:ids>{made[0]}</u:ids>")
    assert (
        client.rest("POST", "/sobjects/Contact", {"LastName": "M"}).json()[0]["errorCode"] == "STORAGE_LIMIT_EXCEEDED"
    )


def test_the_usage_that_answers_tell_may_lag_behind(client: Client, emulator: Emulator) -> None:
    def read_api_usage() -> str:
        return client.rest("GET", "/sobjects").headers["Sforce-Limit-Info"]

    emulator.change_org({"limits": {"DailyApiRequests": {"max": 100, "remaining": 90}}, "sessionSeconds": _DAY})
    assert (read_api_usage(), read_api_usage()) == ("api-usage=11/100", "api-usage=12/100")
    emulator.change_org({"usageLag": 60})
    emulator.advance(30)
    assert read_api_usage() == "api-usage=10/100"
    emulator.advance(31)
    assert read_api_usage() == "api-usage=12/100"
    emulator.advance(60)
    assert read_api_usage() == "api-usage=14/100"


def test_usage_that_lags_behind_leaves_out_what_was_used_before_a_quiet_day(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DailyApiRequests": {"max": 100, "remaining": 90}}, "usageLag": 60})
    emulator.advance(2 * _DAY)
    client.login()
    assert client.rest("GET", "/sobjects").headers["Sforce-Limit-Info"] == "api-usage=0/100"
    emulator.advance(61)
    assert client.rest("GET", "/sobjects").headers["Sforce-Limit-Info"] == "api-usage=1/100"


def test_others_use_calls_too_and_never_more_than_are_left(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DailyApiRequests": {"max": 100}, "DailyBulkApiBatches": {"max": 10}}})
    emulator.use("DailyApiRequests", 60)
    assert read_remaining(client, "DailyApiRequests") == 39
    answer = requests.post(f"{emulator.instance_url}/__emulator__/use", json={"DailyBulkApiBatches": 11}, timeout=10)
    assert (answer.status_code, read_remaining(client, "DailyBulkApiBatches")) == (204, 0)
    wrong = requests.post(f"{emulator.instance_url}/__emulator__/use", json={"Nope": 1}, timeout=10)
    assert (wrong.status_code, wrong.json()) == (400, {"problem": "the org has no allocation Nope"})


def test_answers_say_how_many_calls_are_left_but_those_of_the_bulk_api_and_those_without_a_session(
    client: Client, emulator: Emulator
) -> None:
    told = "Sforce-Limit-Info"
    assert told in client.rest("GET", "/sobjects").headers
    assert told in client.rest("GET", "/sobjects/Nope/describe").headers
    assert told in client.rest("GET", "/jobs/ingest").headers
    assert told not in client.bulk("GET", "/750000000000000").headers
    assert told not in post(client, message("getUserInfo", "", client.token)).headers
    emulator.expire()
    refused = client.rest("GET", "/sobjects")
    assert (refused.status_code, told in refused.headers) == (401, False)


def test_so_many_long_calls_are_served_at_the_same_time(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"concurrentCalls": {"max": 2, "seconds": 60}})
    emulator.faults([{"match": {"path": "*/limits"}, "do": {"delay": 3.0}, "times": 2}])
    with ThreadPoolExecutor() as pool:
        long = [pool.submit(client.rest, "GET", "/limits") for _ in range(2)]
        assert client.rest("GET", "/sobjects/Account").ok
        emulator.change_org({"concurrentCalls": {"max": 2, "seconds": 0}})
        text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        while (refused := client.rest("GET", "/sobjects/Account")).ok:
            assert not any(call.done() for call in long)
        assert (refused.status_code, refused.json()) == (
            403,
            [{"message": text, "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
        )
        assert fault_of(client.bulk("GET", "/750000000000000")) == (403, "REQUEST_LIMIT_EXCEEDED", text)
        soap = fault(post(client, message("getUserInfo", "", client.token)))
        assert soap == (500, "sf:REQUEST_LIMIT_EXCEEDED", f"REQUEST_LIMIT_EXCEEDED: {text}")
        assert client.login().ok
        assert [call.result().status_code for call in long] == [200, 200]
    assert client.rest("GET", "/sobjects/Account").ok


def test_an_allocation_that_the_org_does_not_have_is_unlimited(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"limits": {"DailyApiRequests": None}})
    answer = client.rest("GET", "/limits")
    assert (answer.status_code, "DailyApiRequests" in answer.json()) == (200, False)
