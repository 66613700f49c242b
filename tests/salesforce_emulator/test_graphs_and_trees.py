"""Composite graphs and sObject trees over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def node(name: str, object_name: str, **fields: Any) -> dict[str, Any]:
    url = f"/services/data/v58.0/sobjects/{object_name}"
    return {"method": "POST", "url": url, "referenceId": name, "body": fields}


def graphs(client: Client, *each: list[dict[str, Any]]) -> Any:
    body = {"graphs": [{"graphId": f"g{at}", "compositeRequest": nodes} for at, nodes in enumerate(each)]}
    return client.rest("POST", "/composite/graph", body).json()


def test_each_graph_is_executed_as_a_whole_or_not_at_all(client: Client, emulator: Emulator) -> None:
    linked = [node("a", "Account", Name="A"), node("c", "Contact", LastName="C", AccountId="@{a.id}")]
    broken = [node("a", "Account", Name="B"), node("c", "Contact", FirstName="only")]
    first, second = graphs(client, linked, broken)["graphs"]
    assert (first["graphId"], first["isSuccessful"]) == ("g0", True)
    assert [one["httpStatusCode"] for one in first["graphResponse"]["compositeResponse"]] == [201, 201]
    halted, refused = second["graphResponse"]["compositeResponse"]
    assert (second["isSuccessful"], halted["body"][0]["errorCode"]) == (False, "PROCESSING_HALTED")
    assert refused["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert [record["Name"] for record in emulator.records("Account")] == ["A"]
    assert emulator.records("Contact")[0]["AccountId"] == emulator.records("Account")[0]["Id"]


def test_after_fifteen_failures_the_rest_is_halted(client: Client, emulator: Emulator) -> None:
    bad, good = [node("c", "Contact", FirstName="x")], [node("c", "Contact", LastName="x")]
    answer = graphs(client, *[bad] * 15, good)["graphs"]
    assert answer[14]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert answer[15]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert graphs(client, *[bad] * 14, good)["graphs"][14]["isSuccessful"] is True
    assert len(emulator.records("Contact")) == 1


def test_graphs_beyond_the_limits_are_refused(client: Client) -> None:
    one = [node("c", "Contact", LastName="x")]
    assert graphs(client, *[one] * 76)[0]["errorCode"] == "LIMIT_EXCEEDED"
    many = [node(f"c{at}", "Contact", LastName="x") for at in range(501)]
    assert graphs(client, many)[0]["errorCode"] == "LIMIT_EXCEEDED"
    assert client.rest("POST", "/composite/graph", {"graphs": "x"}).json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def record(name: str, type_: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": type_, "referenceId": name}, **fields}


def tree(client: Client, *records: dict[str, Any], object_name: str = "Account") -> tuple[int, Any]:
    answer = client.rest("POST", f"/composite/tree/{object_name}", {"records": list(records)})
    return answer.status_code, answer.json()


def test_a_tree_creates_parents_and_children(client: Client, emulator: Emulator) -> None:
    contacts = {"records": [record("c1", "Contact", LastName="One"), record("c2", "Contact", LastName="Two")]}
    status, answer = tree(
        client, record("a1", "Account", Name="A", Contacts=contacts), record("a2", "Account", Name="B")
    )
    assert (status, answer["hasErrors"]) == (201, False)
    assert [one["referenceId"] for one in answer["results"]] == ["a1", "c1", "c2", "a2"]
    account = answer["results"][0]["id"]
    assert [contact["AccountId"] for contact in emulator.records("Contact")] == [account, account]


def test_one_bad_record_prevents_the_whole_tree(client: Client, emulator: Emulator) -> None:
    contacts = {"records": [record("c1", "Contact", FirstName="x")]}
    status, answer = tree(client, record("a1", "Account", Name="A", Contacts=contacts))
    assert (status, answer["hasErrors"]) == (400, True)
    [problem] = answer["results"]
    assert (problem["referenceId"], problem["errors"][0]["statusCode"]) == ("c1", "REQUIRED_FIELD_MISSING")
    assert emulator.records("Account") == []
    assert emulator.stats()["executed"].get("Account", {}) == {}


def test_trees_are_refused_by_name_type_relationship_and_size(client: Client) -> None:
    def code(*records: dict[str, Any]) -> str:
        status, answer = tree(client, *records)
        assert status == 400
        return str(answer["results"][0]["errors"][0]["statusCode"])

    assert code(record("a", "Account", Name="A"), record("a", "Account", Name="B")) == "INVALID_INPUT"
    assert code(record("a", "Contact", LastName="A")) == "INVALID_TYPE"
    assert code(record("a", "Account", Name="A", Foos={"records": [record("b", "Contact")]})) == "INVALID_FIELD"
    assert code(*(record(f"a{at}", "Account", Name="A") for at in range(201))) == "LIMIT_EXCEEDED"


def nest(levels: int) -> dict[str, Any]:
    """Return an account with as many levels of accounts, including its own."""
    below = {} if levels == 1 else {"ChildAccounts": {"records": [nest(levels - 1)]}}
    return record(f"a{levels}", "Account", Name="A", **below)


def test_a_tree_has_five_levels_and_five_types_of_records_at_most(client: Client, emulator: Emulator) -> None:
    status, answer = tree(client, nest(6))
    assert (status, answer["results"][0]["errors"][0]["statusCode"]) == (400, "LIMIT_EXCEEDED")
    assert tree(client, nest(5))[0] == 201
    assert len(emulator.records("Account")) == 5
    fields = {"StageName": "Prospecting", "CloseDate": "2026-01-31"}
    kinds = {
        "Contacts": record("t1", "Contact", LastName="C"),
        "Cases": record("t2", "Case", Subject="C"),
        "Assets": record("t3", "Asset", Name="S"),
        "Opportunities": record("t4", "Opportunity", Name="O", **fields),
        "Subscriptions__r": record("t5", "Subscription__c", Name="B"),
    }
    children = {name: {"records": [one]} for name, one in kinds.items()}
    status, answer = tree(client, record("a", "Account", Name="A", **children))
    assert (status, answer["results"][0]["errors"][0]["statusCode"]) == (400, "LIMIT_EXCEEDED")
    del children["Subscriptions__r"]
    assert tree(client, record("a", "Account", Name="A", **children))[0] == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "JSON_PARSER_ERROR"),
        ({"records": {}}, "JSON_PARSER_ERROR"),
        ({"records": []}, "REQUIRED_FIELD_MISSING"),
        ({"records": [1]}, "INVALID_INPUT"),
        ({"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}, "INVALID_INPUT"),
    ],
)
def test_what_holds_no_tree_is_refused(client: Client, body: Any, code: str) -> None:
    answer = client.rest("POST", "/composite/tree/Account", body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
