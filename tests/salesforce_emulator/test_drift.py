"""An org that is changed while it runs, and what its users may see and do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from salesforce_emulator import Emulator
from salesforce_emulator.org.reading import OrgError

from tests.salesforce_emulator.client import Client

USER = "integration@emulator.invalid"


def change(client: Client, **keys: Any) -> None:
    answer = client.http.post(f"{client.emulator.instance_url}/__emulator__/org", json=keys)
    assert answer.status_code == 204, answer.text


def contact(client: Client, **fields: Any) -> None:
    change(client, objects={"Contact": {"fields": fields}})


def permit(client: Client, **fields: str) -> None:
    change(client, permissions={USER: {"fields": {name.replace("_", ".", 1): level for name, level in fields.items()}}})


def describe_fields(client: Client, object_name: str = "Contact") -> dict[str, dict[str, Any]]:
    fields = client.rest("GET", f"/sobjects/{object_name}/describe").json()["fields"]
    return {field["name"]: field for field in fields}


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def test_a_new_field_can_be_written_beside_records_that_exist(client: Client, emulator: Emulator) -> None:
    old = client.create("Contact", LastName="Old")
    assert "Shoe_Size__c" not in describe_fields(client)
    contact(client, Shoe_Size__c={"type": "double", "precision": 3}, Vip__c={"type": "boolean"})
    assert describe_fields(client)["Shoe_Size__c"]["type"] == "double"
    new = client.create("Contact", LastName="New", Shoe_Size__c=43)
    assert client.select_rows("SELECT Id, Shoe_Size__c, Vip__c FROM Contact ORDER BY LastName") == [
        {"Id": new, "Shoe_Size__c": 43, "Vip__c": False},
        {"Id": old, "Shoe_Size__c": None, "Vip__c": False},
    ]
    assert [record["LastName"] for record in emulator.records("Contact")] == ["Old", "New"]


def test_a_removed_field_is_unknown_and_the_others_keep_their_values(client: Client) -> None:
    client.create("Contact", LastName="L", Title="T", Tier__c="Gold", Score__c=1.5)
    contact(client, Tier__c=None)
    assert "Tier__c" not in describe_fields(client)
    assert error(client.rest("POST", "/sobjects/Contact", {"LastName": "L", "Tier__c": "Gold"})) == (
        400,
        "INVALID_FIELD",
    )
    assert client.select_rows("SELECT Title, Score__c FROM Contact") == [{"Title": "T", "Score__c": 1.5}]
    assert client.failure("insert", "Contact", "LastName,Tier__c\nL,Gold\n").endswith("not found : Tier__c")


def test_a_field_may_become_required(client: Client) -> None:
    record_id = client.create("Contact", LastName="L")
    contact(client, Title={"nillable": False})
    assert error(client.rest("POST", "/sobjects/Contact", {"LastName": "L"})) == (400, "REQUIRED_FIELD_MISSING")
    assert client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"FirstName": "F"}).status_code == 204
    assert describe_fields(client)["Title"]["nillable"] is False


def test_a_picklist_may_become_restricted_and_lose_a_value(client: Client) -> None:
    contact(client, LeadSource={"restrictedPicklist": True, "picklistValues": ["Web", "Other"]})
    assert [value["value"] for value in describe_fields(client)["LeadSource"]["picklistValues"]] == ["Web", "Other"]
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "L", "LeadSource": "Purchased List"})
    assert error(answer) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")


def test_a_field_may_become_unique_and_an_external_id(client: Client) -> None:
    client.create("Contact", LastName="L", Title="boss")
    contact(client, Badge__c={"type": "string", "length": 10, "externalId": True, "unique": True})
    body = {"LastName": "L"}
    assert client.rest("PATCH", "/sobjects/Contact/Badge__c/b1", body).status_code == 201
    assert client.rest("PATCH", "/sobjects/Contact/Badge__c/B1", body).status_code == 200
    contact(client, Title={"unique": True})
    assert error(client.rest("POST", "/sobjects/Contact", {"LastName": "M", "Title": "Boss"})) == (
        400,
        "DUPLICATE_VALUE",
    )


def test_a_new_object_has_a_prefix_of_its_own_and_its_records(client: Client, emulator: Emulator) -> None:
    before = {thing["name"]: thing["keyPrefix"] for thing in client.rest("GET", "/sobjects").json()["sobjects"]}
    change(client, objects={"Region__c": {"fields": {}, "records": [{"Name": "North"}]}})
    after = {thing["name"]: thing["keyPrefix"] for thing in client.rest("GET", "/sobjects").json()["sobjects"]}
    assert before.items() < after.items()
    assert after["Region__c"] not in before.values()
    assert emulator.records("Region__c")[0]["Name"] == "North"
    contact(client, Region__c={"type": "reference", "referenceTo": ["Region__c"]})
    region = emulator.records("Region__c")[0]["Id"]
    client.create("Contact", LastName="L", Region__c=region)
    assert client.query("SELECT Region__r.Name FROM Contact")["records"][0]["Region__r"]["Name"] == "North"


def test_every_change_is_seen_by_conditional_describes(client: Client) -> None:
    path = "/sobjects/Contact/describe"
    for number in range(3):
        first = client.rest("GET", path)
        known = {"If-None-Match": first.headers["ETag"]}
        since = {"If-Modified-Since": first.headers["Last-Modified"]}
        assert client.rest("GET", path, headers=known).status_code == 304
        contact(client, **{f"New_{number}__c": {"type": "boolean"}})
        assert client.rest("GET", path, headers=known).status_code == 200
        assert client.rest("GET", path, headers=since).status_code == 200


def test_a_change_that_is_wrong_changes_nothing(client: Client, emulator: Emulator) -> None:
    wrong = {"objects": {"Contact": {"fields": {"A__c": {"type": "boolean"}, "B__c": {"type": "nonsense"}}}}}
    answer = client.http.post(f"{emulator.instance_url}/__emulator__/org", json=wrong)
    assert (answer.status_code, "B__c" in answer.json()["problem"]) == (400, True)
    assert "A__c" not in describe_fields(client)
    rule = {"name": "R", "when": "Nope = 1", "message": "no"}
    with pytest.raises(OrgError, match=r"validationRules\[0\]\.when.*\n?.*Nope"):
        emulator.change_org({"objects": {"Contact": {"validationRules": [rule]}}})
    client.create("Contact", LastName="L")


def test_a_reset_brings_the_org_file_back(client: Client, emulator: Emulator) -> None:
    contact(client, New__c={"type": "boolean"}, Tier__c=None)
    emulator.reset()
    client.login()
    assert "New__c" not in describe_fields(client)
    assert "Tier__c" in describe_fields(client)


def test_limits_may_run_out_while_the_org_runs(client: Client) -> None:
    change(client, limits={"DailyApiRequests": {"max": 100, "remaining": 1}})
    assert client.rest("GET", "/limits").json()["DailyApiRequests"] == {"Max": 100, "Remaining": 0}
    assert error(client.rest("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_field_hidden_from_the_user_is_absent_and_keeps_its_value(client: Client, emulator: Emulator) -> None:
    client.create("Contact", LastName="L", Email="l@emulator.invalid")
    permit(client, Contact_Email="none")
    assert "Email" not in describe_fields(client)
    assert "Email" not in client.rest("GET", f"/sobjects/Contact/{emulator.records('Contact')[0]['Id']}").json()
    assert "No such column 'Email'" in client.query("SELECT Email FROM Contact")[0]["message"]
    assert error(client.rest("POST", "/sobjects/Contact", {"LastName": "L", "Email": "a@b.c"})) == (
        400,
        "INVALID_FIELD",
    )
    assert emulator.records("Contact")[0]["Email"] == "l@emulator.invalid"
    permit(client, Contact_Email="edit")
    assert client.select_rows("SELECT Email FROM Contact") == [{"Email": "l@emulator.invalid"}]


def test_a_field_that_is_read_only_for_the_user_is_shown_and_not_written(client: Client) -> None:
    permit(client, Contact_Email="read")
    field = describe_fields(client)["Email"]
    assert (field["createable"], field["updateable"]) == (False, False)
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "L", "Email": "a@b.cd"})
    assert error(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert answer.json()[0]["fields"] == ["Email"]
    [row] = client.load("insert", "Contact", "LastName,Email\nL,a@b.cd\n")
    assert row["Error"].startswith("INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Email.")


def test_a_hidden_key_matches_nothing(client: Client) -> None:
    permit(client, Contact_External_Id__c="none")
    answer = client.rest("PATCH", "/sobjects/Contact/External_Id__c/k1", {"LastName": "L"})
    message = "Provided external ID field does not exist or is not accessible: External_Id__c"
    assert (answer.status_code, answer.json()[0]["message"]) == (404, message)


def test_the_rights_on_an_object_decide(client: Client, emulator: Emulator) -> None:
    record_id = client.create("Contact", LastName="L")
    change(client, permissions={USER: {"objects": {"Contact": {"create": False, "edit": False, "delete": False}}}})
    listed = {thing["name"]: thing for thing in client.rest("GET", "/sobjects").json()["sobjects"]}["Contact"]
    assert {listed["createable"], listed["updateable"], listed["deletable"]} == {False}
    denied = (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert error(client.rest("POST", "/sobjects/Contact", {"LastName": "L"})) == denied
    assert error(client.rest("PATCH", f"/sobjects/Contact/{record_id}", {"LastName": "L"})) == denied
    assert error(client.rest("DELETE", f"/sobjects/Contact/{record_id}")) == denied
    change(client, permissions={USER: {"objects": {"Contact": {"read": False}}}})
    assert client.rest("GET", "/sobjects/Contact/describe").status_code == 404
    assert client.query("SELECT Id FROM Contact")[0]["errorCode"] == "INVALID_TYPE"
    assert len(emulator.records("Contact")) == 1


def test_other_users_have_other_permissions(client: Client, emulator: Emulator) -> None:
    permit(client, Contact_Email="none")
    change(client, username="second@emulator.invalid")
    assert "Email" not in describe_fields(client)
    client.login()
    assert "Email" in describe_fields(client)
    record_id = client.create("Contact", LastName="L")
    second = next(user["Id"] for user in emulator.records("User") if user["Alias"] == "second")
    assert client.select_rows(f"SELECT CreatedById FROM Contact WHERE Id = '{record_id}'") == [{"CreatedById": second}]


def test_general_permissions_close_whole_apis(client: Client) -> None:
    change(client, permissions={USER: {"viewSetup": False, "hardDelete": False}})
    assert error(client.rest("GET", "/limits")) == (403, "INSUFFICIENT_ACCESS")
    refused = client.jobs("POST", "/ingest", {"object": "Contact", "operation": "hardDelete"})
    assert error(refused) == (400, "FEATURENOTENABLED")
    change(client, permissions={USER: {"apiEnabled": False}})
    assert error(client.rest("GET", "/sobjects")) == (403, "API_CURRENTLY_DISABLED")
    assert client.bulk("GET", "/750000000000000").status_code == 403


@pytest.fixture
def secretive() -> Iterator[Emulator]:
    fields = {"Passport__c": {"type": "encryptedstring", "length": 20}}
    with Emulator({"extends": "default", "objects": {"Contact": {"fields": fields}}}) as emulator:
        yield emulator


def test_encrypted_text_is_masked_unless_the_user_may_see_it(secretive: Emulator) -> None:
    client = Client(secretive)
    record_id = client.create("Contact", LastName="L", Passport__c="X123")
    assert client.select_rows("SELECT Passport__c FROM Contact") == [{"Passport__c": "****"}]
    assert client.rest("GET", f"/sobjects/Contact/{record_id}").json()["Passport__c"] == "****"
    secretive.change_org({"permissions": {USER: {"viewEncryptedData": True}}})
    assert client.select_rows("SELECT Passport__c FROM Contact") == [{"Passport__c": "X123"}]
    client.close()


def test_permissions_of_unknown_users_objects_and_fields_are_problems() -> None:
    permissions = {
        "nobody@emulator.invalid": {},
        USER: {"objects": {"Nope": {}}, "fields": {"Contact.Nope": "none", "Contact.LastName": "read"}},
    }
    with pytest.raises(OrgError) as caught:
        Emulator({"extends": "default", "permissions": permissions})
    assert len(caught.value.problems) == 4
