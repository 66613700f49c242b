"""Validation, duplicate and assignment rules, as an org declares them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

OBJECTS = {
    "Contact": {
        "validationRules": [
            {"name": "Limit", "when": "Credit_Limit__c < 0", "message": "Not below zero", "field": "Credit_Limit__c"},
            {"name": "Gold", "when": "Tier__c = 'Gold' AND Score__c = NULL", "message": "Gold needs a score: now"},
            {"name": "Off", "when": "LastName = 'L'", "message": "never", "active": False},
        ],
        "duplicateRules": [
            {"name": "Contacts_DR", "fields": ["Email"], "action": "Alert", "matchingRule": "Contact_Email_MR"},
            {"name": "Names_DR", "fields": ["LastName", "FirstName"], "message": "The same person?"},
        ],
    },
    "Lead": {
        "assignmentRules": [
            {"name": "Queue", "owner": "Web Leads"},
            {"name": "Second", "owner": "second@emulator.invalid", "active": False},
        ]
    },
    "Group": {"records": [{"Name": "Web Leads", "Type": "Queue"}]},
}


@pytest.fixture(scope="module")
def _ruled() -> Iterator[Emulator]:
    with Emulator({"extends": "default", "objects": OBJECTS}) as emulator:
        yield emulator


@pytest.fixture
def ruled(_ruled: Emulator) -> Emulator:
    _ruled.reset()
    return _ruled


@pytest.fixture
def client(ruled: Emulator) -> Iterator[Client]:
    client = Client(ruled)
    yield client
    client.close()


def owner(emulator: Emulator, record_id: str) -> str:
    [lead] = [lead for lead in emulator.records("Lead") if lead["Id"] == record_id]
    users = {user["Id"]: user["Alias"] for user in emulator.records("User")}
    groups = {group["Id"]: group["Name"] for group in emulator.records("Group")}
    return str({**users, **groups}[lead["OwnerId"]])


def lead(client: Client, **headers: str) -> str:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.rest("POST", "/sobjects/Lead", {"LastName": "L", "Company": "C"}, headers=sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_every_broken_validation_rule_gives_an_error(client: Client) -> None:
    body = {"LastName": "L", "Credit_Limit__c": -1, "Tier__c": "Gold"}
    answer = client.rest("POST", "/sobjects/Contact", body)
    assert (answer.status_code, answer.json()) == (
        400,
        [
            {
                "message": "Not below zero",
                "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "fields": ["Credit_Limit__c"],
            },
            {"message": "Gold needs a score: now", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []},
        ],
    )
    [row] = client.load("insert", "Contact", "LastName,Credit_Limit__c\nL,-1\n")
    assert row["Error"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION:Not below zero:Credit_Limit__c --"


def test_a_validation_rule_looks_at_the_record_as_it_will_be(client: Client, ruled: Emulator) -> None:
    record_id = client.create("Contact", LastName="L", Score__c=1, Tier__c="Gold")
    answer = client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"Score__c": None})
    assert answer.json()[0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert ruled.records("Contact")[0]["Score__c"] == 1
    assert client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"Score__c": 2}).status_code == 204


def test_an_alert_is_told_with_its_matches_and_gives_way_to_allow_save(client: Client) -> None:
    first = client.create("Contact", LastName="L", Email="l@emulator.invalid")
    body = {"LastName": "M", "Email": "L@emulator.invalid"}
    answer = client.rest("POST", "/sobjects/Contact", body)
    [error] = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
    assert error["message"] == "Use one of these records?"
    found = error["duplicateResut"]
    assert (found["allowSave"], found["duplicateRule"], found["duplicateRuleEntityType"]) == (
        True,
        "Contacts_DR",
        "Contact",
    )
    [match] = found["matchResults"]
    assert (match["rule"], match["size"]) == ("Contact_Email_MR", 1)
    assert match["matchRecords"][0]["record"]["Id"] == first
    allowing = {"Sforce-Duplicate-Rule-Header": "allowSave=true; runAsCurrentUser=true"}
    assert client.rest("POST", "/sobjects/Contact", body, headers=allowing).status_code == 201
    assert client.rest("PATCH", f"/sobjects/Contact/{first}", {"Title": "T"}, headers=allowing).status_code == 204


def test_a_block_gives_way_to_nothing(client: Client) -> None:
    client.create("Contact", LastName="L", FirstName="F")
    allowing = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "l", "FirstName": "F"}, headers=allowing)
    [error] = answer.json()
    assert (error["message"], error["duplicateResut"]["allowSave"]) == ("The same person?", False)
    assert client.rest("POST", "/sobjects/Contact", {"LastName": "L"}).status_code == 201


def test_rows_of_other_apis_are_told_code_and_message_alone(client: Client) -> None:
    client.create("Contact", LastName="L", Email="l@emulator.invalid")
    record = {"LastName": "M", "Email": "l@emulator.invalid"}
    [refused] = client.collection("POST", "", record, type_="Contact")
    wanted = {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    assert refused["errors"] == [wanted]
    [row] = client.load("insert", "Contact", "LastName,Email\nM,l@emulator.invalid\n")
    assert row["Error"] == "DUPLICATES_DETECTED:Use one of these records?:--"
    allowing = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    body = {"records": [{"attributes": {"type": "Contact"}, **record}]}
    assert client.rest("POST", "/composite/sobjects", body, headers=allowing).json()[0]["success"] is True


def test_rest_applies_the_active_assignment_rule_unless_told_otherwise(client: Client, ruled: Emulator) -> None:
    second = ruled.world.org.objects["Lead"].assignment_rules[1].id
    assert owner(ruled, lead(client)) == "Web Leads"
    assert owner(ruled, lead(client, Sforce_Auto_Assign="TRUE")) == "Web Leads"
    assert owner(ruled, lead(client, Sforce_Auto_Assign="FALSE")) == "integr"
    assert owner(ruled, lead(client, Sforce_Auto_Assign=second)) == "second"
    body = {"LastName": "L", "Company": "C"}
    wrong = client.rest("POST", "/sobjects/Lead", body, headers={"Sforce-Auto-Assign": "01Q000000000000"})
    assert wrong.json()[0]["errorCode"] == "INVALID_ASSIGNMENT_RULE"


def test_bulk_jobs_apply_the_rule_that_they_name_and_no_other(client: Client, ruled: Emulator) -> None:
    rule = ruled.world.org.objects["Lead"].assignment_rules[0].id
    data = "LastName,Company\nL,C\n"
    [row] = client.load("insert", "Lead", data)
    assert owner(ruled, row["Id"]) == "integr"
    job, _ = client.ingest("insert", "Lead", data, assignmentRuleId=rule)
    assert client.jobs("GET", f"/ingest/{job}").json()["assignmentRuleId"] == rule
    assert owner(ruled, client.file(job, "successfulResults")[0]["sf__Id"]) == "Web Leads"
    info: dict[str, Any] = {"operation": "insert", "object": "Lead", "contentType": "CSV", "assignmentRuleId": rule}
    url, headers = f"{ruled.instance_url}/services/async/58.0/job", {"X-SFDC-Session": client.token}
    made = client.http.post(url, json=info, headers=headers).json()
    [row] = client.results(made["id"], client.batch(made["id"], data))
    assert owner(ruled, row["Id"]) == "Web Leads"
    wrong = {**info, "assignmentRuleId": "01Q000000000000"}
    assert client.http.post(url, json=wrong, headers=headers).json()["exceptionCode"] == "InvalidJob"
    del wrong["contentType"]
    assert client.jobs("POST", "/ingest", wrong).json()[0]["errorCode"] == "INVALIDJOB"
