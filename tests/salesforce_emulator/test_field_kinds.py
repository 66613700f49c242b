"""Kinds of fields and relationships beyond plain text, in JSON and in CSV."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

OBJECTS: dict[str, Any] = {
    "Site__c": {
        "fields": {
            "Place__c": {"type": "location", "scale": 6},
            "Plan__c": {"type": "base64", "length": 1_000},
            "Tags__c": {"type": "multipicklist", "picklistValues": ["a", "b"], "restrictedPicklist": True},
            "Labels__c": {"type": "multipicklist", "picklistValues": []},
            "Opens__c": {"type": "time"},
            "Rate__c": {"type": "percent", "precision": 5, "scale": 2},
            "Rent__c": {"type": "currency", "precision": 18, "scale": 2},
            "Big__c": {"type": "long"},
            "Code__c": {"type": "string", "length": 20, "externalId": True, "unique": True},
            "Parent__c": {"type": "reference", "referenceTo": ["Site__c"]},
        }
    },
    "geo__Area__c": {
        "fields": {
            "geo__Key__c": {"type": "string", "length": 20, "externalId": True, "unique": True},
            "geo__Site__c": {"type": "reference", "referenceTo": ["Site__c"], "relationshipName": "geo__Site__r"},
        }
    },
}


@pytest.fixture(scope="module")
def _sites() -> Iterator[Emulator]:
    with Emulator({"extends": "default", "objects": OBJECTS}) as emulator:
        yield emulator


@pytest.fixture
def sites(_sites: Emulator) -> Emulator:
    _sites.reset()
    return _sites


@pytest.fixture
def client(sites: Emulator) -> Iterator[Client]:
    client = Client(sites)
    yield client
    client.close()


def test_a_geolocation_is_written_by_its_parts_and_read_as_a_whole(client: Client) -> None:
    record_id = client.create("Site__c", Name="S", Place__Latitude__s=1.25, Place__Longitude__s=-2.5)
    read = client.rest("GET", f"/sobjects/Site__c/{record_id}?fields=Place__c,Place__Latitude__s").json()
    assert read["Place__c"] == {"latitude": 1.25, "longitude": -2.5}
    assert read["Place__Latitude__s"] == 1.25
    refused = client.rest("PATCH", f"/sobjects/Site__c/{record_id}", {"Place__c": "1,2"})
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    fields = {field["name"]: field for field in client.rest("GET", "/sobjects/Site__c/describe").json()["fields"]}
    assert fields["Place__Longitude__s"]["compoundFieldName"] == "Place__c"
    assert fields["Place__c"]["soapType"] == "urn:location"


def test_a_compound_shows_nothing_for_a_part_that_is_hidden(client: Client, sites: Emulator) -> None:
    record_id = client.create("Site__c", Name="S", Place__Latitude__s=1, Place__Longitude__s=2)
    hidden = {"integration@emulator.invalid": {"fields": {"Site__c.Place__Latitude__s": "none"}}}
    sites.change_org({"permissions": hidden})
    read = client.rest("GET", f"/sobjects/Site__c/{record_id}").json()
    assert read["Place__c"] == {"latitude": None, "longitude": 2}


def test_a_file_is_sent_in_base64_and_read_at_its_own_address(client: Client) -> None:
    content = bytes(range(256))
    record_id = client.create("Site__c", Name="S", Plan__c=base64.b64encode(content).decode())
    path = f"/services/data/v58.0/sobjects/Site__c/{record_id}/Plan__c"
    assert client.select_rows("SELECT Plan__c FROM Site__c") == [{"Plan__c": path}]
    answer = client.rest("GET", path.partition("v58.0")[2])
    assert (answer.content, answer.headers["Content-Type"]) == (content, "application/octet-stream")
    refused = client.rest("POST", "/sobjects/Site__c", {"Name": "S", "Plan__c": "no base64!"})
    assert refused.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("Tags__c", "b;a;b", "a;b"),
        ("Opens__c", "08:30:00Z", "08:30:00.000Z"),
        ("Rate__c", "12.345", 12.345),
        ("Rent__c", "1234567890.5", 1234567890.5),
        ("Big__c", "123456789012345", 123456789012345),
    ],
)
def test_a_value_means_the_same_in_json_and_in_csv(client: Client, field: str, sent: str, stored: Any) -> None:
    client.create("Site__c", Name="J", **{field: sent})
    [row] = client.load("insert", "Site__c", f"Name,{field}\nC,{sent}\n")
    assert row["Success"] == "true", row
    assert client.select_rows(f"SELECT {field} FROM Site__c") == [{field: stored}] * 2


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [
        ("Tags__c", "a;c", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Labels__c", ";".join(f"v{number}" for number in range(101)), "TOO_MANY_ENUM_VALUE"),
        ("Rate__c", "1000", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Opens__c", "25:00:00Z", "INVALID_FIELD"),
        ("Big__c", "1e3", "INVALID_FIELD"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(client: Client, field: str, sent: str, code: str) -> None:
    [row] = client.load("insert", "Site__c", f"Name,{field}\nC,{sent}\n")
    assert row["Error"].startswith(f"{code}:"), row


def test_parents_of_the_same_object_and_of_another_namespace_are_found_by_key(client: Client, sites: Emulator) -> None:
    client.load("upsert", "Site__c", "Name,Code__c\nP,p\n", "Code__c")
    client.load("upsert", "Site__c", "Name,Code__c,Parent__r.Code__c\nC,c,P\n", "Code__c")
    parent, child = sites.records("Site__c")
    assert child["Parent__c"] == parent["Id"]
    job, info = client.ingest(
        "upsert",
        "geo__Area__c",
        "Name,geo__Key__c,geo__Site__r.Code__c\nA,k,c\n",
        externalIdFieldName="geo__key__c",
    )
    assert (info["state"], info["numberRecordsFailed"]) == ("JobComplete", 0)
    assert client.file(job, "successfulResults")[0]["geo__Site__r.Code__c"] == "c"
    assert sites.records("geo__Area__c")[0]["geo__Site__c"] == child["Id"]


def test_a_polymorphic_parent_is_named_with_its_type_in_csv(client: Client, sites: Emulator) -> None:
    [lead] = sites.insert("Lead", {"LastName": "L", "Company": "C", "External_Id__c": "l"})
    data = "Subject,Lead:Who.External_Id__c,User:Owner.Username\nCall,l,second@emulator.invalid\n"
    sites.change_org({"objects": {"Task": {"fields": {"OwnerId": {"referenceTo": ["Group", "User"]}}}}})
    _, info = client.ingest("insert", "Task", data)
    assert (info["state"], info["numberRecordsFailed"]) == ("JobComplete", 0), info
    assert sites.records("Task")[0]["WhoId"] == lead
    for header in ("Who.External_Id__c", "Who:Lead.External_Id__c", "Account:Who.External_Id__c"):
        _, info = client.ingest("insert", "Task", f"Subject,{header}\nCall,l\n")
        assert info["errorMessage"] == f"InvalidBatch : Field name not found : {header}"


def test_a_key_that_several_records_hold_is_told_with_their_addresses(client: Client, sites: Emulator) -> None:
    ids = sites.insert("Account", *({"Name": name, "Legacy_Key__c": "x"} for name in "ab"))
    answer = client.rest("PATCH", "/sobjects/Account/Legacy_Key__c/x", {"Name": "c"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v58.0/sobjects/Account/{record_id}" for record_id in ids]


def test_the_recycle_bin_forgets_after_fifteen_days(client: Client, sites: Emulator) -> None:
    deleted, kept = sites.insert("Account", {"Name": "a"}, {"Name": "b"})
    sites.delete("Account", deleted)
    sites.advance(14 * 86_400)
    assert [record["Id"] for record in sites.records("Account")] == [deleted, kept]
    sites.advance(2 * 86_400)
    assert [record["Id"] for record in sites.records("Account")] == [kept]
