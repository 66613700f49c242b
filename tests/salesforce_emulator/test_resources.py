"""Versions, resources, describes, limits."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def test_versions_need_no_session_and_are_not_counted(client: Client, emulator: Emulator) -> None:
    answer = client.http.get(f"{emulator.instance_url}/services/data/")
    assert "Sforce-Limit-Info" not in answer.headers
    labels = {version["version"]: version["label"] for version in answer.json()}
    assert (labels["31.0"], labels["58.0"], labels["59.0"]) == ("Summer '14", "Summer '23", "Winter '24")
    assert labels["66.0"] == "Spring '26"


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [("25.0", 410, "GONE"), ("99.0", 404, "NOT_FOUND"), ("58", 404, "NOT_FOUND"), ("iAmBad", 404, "NOT_FOUND")],
)
def test_versions_that_are_not_served_are_told_apart(client: Client, version: str, status: int, code: str) -> None:
    answer = client.rest("GET", "/sobjects", version=version)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_resources_are_paths_of_the_version(client: Client) -> None:
    resources = client.rest("GET", "/").json()
    assert resources["sobjects"] == "/services/data/v58.0/sobjects"
    assert resources["identity"].startswith(client.emulator.login_url)


def test_an_unknown_path_or_method_answers_as_salesforce_does(client: Client) -> None:
    missing = client.rest("GET", "/nonsense")
    assert missing.status_code == 404
    assert missing.json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    wrong = client.rest("DELETE", "/limits")
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Sforce-Limit-Info"] == missing.headers["Sforce-Limit-Info"] == "api-usage=0/100000"
    of_records = client.rest("PUT", "/sobjects/Account/0015g0000000001AAA")
    text = "HTTP Method 'PUT' not allowed. Allowed are DELETE,GET,HEAD,PATCH"
    assert (of_records.json()[0]["message"], of_records.headers["Allow"]) == (text, "DELETE,GET,HEAD,PATCH")


@pytest.mark.parametrize("sent", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
def test_a_body_says_that_it_is_json(client: Client, sent: str) -> None:
    answer = client.rest("POST", "/sobjects/Account", data='{"Name": "A"}', headers={"Content-Type": sent})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    for kind in ("application/json", "application/json; charset=UTF-8", None):
        assert client.rest("POST", "/sobjects/Account", data='{"Name": "A"}', headers={"Content-Type": kind}).ok


def test_every_call_is_counted_in_the_header_and_in_limits(client: Client) -> None:
    first = client.rest("GET", "/limits").json()["DailyApiRequests"]
    again = client.rest("GET", "/limits")
    assert again.json()["DailyApiRequests"]["Remaining"] == first["Remaining"] - 1
    used = first["Max"] - first["Remaining"] + 1
    assert again.headers["Sforce-Limit-Info"] == f"api-usage={used}/{first['Max']}"


def test_an_org_without_calls_left_refuses(client: Client) -> None:
    with Emulator({"extends": "default", "limits": {"DailyApiRequests": {"max": 100, "remaining": 1}}}) as emulator:
        poor = Client(emulator)
        assert poor.rest("GET", "/limits").json()["DailyApiRequests"] == {"Max": 100, "Remaining": 0}
        answer = poor.rest("GET", "/limits")
        poor.close()
    assert answer.status_code == 403
    expected = {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    assert answer.json() == [expected]


def field(client: Client, object_name: str, name: str) -> dict[str, Any]:
    fields = client.rest("GET", f"/sobjects/{object_name}/describe").json()["fields"]
    return next(field for field in fields if field["name"] == name)


def test_describe_global_lists_objects_with_their_paths(client: Client) -> None:
    answer = client.rest("GET", "/sobjects").json()
    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    objects = {thing["name"]: thing for thing in answer["sobjects"]}
    assert objects["Account"]["keyPrefix"] == "001"
    assert objects["FinServ__FinancialAccount__c"]["custom"] is True
    assert objects["Account"]["urls"]["describe"] == "/services/data/v58.0/sobjects/Account/describe"


def test_describe_has_the_57_keys_of_a_field(client: Client) -> None:
    assert len(field(client, "Account", "Name")) == 57


def test_describe_tells_required_unique_create_only_and_read_only_fields_apart(client: Client) -> None:
    def list_required_fields(object_name: str) -> set[str]:
        fields = client.rest("GET", f"/sobjects/{object_name}/describe").json()["fields"]
        return {f["name"] for f in fields if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]}

    assert list_required_fields("Account") == {"Name"}
    assert list_required_fields("Contact") == {"LastName"}
    assert list_required_fields("Lead") == {"LastName", "Company"}
    assert list_required_fields("Opportunity") == {"Name", "StageName", "CloseDate"}
    assert list_required_fields("Case") == set()
    key = field(client, "Contact", "External_Id__c")
    assert (key["externalId"], key["idLookup"], key["unique"], key["caseSensitive"]) == (True, True, True, False)
    other = field(client, "Contact", "Unique_Key__c")
    assert (other["externalId"], other["idLookup"], other["unique"]) == (False, False, True)
    email = field(client, "Contact", "Email")
    assert (email["externalId"], email["idLookup"]) == (False, True)
    origin = field(client, "Case", "Origin__c")
    assert (origin["createable"], origin["updateable"]) == (True, False)
    name = field(client, "Contact", "Name")
    assert (name["createable"], name["updateable"], name["nameField"]) == (False, False, True)
    assert field(client, "Contact", "Contact_Number__c")["autoNumber"] is True
    assert field(client, "Contact", "Greeting__c")["calculated"] is True


def test_a_hidden_field_is_not_there(client: Client) -> None:
    names = [field["name"] for field in client.rest("GET", "/sobjects/contact/describe").json()["fields"]]
    assert "Secret__c" not in names
    assert "Contact_Number__c" in names


def test_polymorphic_lookups_and_children_are_described(client: Client) -> None:
    owner = field(client, "Lead", "OwnerId")
    assert owner["referenceTo"] == ["Group", "User"]
    assert owner["polymorphicForeignKey"] is True
    assert field(client, "Opportunity", "ContactId")["relationshipName"] is None
    children = client.rest("GET", "/sobjects/Account/describe").json()["childRelationships"]
    contacts = next(child for child in children if child["childSObject"] == "Contact")
    assert (contacts["relationshipName"], contacts["cascadeDelete"]) == ("Contacts", True)


@pytest.mark.parametrize("path", ["/sobjects", "/sobjects/Account/describe"])
def test_a_describe_that_did_not_change_is_304(client: Client, path: str) -> None:
    first = client.rest("GET", path)
    since = client.rest("GET", path, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (since.status_code, since.content) == (304, b"")
    assert since.headers["ETag"] == first.headers["ETag"]
    assert client.rest("GET", path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    old = client.rest("GET", path, headers={"If-Modified-Since": "Wed, 06 May 2015 09:49:20 GMT"})
    assert old.status_code == 200


def test_an_object_in_brief(client: Client) -> None:
    answer = client.rest("GET", "/sobjects/Account/").json()
    assert answer["objectDescribe"]["name"] == "Account"
    assert answer["recentItems"] == []
    assert client.rest("GET", "/sobjects/Nothing").status_code == 404


def test_record_counts_leave_out_empty_and_unknown_objects(client: Client) -> None:
    client.create("Contact", LastName="One")
    answer = client.rest("GET", "/limits/recordCount?sObjects=Account,Contact,Nothing").json()
    assert answer == {"sObjects": [{"count": 1, "name": "Contact"}]}


def test_too_long_an_address_is_answered_in_html(client: Client) -> None:
    answer = client.rest("GET", "/query", params={"q": "x" * 17_000})
    assert answer.status_code == 414
    assert "Bad Message 414" in answer.text
    big = client.rest("GET", "/query", params={"q": "x" * 15_000}, headers={"X-Long": "y" * 2_000})
    assert big.status_code == 431


def test_answers_are_compressed_when_asked_and_indented_when_asked(client: Client) -> None:
    answer = client.rest("GET", "/sobjects/Account/describe", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["ETag"].endswith('--gzip"')
    plain = client.rest("GET", "/sobjects/Account/describe", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    pretty = client.rest("GET", "/limits", headers={"X-PrettyPrint": "1"})
    assert pretty.text.startswith('{\n  "AnalyticsExternalDataSizeMB" : {')


def test_events_have_no_list_of_changed_records(client: Client) -> None:
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    for kind in ("updated", "deleted"):
        refused = client.rest("GET", f"/sobjects/Order_Update__e/{kind}", params=span)
        text = "entity type Order_Update__e does not support replication"
        assert (refused.status_code, refused.json()) == (
            400,
            [{"message": text, "errorCode": "INVALID_TYPE_FOR_OPERATION"}],
        )
