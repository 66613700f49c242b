"""Orgs with person accounts: accounts that are people, and the contacts that mirror them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator, OrgError, read_org

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap, merge_request

ANN = {"FirstName": "Ann", "LastName": "Ash", "PersonEmail": "ann@x.org"}


@pytest.fixture(scope="module")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator({"extends": "default", "personAccounts": True}) as emulator:
        yield emulator


def fault_of(client: Client, method: str, path: str, **fields: Any) -> tuple[str, list[str]]:
    answer = client.rest(method, path, fields)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()
    return error["errorCode"], error.get("fields", [])


def types(client: Client) -> dict[str, str]:
    found = client.select_rows("SELECT Id, DeveloperName FROM RecordType WHERE SobjectType = 'Account'")
    return {row["DeveloperName"]: row["Id"] for row in found}


def test_a_describe_call_shows_what_people_have(client: Client) -> None:
    described = client.rest("GET", "/sobjects/Account/describe").json()
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["Name"]["nillable"] is True
    for name in ("LastName", "FirstName", "Salutation"):
        flags = (fields[name]["createable"], fields[name]["updateable"], fields[name]["compoundFieldName"])
        assert flags == (True, True, "Name")
    assert not fields["IsPersonAccount"]["createable"]
    assert not fields["PersonContactId"]["updateable"]
    assert {"PersonEmail", "PersonMailingCity", "PersonMailingAddress", "PersonBirthdate"} <= fields.keys()
    key = fields["External_Id__pc"]
    assert (key["custom"], key["externalId"], key["idLookup"], key["unique"]) == (True, False, False, False)
    assert [
        (one["developerName"], one["defaultRecordTypeMapping"], one["master"]) for one in described["recordTypeInfos"]
    ] == [("Business_Account", True, False), ("PersonAccount", True, False), ("Master", False, True)]
    contact = client.rest("GET", "/sobjects/Contact/describe").json()["fields"]
    assert next(field for field in contact if field["name"] == "IsPersonAccount")["updateable"] is False


def test_an_org_without_them_has_nothing_of_it() -> None:
    with Emulator() as emulator:
        client = Client(emulator)
        names = {field["name"] for field in client.rest("GET", "/sobjects/Account/describe").json()["fields"]}
        assert names.isdisjoint({"IsPersonAccount", "LastName", "PersonEmail", "External_Id__pc"})
        answer = client.rest("POST", "/sobjects/Account", ANN)
        assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
        client.close()


def test_a_last_name_makes_a_person_and_a_contact_mirrors_it(client: Client, emulator: Emulator) -> None:
    made = client.create("Account", **ANN, PersonMailingCity="Bonn", External_Id__pc="c1", Phone="1")
    [account], [contact] = emulator.records("Account"), emulator.records("Contact")
    assert (account["Name"], account["IsPersonAccount"]) == ("Ann Ash", True)
    assert (account["RecordTypeId"], account["PersonContactId"]) == (types(client)["PersonAccount"], contact["Id"])
    assert (contact["Name"], contact["Email"], contact["MailingCity"]) == ("Ann Ash", "ann@x.org", "Bonn")
    assert (contact["AccountId"], contact["IsPersonAccount"], contact["Phone"]) == (made, True, "1")
    assert contact["External_Id__c"] == "c1"
    assert emulator.stats()["executed"] == {"Account": {made: 1}}


def test_a_name_makes_a_business(client: Client, emulator: Emulator) -> None:
    client.create("Account", Name="Acme")
    [account] = emulator.records("Account")
    assert (account["IsPersonAccount"], account["PersonContactId"]) == (False, None)
    assert account["RecordTypeId"] == types(client)["Business_Account"]
    assert emulator.records("Contact") == []


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({**ANN, "Name": "Ann Ash"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ({"PersonEmail": "a@x.org"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"Phone": "1"}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({**ANN, "IsPersonAccount": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsPersonAccount"]),
        ({**ANN, "LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
    ],
)
def test_what_belongs_to_no_family_or_to_both_is_refused(
    client: Client, fields: dict[str, Any], code: str, named: list[str]
) -> None:
    assert fault_of(client, "POST", "/sobjects/Account", **fields) == (code, named)


def test_a_record_type_decides_the_family(client: Client) -> None:
    business, person = types(client)["Business_Account"], types(client)["PersonAccount"]
    assert fault_of(client, "POST", "/sobjects/Account", RecordTypeId=business, **ANN) == (
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        ["LastName", "FirstName", "PersonEmail"],
    )
    refused = ("REQUIRED_FIELD_MISSING", ["LastName"])
    assert fault_of(client, "POST", "/sobjects/Account", RecordTypeId=person, FirstName="Ann") == refused
    client.create("Account", RecordTypeId=person, **ANN)


def test_without_a_default_person_type_people_need_theirs_named(client: Client, emulator: Emulator) -> None:
    access = {"Account": {"defaults": ["Business_Account"]}}
    emulator.change_org({"permissions": {emulator.username: {"recordTypes": access}}})
    assert fault_of(client, "POST", "/sobjects/Account", **ANN)[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    client.create("Account", RecordTypeId=types(client)["PersonAccount"], **ANN)


def test_a_record_type_that_the_user_may_not_choose_is_no_valid_reference(client: Client, emulator: Emulator) -> None:
    access = {"Account": {"available": ["Business_Account"], "defaults": ["Business_Account"]}}
    emulator.change_org({"permissions": {emulator.username: {"recordTypes": access}}})
    person = types(client)["PersonAccount"]
    answer = client.rest("POST", "/sobjects/Account", {"RecordTypeId": person, **ANN})
    assert answer.json() == [
        {
            "message": f"Record Type ID: this ID value isn't valid for the user: {person}",
            "errorCode": "INVALID_CROSS_REFERENCE_KEY",
            "fields": ["RecordTypeId"],
        }
    ]


def test_changes_of_the_account_reach_the_contact(client: Client, emulator: Emulator) -> None:
    made = client.create("Account", External_Id__c="a1", **ANN)
    client.rest("PATCH", f"/sobjects/Account/{made}", {"FirstName": None, "PersonEmail": "new@x.org", "Score__pc": 2})
    client.load("upsert", "Account", "External_Id__c,LastName\na1,Elm\n", "External_Id__c")
    [account], [contact] = emulator.records("Account"), emulator.records("Contact")
    assert account["Name"] == contact["Name"] == "Elm"
    assert (contact["Email"], contact["Score__c"], contact["LastName"]) == ("new@x.org", 2, "Elm")
    path = f"/sobjects/Account/{made}"
    assert fault_of(client, "PATCH", path, Name="x") == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"])
    assert fault_of(client, "PATCH", path, LastName=None) == ("REQUIRED_FIELD_MISSING", ["LastName"])
    business = client.create("Account", Name="Acme")
    path = f"/sobjects/Account/{business}"
    assert fault_of(client, "PATCH", path, LastName="x") == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["LastName"])


def test_the_mirror_itself_cannot_be_written(client: Client, emulator: Emulator) -> None:
    client.create("Account", External_Id__pc="c1", **ANN)
    [contact] = emulator.records("Contact")
    refused: tuple[str, list[str]] = ("INVALID_PERSON_ACCOUNT_OPERATION", [])
    assert fault_of(client, "PATCH", f"/sobjects/Contact/{contact['Id']}", Email="b@x.org") == refused
    assert fault_of(client, "PATCH", "/sobjects/Contact/External_Id__c/c1", Email="b@x.org") == refused
    assert fault_of(client, "DELETE", f"/sobjects/Contact/{contact['Id']}") == refused
    [row] = client.load("upsert", "Contact", "External_Id__c,LastName\nc1,x\n", "External_Id__c")
    assert row["Error"] == "INVALID_PERSON_ACCOUNT_OPERATION:cannot reference person contact:--"
    assert client.select_rows("SELECT LastName FROM Contact WHERE External_Id__c = 'c1'") == [{"LastName": "Ash"}]
    client.create("Case", ContactId=contact["Id"])


def test_keys_of_contacts_stay_unique(client: Client, emulator: Emulator) -> None:
    emulator.insert("Contact", {"LastName": "Other", "External_Id__c": "c1"})
    assert fault_of(client, "POST", "/sobjects/Account", External_Id__pc="C1", **ANN)[0] == "DUPLICATE_VALUE"
    assert emulator.records("Account") == []


def test_a_deleted_person_takes_the_contact_along(client: Client, emulator: Emulator) -> None:
    made = client.create("Account", **ANN)
    assert client.rest("DELETE", f"/sobjects/Account/{made}").status_code == 204
    assert emulator.records("Contact")[0]["IsDeleted"] is True


def test_a_refused_transaction_leaves_neither_account_nor_contact(client: Client, emulator: Emulator) -> None:
    rows = [{**ANN}, {"Phone": "1"}]
    client.collection("POST", "", *rows, all_or_none=True)
    assert (emulator.records("Account"), emulator.records("Contact")) == ([], [])
    made = client.create("Account", **ANN)
    rows = [{"Id": made, "LastName": "Elm"}, {"Id": made, "LastName": None}]
    client.collection("PATCH", "", *rows, all_or_none=True)
    assert [record["Name"] for record in emulator.records("Account") + emulator.records("Contact")] == ["Ann Ash"] * 2


def test_an_account_changes_family_by_its_record_type_alone(client: Client, emulator: Emulator) -> None:
    business = client.create("Account", Name="Acme")
    person = types(client)["PersonAccount"]
    path = f"/sobjects/Account/{business}"
    assert fault_of(client, "PATCH", path, RecordTypeId=person)[0] == "FIELD_INTEGRITY_EXCEPTION"
    contact = client.create("Contact", LastName="Ash", Email="a@x.org", AccountId=business)
    both = fault_of(client, "PATCH", path, RecordTypeId=person, LastName="Elm")
    assert both == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["LastName"])
    assert client.rest("PATCH", path, {"RecordTypeId": person}).status_code == 204
    [account] = emulator.records("Account")
    assert (account["Name"], account["PersonContactId"], account["PersonEmail"]) == ("Ash", contact, "a@x.org")
    assert emulator.records("Contact")[0]["IsPersonAccount"] is True
    back = {"RecordTypeId": types(client)["Business_Account"]}
    assert client.rest("PATCH", path, back).status_code == 204
    assert (emulator.records("Account")[0]["IsPersonAccount"], emulator.records("Account")[0]["Name"]) == (False, "Ash")
    assert client.rest("PATCH", f"/sobjects/Contact/{contact}", {"Email": "b@x.org"}).status_code == 204


def test_people_merge_with_people_only_and_their_contacts_with_them(client: Client, emulator: Emulator) -> None:
    master, other = client.create("Account", **ANN), client.create("Account", LastName="Elm")
    business = client.create("Account", Name="Acme")
    heir, contact = (record["Id"] for record in emulator.records("Contact"))
    case = client.create("Case", ContactId=contact)
    [mixed] = call_soap(client, "merge", merge_request("Account", master, business))
    assert mixed["errors"][0]["statusCode"] == "INVALID_MERGE_RECORD"
    [of_contacts] = call_soap(client, "merge", merge_request("Contact", heir, contact))
    assert of_contacts["errors"][0]["statusCode"] == "INVALID_PERSON_ACCOUNT_OPERATION"
    [result] = call_soap(client, "merge", merge_request("Account", master, other))
    assert (result["success"], result["updatedRelatedIds"]) == ("true", [case])
    rows = {record["Id"]: record for record in emulator.records("Contact")}
    assert (rows[contact]["IsDeleted"], rows[contact]["MasterRecordId"], rows[heir]["IsDeleted"]) == (True, heir, False)
    assert emulator.records("Case")[0]["ContactId"] == heir


def test_a_lead_without_a_company_becomes_a_person(client: Client, emulator: Emulator) -> None:
    client.create("Lead", LastName="Ash", Email="a@x.org", City="Bonn", External_Id__c="l1")
    [converted] = emulator.convert("l1")
    [account] = emulator.records("Account")
    assert (account["IsPersonAccount"], account["PersonEmail"], account["PersonMailingCity"]) == (
        True,
        "a@x.org",
        "Bonn",
    )
    assert (converted.account_id, converted.contact_id) == (account["Id"], account["PersonContactId"])
    assert emulator.records("Opportunity")[0]["Name"] == "Ash"


def test_fields_of_people_have_the_security_of_the_contact(client: Client, emulator: Emulator) -> None:
    fields = {"Contact.Email": "none", "Contact.Score__c": "read"}
    emulator.change_org({"permissions": {emulator.username: {"fields": fields}}})
    described = client.rest("GET", "/sobjects/Account/describe").json()["fields"]
    shown = {field["name"]: field for field in described}
    assert "PersonEmail" not in shown
    assert (shown["Score__pc"]["createable"], shown["Score__pc"]["updateable"]) == (False, False)


def test_the_org_file_needs_a_type_for_people() -> None:
    org = {"extends": "default", "personAccounts": True, "objects": {"Account": {"recordTypes": ["Business"]}}}
    with pytest.raises(OrgError, match="needs a record type with person: true"):
        read_org(org)
