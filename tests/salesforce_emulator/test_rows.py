"""Single records over REST."""

from __future__ import annotations

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def test_a_record_is_created_read_changed_and_deleted(client: Client) -> None:
    answer = client.rest("POST", "/sobjects/Account/", {"Name": "Acme", "BillingCity": "Paris", "Website": ""})
    record_id = answer.json()["id"]
    assert answer.status_code == 201
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["Location"] == f"/services/data/v58.0/sobjects/Account/{record_id}"
    assert (len(record_id), record_id[:3]) == (18, "001")

    record = client.rest("GET", f"/sobjects/Account/{record_id[:15]}").json()
    assert record["attributes"]["type"] == "Account"
    assert (record["Name"], record["Website"], record["IsDeleted"]) == ("Acme", None, False)
    assert record["BillingAddress"]["city"] == "Paris"
    assert record["CreatedDate"] == record["SystemModstamp"]
    assert record["CreatedDate"].endswith(".000+0000")

    changed = client.rest("PATCH", f"/sobjects/Account/{record_id}", {"Name": "Acme 2", "BillingCity": None})
    assert (changed.status_code, changed.content) == (204, b"")
    shown = client.rest("GET", f"/sobjects/Account/{record_id}?fields=Name,BillingAddress").json()
    assert (shown["Name"], shown["BillingAddress"]) == ("Acme 2", None)

    assert client.rest("DELETE", f"/sobjects/Account/{record_id}").status_code == 204
    gone = client.rest("GET", f"/sobjects/Account/{record_id}")
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    for method in ("PATCH", "DELETE"):
        again = client.rest(method, f"/sobjects/Account/{record_id}", {} if method == "PATCH" else None)
        assert again.status_code == 404
        assert again.json() == [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]


def test_upsert_by_key_creates_then_updates(client: Client) -> None:
    path = "/sobjects/Contact/External_Id__c/k%2F1"
    created = client.rest("PATCH", path, {"LastName": "One"})
    assert created.status_code == 201
    record_id = created.json()["id"]
    assert created.json() == {"id": record_id, "success": True, "errors": [], "created": True}
    updated = client.rest("PATCH", path, {"FirstName": "First"})
    assert updated.status_code == 200
    assert updated.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    assert updated.headers["Location"].endswith(record_id)
    old = client.rest("PATCH", path, {"FirstName": "Again"}, version="45.0")
    assert (old.status_code, old.content) == (204, b"")
    record = client.rest("GET", path).json()
    assert (record["External_Id__c"], record["Name"]) == ("k/1", "Again One")
    assert client.rest("DELETE", path).status_code == 204
    assert client.rest("GET", path).status_code == 404


def test_the_key_ignores_case_where_the_field_does(client: Client) -> None:
    client.create("Contact", LastName="One", External_Id__c="Key-A")
    assert client.rest("PATCH", "/sobjects/Contact/External_Id__c/kEY-a", {"LastName": "Two"}).status_code == 200
    client.create("Account", Name="One", Case_Sensitive_Id__c="Key-A", Legacy_Key__c="Key-A")
    for field in ("Case_Sensitive_Id__c", "Legacy_Key__c"):
        assert client.rest("PATCH", f"/sobjects/Account/{field}/kEY-a", {"Name": "Two"}).status_code == 201


def test_an_email_is_a_key_too_and_numbers_are(client: Client) -> None:
    assert client.rest("PATCH", "/sobjects/Contact/Email/Ann@Emulator.Invalid", {"LastName": "A"}).status_code == 201
    assert client.rest("PATCH", "/sobjects/Contact/Email/ann@emulator.invalid", {"LastName": "B"}).status_code == 200
    assert client.select_rows("SELECT Email FROM Contact") == [{"Email": "ann@emulator.invalid"}]
    assert client.rest("PATCH", "/sobjects/Account/Number_Key__c/17", {"Name": "A"}).status_code == 201
    assert client.rest("PATCH", "/sobjects/Account/Number_Key__c/17.0", {"Name": "B"}).status_code == 200


def test_several_matches_are_300_with_their_addresses(client: Client, emulator: Emulator) -> None:
    ids = emulator.insert("Account", {"Name": "A", "Legacy_Key__c": "x"}, {"Name": "B", "Legacy_Key__c": "x"})
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.rest(method, "/sobjects/Account/Legacy_Key__c/x", {"Name": "C"} if method == "PATCH" else None)
        assert answer.status_code == 300
        assert answer.json() == [f"/services/data/v58.0/sobjects/Account/{record_id}" for record_id in ids]


@pytest.mark.parametrize("field", ["Nothing__c", "Unique_Key__c", "Name"])
def test_a_field_that_is_no_key_is_404(client: Client, field: str) -> None:
    answer = client.rest("PATCH", f"/sobjects/Contact/{field}/x", {"LastName": "One"})
    assert answer.status_code == 404
    text = f"Provided external ID field does not exist or is not accessible: {field}"
    assert answer.json() == [{"message": text, "errorCode": "NOT_FOUND"}]


