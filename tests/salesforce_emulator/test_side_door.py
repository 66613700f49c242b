"""The side door over HTTP."""

from __future__ import annotations

import pytest
import requests
from salesforce_emulator import Emulator
from salesforce_emulator.audit import path_pattern

from tests.salesforce_emulator.client import Client


def door(emulator: Emulator, method: str, path: str, body: object = None) -> requests.Response:
    return requests.request(method, f"{emulator.instance_url}/__emulator__{path}", json=body, timeout=5)


def test_records_show_every_field_and_deleted_ones_too(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a-1")
    client.rest("DELETE", f"/sobjects/Account/{account}")
    [record] = door(emulator, "GET", "/records/account").json()["records"]
    assert (record["Id"], record["IsDeleted"], record["Tier__c"]) == (account, True, None)
    assert emulator.records("Account") == [record]
    assert door(emulator, "GET", "/records/Nope").status_code == 400


def test_an_object_that_is_not_there_is_a_problem(client: Client, emulator: Emulator) -> None:
    answer = door(emulator, "GET", "/records/Nope")
    assert (answer.status_code, answer.json()) == (400, {"problem": "the org has no object Nope"})


def test_records_are_made_changed_and_deleted_by_hand_without_being_counted(emulator: Emulator) -> None:
    made = door(
        emulator, "POST", "/records/Lead", {"records": [{"LastName": "L", "Company": "C", "IsConverted": False}]}
    )
    [lead] = made.json()["ids"]
    changed = {"Id": lead, "ConvertedDate": "2024-01-01"}
    assert door(emulator, "PATCH", "/records/Lead", {"records": [changed]}).status_code == 200
    assert emulator.records("Lead")[0]["ConvertedDate"] == "2024-01-01"
    assert door(emulator, "DELETE", "/records/Lead", {"records": [{"Id": lead}]}).status_code == 200
    assert emulator.records("Lead")[0]["IsDeleted"] is True
    assert emulator.stats() == {"calls": {}, "executed": {}, "attempted": {}}
    refused = door(emulator, "POST", "/records/Lead", {"records": [{"Nope": 1}]})
    assert (refused.status_code, refused.json()["errors"][0]["statusCode"]) == (400, "INVALID_FIELD")
    with pytest.raises(ValueError, match="REQUIRED_FIELD_MISSING"):
        emulator.insert("Lead", {})


def test_stats_count_calls_by_pattern_and_rows_by_key(client: Client, emulator: Emulator) -> None:
    client.collection(
        "PATCH", "/Account/External_Id__c", {"External_Id__c": "A-1", "Name": "A"}, {"External_Id__c": "x"}
    )
    contact = client.create("Contact", LastName="L")
    client.rest("PATCH", "/sobjects/Account/External_Id__c/a-1", {"Name": "B"})
    stats = door(emulator, "GET", "/stats").json()
    assert stats["calls"] == {
        "POST /services/oauth2/token": 1,
        "PATCH /services/data/v58.0/composite/sobjects/Account/External_Id__c": 1,
        "POST /services/data/v58.0/sobjects/Contact": 1,
        "PATCH /services/data/v58.0/sobjects/Account/External_Id__c/{key}": 1,
    }
    assert stats["executed"] == {"Account": {"A-1": 1, "a-1": 1}, "Contact": {contact: 1}}
    assert stats["attempted"]["Account"]["x"] == 1


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/services/async/58.0/job/7505g0000000001AAA/batch", "/services/async/58.0/job/{id}/batch"),
        (
            "/services/async/58.0/job/7505g0000000001/batch/7515g0000000001AAA/result",
            "/services/async/58.0/job/{id}/batch/{id}/result",
        ),
        ("/services/data/v58.0/sobjects/Account/0015g0000000001AAA", "/services/data/v58.0/sobjects/Account/{id}"),
        ("/services/data/v58.0/sobjects/Account/Key__c/a/b c", "/services/data/v58.0/sobjects/Account/Key__c/{key}"),
        ("/services/data/v58.0/query/0r85g0000000001AAQ-2000", "/services/data/v58.0/query/{locator}"),
        ("/services/data/v58.0/sobjects/Opportunity", "/services/data/v58.0/sobjects/Opportunity"),
        ("/services/data/v58.0/sobjects/Account/describe", "/services/data/v58.0/sobjects/Account/describe"),
        ("/id/00D5g000000EmuLEAS/0055g0000000001AAA", "/id/{id}/{id}"),
    ],
)
def test_patterns_leave_out_what_differs_from_call_to_call(path: str, pattern: str) -> None:
    assert path_pattern(path) == pattern


def test_reset_goes_back_to_the_org_file(client: Client, emulator: Emulator) -> None:
    client.create("Account", Name="A")
    emulator.faults([{"do": {"status": 500}}])
    assert door(emulator, "POST", "/reset").status_code == 204
    assert emulator.records("Account") == []
    assert len(emulator.records("User")) == 2
    assert emulator.stats()["calls"] == {}
    assert client.rest("GET", "/limits").status_code == 401
    client.login()
    assert client.rest("GET", "/limits").json()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}


def test_the_clock_can_be_moved(client: Client, emulator: Emulator) -> None:
    assert door(emulator, "POST", "/clock", {"advance": 8_000}).status_code == 204
    assert client.rest("GET", "/limits").status_code == 401


def test_every_value_of_a_picklist_is_told(emulator: Emulator) -> None:
    values = {"values": [{"value": "a", "label": "A", "color": "#000000"}, {"value": "b", "active": False}]}
    field = {"type": "picklist", "picklistValues": values["values"]}
    emulator.change_org({"objects": {"Account": {"fields": {"Field__c": field}}}})
    told = door(emulator, "GET", "/picklists/Account.Field__c").json()["values"]
    assert [(one["value"], one["label"], one["active"], one.get("color")) for one in told] == [
        *(("a", "A", True, "#000000"), ("b", "b", False, None))
    ]
    assert emulator.picklist("Account.Field__c") == told
    assert door(emulator, "GET", "/picklists/Account.Nope__c").status_code == 400
