"""Record types: declared by objects, chosen by users, with values of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client

ORG: dict[str, Any] = {
    "extends": "default",
    "objects": {
        "Contact": {
            "recordTypes": [
                {"name": "Customer", "default": True, "picklists": {"Tier__c": ["Gold", "Silver"]}},
                {"name": "Supplier"},
                {"name": "Old", "active": False},
            ]
        }
    },
}


@pytest.fixture(scope="module")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator(ORG) as emulator:
        yield emulator


def ids(client: Client) -> dict[str, str]:
    return {row["DeveloperName"]: row["Id"] for row in client.select_rows("SELECT Id, DeveloperName FROM RecordType")}


def provoke_error(client: Client, method: str, path: str, **fields: Any) -> str:
    answer = client.rest(method, path, fields)
    assert answer.status_code == 400, answer.text
    return str(answer.json()[0]["errorCode"])


def test_record_types_can_be_described_and_queried(client: Client) -> None:
    described = client.rest("GET", "/sobjects/Contact/describe").json()
    assert [(one["name"], one["active"], one["defaultRecordTypeMapping"]) for one in described["recordTypeInfos"]] == [
        *(("Customer", True, True), ("Supplier", True, False), ("Old", False, False)),
        ("Master", True, False),
    ]
    assert "RecordTypeId" in {field["name"] for field in described["fields"]}
    statement = "SELECT Name, IsActive, IsPersonType, BusinessProcessId FROM RecordType WHERE SobjectType = 'Contact'"
    assert len(client.select_rows(statement)) == 3


def test_a_record_gets_the_default_of_its_user_or_what_it_names(client: Client, emulator: Emulator) -> None:
    known = ids(client)
    client.create("Contact", LastName="a")
    client.create("Contact", LastName="b", RecordTypeId=known["Supplier"])
    access: dict[str, Any] = {"Contact": {"defaults": []}}
    emulator.change_org({"permissions": {emulator.username: {"recordTypes": access}}})
    client.create("Contact", LastName="c")
    assert [record["RecordTypeId"] for record in emulator.records("Contact")] == [
        *(known["Customer"], known["Supplier"]),
        None,
    ]
    described = client.rest("GET", "/sobjects/Contact/describe").json()["recordTypeInfos"]
    assert [one["name"] for one in described if one["defaultRecordTypeMapping"]] == ["Master"]


def test_types_that_are_inactive_or_of_another_object_cannot_be_chosen(client: Client) -> None:
    for wrong in (ids(client)["Old"], "0125g00000ZZZZZ"):
        assert provoke_error(client, "POST", "/sobjects/Contact", LastName="a", RecordTypeId=wrong) == (
            "INVALID_CROSS_REFERENCE_KEY"
        )


def test_a_type_leaves_values_of_restricted_picklists_out(client: Client, emulator: Emulator) -> None:
    code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert provoke_error(client, "POST", "/sobjects/Contact", LastName="a", Tier__c="Bronze") == code
    made = client.create("Contact", LastName="a", Tier__c="Gold")
    assert provoke_error(client, "PATCH", f"/sobjects/Contact/{made}", Tier__c="Bronze") == code
    supplier = {"Tier__c": "Bronze", "RecordTypeId": ids(client)["Supplier"]}
    assert client.rest("PATCH", f"/sobjects/Contact/{made}", supplier).status_code == 204
    assert emulator.records("Contact")[0]["Tier__c"] == "Bronze"


def test_types_may_come_while_the_org_runs(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"objects": {"Lead": {"recordTypes": [{"name": "Web", "default": True}]}}})
    client.create("Lead", LastName="a", Company="c")
    assert emulator.records("Lead")[0]["RecordTypeId"] == ids(client)["Web"]


def test_what_cannot_be_is_told_with_its_place() -> None:
    contact = {"recordTypes": ["A", "A", {"name": "B", "picklists": {"LastName": ["x"]}}]}
    users = {"integration@emulator.invalid": {"recordTypes": {"Contact": {"available": ["Nope"]}}}}
    with pytest.raises(OrgError) as caught:
        read_org({"extends": "default", "objects": {"Contact": contact}, "permissions": users})
    assert len(caught.value.problems) == 3