def test_the_key_may_not_be_in_the_body_as_well(client: Client) -> None:
    answer = client.rest("PATCH", "/sobjects/Contact/External_Id__c/k", {"External_Id__c": "k", "LastName": "One"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_update_only_never_creates(client: Client) -> None:
    path = "/sobjects/Contact/External_Id__c/k1?updateOnly=true"
    assert client.rest("PATCH", path, {"LastName": "One"}).status_code == 404
    client.create("Contact", LastName="One", External_Id__c="k1")
    assert client.rest("PATCH", path, {"LastName": "Two"}).json()["created"] is False


def test_the_id_is_a_key_too_and_creates_nothing(client: Client, emulator: Emulator) -> None:
    path = f"/sobjects/Contact/Id/{client.create('Contact', LastName='One')}"
    changed = client.rest("PATCH", path, {"LastName": "Two"})
    assert (changed.status_code, changed.json()["created"]) == (200, False)
    assert client.rest("GET", path).json()["LastName"] == "Two"
    missing = client.rest("PATCH", "/sobjects/Contact/Id/0035g0000000zzzAAA", {"LastName": "Three"})
    assert (missing.status_code, len(emulator.records("Contact"))) == (404, 1)
    assert client.rest("DELETE", path).status_code == 204
    assert (client.rest("GET", path).status_code, client.rest("DELETE", path).status_code) == (404, 404)


def test_a_body_is_one_record_and_a_choice_of_fields_names_those_of_the_object(client: Client) -> None:
    several = client.rest("POST", "/sobjects/Contact", [{"LastName": "One"}])
    assert (several.status_code, several.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    unknown = client.rest("GET", f"/sobjects/Contact/{client.create('Contact', LastName='One')}?fields=LastName,Nope")
    text = "No such column 'Nope' on sobject of type Contact"
    assert (unknown.status_code, unknown.json()) == (400, [{"message": text, "errorCode": "INVALID_FIELD"}])


def test_a_taken_unique_value_names_the_other_record(client: Client) -> None:
    taken = client.create("Contact", LastName="One", Unique_Key__c="u-1")
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "Two", "Unique_Key__c": "U-1"})
    text = f"duplicate value found: Unique_Key__c duplicates value on record with id: {taken[:15]}"
    assert answer.json() == [{"message": text, "errorCode": "DUPLICATE_VALUE", "fields": []}]
    client.rest("DELETE", f"/sobjects/Contact/{taken}")
    assert client.rest("POST", "/sobjects/Contact", {"LastName": "Two", "Unique_Key__c": "U-1"}).status_code == 201


def test_ids_are_checked_on_the_path(client: Client) -> None:
    contact = client.create("Contact", LastName="One")
    wrong = client.rest("PATCH", f"/sobjects/Account/{contact}", {"Name": "x"})
    text = f"Account ID: id value of incorrect type: {contact}"
    assert wrong.json() == [{"message": text, "errorCode": "MALFORMED_ID", "fields": ["Id"]}]
    lowered = client.rest("PATCH", f"/sobjects/Contact/{contact.lower()}", {"LastName": "x"})
    assert lowered.status_code == 404
    missing = client.rest("PATCH", "/sobjects/Contact/0035g0000000zzzAAA", {"LastName": "x"})
    assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "INVALID_CROSS_REFERENCE_KEY")
    parentless = client.rest("PATCH", f"/sobjects/Contact/{contact}", {"AccountId": "0015g0000000zzzAAA"})
    assert (parentless.status_code, parentless.json()[0]["errorCode"]) == (400, "INVALID_CROSS_REFERENCE_KEY")


def test_create_only_and_update_only_fields(client: Client) -> None:
    record_id = client.create("Contact", LastName="One", Origin__c="Web")
    refused = client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"Origin__c": "Phone"})
    assert refused.json()[0]["fields"] == ["Origin__c"]
    assert client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"Review_State__c": "Done"}).status_code == 204


def test_names_numbers_and_defaults_are_made_by_the_server(client: Client) -> None:
    contact = client.rest("GET", f"/sobjects/Contact/{client.create('Contact', LastName='L', FirstName='F')}").json()
    assert (contact["Name"], contact["Contact_Number__c"]) == ("F L", "C-000001")
    case = client.rest("GET", f"/sobjects/Case/{client.create('Case', Subject='x')}").json()
    assert (case["CaseNumber"], case["Status"], case["Priority"]) == ("00000001", "New", "Medium")
    assert case["OwnerId"] == case["CreatedById"] == client.emulator.world.user_id


