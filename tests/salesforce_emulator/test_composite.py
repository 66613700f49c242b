"""Several requests in one: `/composite` and `/composite/batch`."""

from __future__ import annotations

from typing import Any

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

BASE = "/services/data/v58.0"


def one(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    asked = {"referenceId": name, "method": method, "url": BASE + path, **more}
    return asked if body is None else {**asked, "body": body}


def composite(client: Client, *asked: dict[str, Any], **keys: Any) -> list[dict[str, Any]]:
    answer = client.rest("POST", "/composite", {**keys, "compositeRequest": list(asked)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return found


def statuses(found: list[dict[str, Any]]) -> list[int]:
    return [answer["httpStatusCode"] for answer in found]


def test_a_request_takes_what_it_needs_from_the_answers_before(client: Client, emulator: Emulator) -> None:
    found = composite(
        client,
        one("account", "POST", "/sobjects/Account", {"Name": "A"}),
        one("contact", "POST", "/sobjects/Contact", {"LastName": "L", "AccountId": "@{account.id}"}),
        one("query", "GET", "/query?q=SELECT Id, AccountId FROM Contact WHERE Id = '@{contact.id}'"),
        one("again", "GET", "/sobjects/Account/@{query.records[0].AccountId}?fields=Name"),
        one("gone", "DELETE", "/sobjects/Contact/@{contact.id}"),
    )
    assert statuses(found) == [201, 201, 200, 200, 204]
    account = emulator.records("Account")[0]["Id"]
    assert found[0]["httpHeaders"] == {"Location": f"{BASE}/sobjects/Account/{account}"}
    assert found[3]["body"]["Name"] == "A"
    assert found[4]["body"] is None
    assert [answer["referenceId"] for answer in found] == ["account", "contact", "query", "again", "gone"]


def test_a_failure_stays_with_its_request_and_with_those_that_need_it(client: Client, emulator: Emulator) -> None:
    found = composite(
        client,
        one("account", "POST", "/sobjects/Account", {}),
        one("contact", "POST", "/sobjects/Contact", {"LastName": "L", "AccountId": "@{account.id}"}),
        one("lead", "POST", "/sobjects/Lead", {"LastName": "L", "Company": "C"}),
    )
    assert statuses(found) == [400, 400, 201]
    assert found[0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert found[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert len(emulator.records("Lead")) == 1


def test_all_or_none_undoes_everything(client: Client, emulator: Emulator) -> None:
    [kept] = emulator.insert("Contact", {"LastName": "Kept"})
    records = [{"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}]
    found = composite(
        client,
        one("account", "POST", "/sobjects/Account", {"Name": "A"}),
        one("leads", "POST", "/composite/sobjects", {"records": records}),
        one("change", "PATCH", f"/sobjects/Contact/{kept}", {"LastName": "Changed"}),
        one("delete", "DELETE", f"/sobjects/Contact/{kept}"),
        one("bad", "POST", "/sobjects/Contact", {}),
        one("never", "POST", "/sobjects/Account", {"Name": "B"}),
        allOrNone=True,
    )
    assert statuses(found) == [400] * 6
    assert [answer["body"][0]["errorCode"] for answer in found] == [
        *["PROCESSING_HALTED"] * 4,
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
    ]
    assert emulator.records("Account") == emulator.records("Lead") == []
    [record] = emulator.records("Contact")
    assert (record["LastName"], record["IsDeleted"]) == ("Kept", False)
    assert emulator.stats()["executed"] == {"Account": {}, "Lead": {}, "Contact": {}}


def test_all_or_none_keeps_what_succeeds(client: Client, emulator: Emulator) -> None:
    found = composite(client, one("a", "POST", "/sobjects/Account", {"Name": "A"}), allOrNone=True)
    assert statuses(found) == [201]
    assert len(emulator.records("Account")) == 1


def test_a_describe_inside_may_be_conditional(client: Client) -> None:
    known = client.rest("GET", "/sobjects").headers["Last-Modified"]
    [answer] = composite(client, one("r", "GET", "/sobjects", httpHeaders={"If-Modified-Since": known}))
    assert (answer["httpStatusCode"], answer["body"]) == (304, None)
    assert answer["httpHeaders"].keys() == {"ETag", "Last-Modified"}


def test_it_is_one_call_whatever_it_holds(client: Client) -> None:
    before = client.rest("GET", "/limits").json()["DailyApiRequests"]["Remaining"]
    composite(client, *(one(f"r{number}", "GET", "/limits") for number in range(25)))
    assert client.rest("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == before - 2


def test_what_it_may_hold_is_limited(client: Client) -> None:
    def refusal(*asked: dict[str, Any]) -> tuple[int, str]:
        answer = client.rest("POST", "/composite", {"compositeRequest": list(asked)})
        return answer.status_code, answer.json()[0]["errorCode"]

    assert refusal(*(one(f"r{number}", "GET", "/limits") for number in range(26))) == (400, "LIMIT_EXCEEDED")
    queries = [one(f"r{number}", "GET", "/query?q=SELECT Id FROM Lead") for number in range(6)]
    assert refusal(*queries) == (400, "LIMIT_EXCEEDED")
    assert refusal(one("r", "GET", "/limits"), one("r", "GET", "/limits")) == (400, "INVALID_INPUT")
    assert refusal({"method": "GET", "url": "/x"}) == (400, "INVALID_INPUT")
    assert refusal() == (400, "REQUIRED_FIELD_MISSING")
    assert client.rest("POST", "/composite", []).json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_unknown_paths_and_versions_inside_are_answered_inside(client: Client) -> None:
    found = composite(
        client,
        one("path", "GET", "/nope"),
        {"referenceId": "version", "method": "GET", "url": "/services/data/v99.0/limits"},
        one("itself", "POST", "/composite", {"compositeRequest": []}),
    )
    assert statuses(found) == [404, 404, 404]


def test_keys_with_any_characters_work_inside(client: Client, emulator: Emulator) -> None:
    path = "/sobjects/Contact/External_Id__c/a%2Fb%20%C3%A9"
    assert statuses(composite(client, one("r", "PATCH", path, {"LastName": "Lé"}))) == [201]
    assert emulator.records("Contact")[0]["External_Id__c"] == "a/b é"
    found = composite(client, one("q", "GET", "/query?q=SELECT Id FROM Contact WHERE LastName = 'Lé'"))
    assert found[0]["body"]["totalSize"] == 1


def test_a_batch_holds_independent_requests_that_count_each(client: Client, emulator: Emulator) -> None:
    before = client.rest("GET", "/limits").json()["DailyApiRequests"]["Remaining"]
    asked = [
        {"method": "POST", "url": "v58.0/sobjects/Account", "richInput": {"Name": "A"}},
        {"method": "GET", "url": "v58.0/sobjects/Nope/describe"},
        {"method": "GET", "url": "/services/data/v58.0/query?q=SELECT Name FROM Account"},
    ]
    answer = client.rest("POST", "/composite/batch", {"batchRequests": asked}).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [201, 404, 200]
    assert answer["results"][2]["result"]["records"][0]["Name"] == "A"
    assert client.rest("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == before - 5
    halting = client.rest("POST", "/composite/batch", {"batchRequests": asked, "haltOnError": True}).json()
    assert [result["statusCode"] for result in halting["results"]] == [201, 404, 412]
    assert halting["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert len(emulator.records("Account")) == 2
    odd = client.rest("POST", "/composite/batch", {"batchRequests": [{"url": "v58.0/limits"}]}).json()
    assert odd["results"][0]["statusCode"] == 400