def test_values_are_brought_into_salesforces_form(client: Client) -> None:
    record_id = client.create(
        "Contact",
        LastName="  One  ",
        Email="Ann@Emulator.Invalid",
        Last_Seen__c="2024-02-29T10:15:30.123+02:00",
        Interests__c="Security;Analytics",
        Credit_Limit__c="12.345",
        DoNotCall="true",
        Call_Time__c="10:15:30Z",
        Visits__c="7",
    )
    record = client.rest("GET", f"/sobjects/Contact/{record_id}").json()
    assert record["LastName"] == "One"
    assert record["Email"] == "ann@emulator.invalid"
    assert record["Last_Seen__c"] == "2024-02-29T08:15:30.123+0000"
    assert record["Interests__c"] == "Analytics;Security"
    assert record["Credit_Limit__c"] == 12.345
    assert (record["DoNotCall"], record["Visits__c"], record["Call_Time__c"]) == (True, 7, "10:15:30.000Z")


def test_parents_may_be_named_by_key(client: Client) -> None:
    account = client.create("Account", Name="Acme", External_Id__c="a-1", Legacy_Key__c="x")
    client.create("Account", Name="Other", Legacy_Key__c="x")
    contact = client.create("Contact", LastName="One", Account={"External_Id__c": "A-1"})
    assert client.rest("GET", f"/sobjects/Contact/{contact}").json()["AccountId"] == account
    ambiguous = client.rest("POST", "/sobjects/Contact", {"LastName": "Two", "Account": {"Legacy_Key__c": "x"}})
    assert ambiguous.json()[0]["errorCode"] == "DUPLICATE_EXTERNAL_ID"
    both = {"LastName": "Two", "AccountId": account, "Account": {"External_Id__c": "a-1"}}
    assert client.rest("POST", "/sobjects/Contact", both).json()[0]["errorCode"] == "INVALID_FIELD"
    no_key = client.rest("POST", "/sobjects/Contact", {"LastName": "Two", "Account": {"Name": "Acme"}})
    assert no_key.json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_parent_may_be_emptied_by_key_but_not_be_in_the_recycle_bin(client: Client) -> None:
    account = client.create("Account", Name="Acme", External_Id__c="a-1")
    contact = client.create("Contact", LastName="One", AccountId=account)
    path = f"/sobjects/Contact/{contact}"
    assert client.rest("PATCH", path, {"Account": {"External_Id__c": None}}).status_code == 204
    assert client.rest("GET", path).json()["AccountId"] is None
    assert client.rest("PATCH", path, {"Account": {"Id": account}}).status_code == 204
    assert client.rest("GET", path).json()["AccountId"] == account
    client.rest("PATCH", path, {"AccountId": None})
    client.rest("DELETE", f"/sobjects/Account/{account}")
    refused = client.rest("PATCH", path, {"AccountId": account})
    assert (refused.status_code, refused.json()) == (
        400,
        [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}],
    )


def test_a_polymorphic_parent_must_say_its_type_first(client: Client) -> None:
    user = {"Username": "second@emulator.invalid"}
    refused = client.rest("POST", "/sobjects/Lead", {"LastName": "L", "Company": "C", "Owner": user})
    message = "Nested object for polymorphic foreign key must have an attributes field before any other fields."
    assert refused.json()[0]["message"] == message
    typed = {"attributes": {"type": "User"}, **user}
    lead = client.create("Lead", LastName="L", Company="C", Owner=typed)
    assert (
        client.select_rows(f"SELECT Owner.Username FROM Lead WHERE Id = '{lead}'")[0]["Owner"]["Username"]
        == user["Username"]
    )


def test_a_converted_lead_cannot_be_changed(client: Client, emulator: Emulator) -> None:
    [lead] = emulator.insert("Lead", {"LastName": "L", "Company": "C", "IsConverted": True})
    answer = client.rest("PATCH", f"/sobjects/Lead/{lead}", {"Company": "D"})
    assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_deleting_a_parent_takes_clears_or_keeps_its_children(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="Acme")
    parent = client.create("Account", Name="Child", ParentId=account)
    client.create("Contact", LastName="One", AccountId=account)
    case = client.create("Case", Subject="x", AccountId=account)
    refused = client.rest("DELETE", f"/sobjects/Account/{account}")
    assert refused.json()[0]["errorCode"] == "DELETE_FAILED"
    client.rest("DELETE", f"/sobjects/Case/{case}")
    assert client.rest("DELETE", f"/sobjects/Account/{account}").status_code == 204
    assert [record["IsDeleted"] for record in emulator.records("Contact")] == [True]
    assert client.rest("GET", f"/sobjects/Account/{parent}").json()["ParentId"] is None


def test_objects_may_refuse_to_be_written(client: Client) -> None:
    refused = client.rest("POST", "/sobjects/Organization", {"Name": "x"})
    assert refused.json()[0]["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    user = client.emulator.world.user_id
    kept = client.rest("DELETE", f"/sobjects/User/{user}")
    assert kept.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
