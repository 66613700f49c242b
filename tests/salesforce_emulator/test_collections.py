"""sObject Collections."""

from __future__ import annotations

from typing import Any

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client


def codes(results: list[dict[str, Any]]) -> list[str]:
    return [result["errors"][0]["statusCode"] if result["errors"] else "ok" for result in results]


def test_results_come_in_order_and_only_upserts_say_created(client: Client) -> None:
    created = client.collection("POST", "", {"Name": "A", "External_Id__c": "a-1"}, {"External_Id__c": "a-2"})
    assert created[0]["success"] is True
    assert set(created[0]) == {"id", "success", "errors"}
    assert created[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    upserted = client.collection(
        "PATCH", "/Account/External_Id__c", {"External_Id__c": "A-1"}, {"External_Id__c": "a-9", "Name": "N"}, {"x": 1}
    )
    assert [(result["success"], result["created"]) for result in upserted] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert upserted[0]["id"] == created[0]["id"]


def test_an_unknown_field_fails_its_row_only(client: Client) -> None:
    results = client.collection("POST", "", {"Name": "A", "x": 1}, {"Name": "B"})
    message = "No such column 'x' on sobject of type Account"
    assert results[0]["errors"] == [{"statusCode": "INVALID_FIELD", "message": message, "fields": []}]
    assert results[1]["success"] is True


def test_a_row_without_type_or_of_an_unknown_one_fails_alone(client: Client) -> None:
    body = {
        "records": [
            {"Name": "A"},
            {"attributes": {"type": "Nope"}, "Name": "A"},
            {"Name": "A", "attributes": {"type": "Account"}},
        ]
    }
    results = client.rest("POST", "/composite/sobjects", body).json()
    assert codes(results) == ["JSON_PARSER_ERROR", "INVALID_TYPE", "ok"]
    keyed = client.rest("PATCH", "/composite/sobjects/Account/External_Id__c", body).json()
    assert codes(keyed) == ["JSON_PARSER_ERROR", "INVALID_TYPE", "MISSING_ARGUMENT"]


def test_the_same_key_twice_fails_each_of_its_rows(client: Client) -> None:
    rows = [{"External_Id__c": key, "Name": "A"} for key in ("k1", "k2", "K1")]
    results = client.collection("PATCH", "/Account/External_Id__c", *rows)
    assert codes(results) == ["DUPLICATE_VALUE", "ok", "DUPLICATE_VALUE"]
    assert results[0]["errors"][0]["message"] == "Duplicate external id specified: k1"


def test_a_key_that_several_records_hold_is_an_error_with_their_ids(client: Client, emulator: Emulator) -> None:
    ids = emulator.insert("Account", {"Name": "A", "Legacy_Key__c": "x"}, {"Name": "B", "Legacy_Key__c": "x"})
    [result] = client.collection("PATCH", "/Account/Legacy_Key__c", {"Legacy_Key__c": "x", "Name": "C"})
    message = f"Legacy Key: more than one record found for external id field: [{ids[0]}, {ids[1]}]"
    assert result["errors"] == [{"statusCode": "DUPLICATE_EXTERNAL_ID", "message": message, "fields": []}]


def test_updates_find_their_record_by_id(client: Client) -> None:
    account = client.create("Account", Name="A")
    results = client.collection(
        "PATCH", "", {"id": account, "Name": "B"}, {"Name": "C"}, {"id": "0015g0000000zzzAAA"}, {"id": "001x"}
    )
    assert codes(results) == ["ok", "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert results[1]["errors"][0]["message"] == "Id not specified in an update call"
    assert client.select_rows("SELECT Name FROM Account") == [{"Name": "B"}]


def test_one_id_may_be_updated_twelve_times(client: Client) -> None:
    account = client.create("Account", Name="A")
    results = client.collection("PATCH", "", *({"id": account, "Name": str(n)} for n in range(14)))
    assert codes(results) == ["ok"] * 12 + ["DUPLICATE_VALUE"] * 2


def test_upsert_by_id_creates_where_it_is_null(client: Client) -> None:
    account = client.create("Account", Name="A")
    results = client.collection("PATCH", "/Account/Id", {"Id": None, "Name": "N"}, {"Id": account, "Name": "B"})
    assert [result["created"] for result in results] == [True, False]


def test_all_or_none_undoes_the_good_rows(client: Client, emulator: Emulator) -> None:
    account = client.create("Account", Name="A", External_Id__c="a-1")
    rows = [
        {"External_Id__c": "a-1", "Name": "changed"},
        {"External_Id__c": "a-2"},
        {"External_Id__c": "a-3", "Name": "new"},
    ]
    results = client.collection("PATCH", "/Account/External_Id__c", *rows, all_or_none=True)
    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes(results) == [rolled_back, "REQUIRED_FIELD_MISSING", rolled_back]
    assert [record["Name"] for record in emulator.records("Account")] == ["A"]
    assert emulator.stats()["executed"]["Account"] == {"a-1": 1}
    mixed = {"allOrNone": True, "records": [{"attributes": {"type": "Account"}, "Name": "B"}, {"Name": "no type"}]}
    assert codes(client.rest("POST", "/composite/sobjects", mixed).json()) == [rolled_back, "JSON_PARSER_ERROR"]
    deleted = client.rest("DELETE", f"/composite/sobjects?ids={account},001x&allOrNone=true").json()
    assert codes(deleted) == [rolled_back, "MALFORMED_ID"]
    assert client.select_rows("SELECT Name FROM Account WHERE External_Id__c = 'a-1'") == [{"Name": "A"}]
    good = client.collection("PATCH", "/Account/External_Id__c", rows[0], rows[2], all_or_none=True)
    assert codes(good) == ["ok", "ok"]


def test_rows_of_ten_types_in_turn_are_the_limit(client: Client) -> None:
    records: list[dict[str, Any]] = [
        {"attributes": {"type": "Account" if n % 2 else "Contact"}, "Name" if n % 2 else "LastName": "x"}
        for n in range(11)
    ]
    assert len(client.rest("POST", "/composite/sobjects", {"records": records[:10]}).json()) == 10
    refused = client.rest("POST", "/composite/sobjects", {"records": records})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "EXCEEDED_MAX_TYPES_LIMIT")


def test_none_and_more_than_200_rows_are_refused(client: Client) -> None:
    none = client.rest("POST", "/composite/sobjects", {"records": []})
    assert none.status_code == 400
    assert none.json() == [{"message": "At least 1 record is required", "errorCode": "REQUIRED_FIELD_MISSING"}]
    body = {"records": [{"attributes": {"type": "Account"}, "Name": "x"}] * 201}
    many = client.rest("POST", "/composite/sobjects", body)
    assert (many.status_code, many.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    assert client.rest("POST", "/composite/sobjects", ["x"]).json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_an_unknown_object_or_key_fails_the_request(client: Client) -> None:
    for path in ("/Nope/External_Id__c", "/Account/Nope__c", "/Account/Unique_Key__c"):
        answer = client.rest("PATCH", f"/composite/sobjects{path}", {"records": [{"attributes": {"type": "Account"}}]})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_records_are_deleted_by_id_and_missing_ones_say_so(client: Client) -> None:
    account, contact = client.create("Account", Name="A"), client.create("Contact", LastName="L")
    results = client.rest("DELETE", f"/composite/sobjects?ids={account},{contact[:15]},{account}&x=1").json()
    assert results[0] == {"id": account, "success": True, "errors": []}
    assert codes(results) == ["ok", "ok", "ENTITY_IS_DELETED"]


def test_records_are_retrieved_in_order_with_null_for_missing_ones(client: Client) -> None:
    account = client.create("Account", Name="A")
    missing = "0015g0000000zzzAAA"
    read = client.rest("GET", f"/composite/sobjects/Account?ids={missing},{account}&fields=Name").json()
    attributes = {"type": "Account", "url": f"/services/data/v58.0/sobjects/Account/{account}"}
    assert read == [None, {"attributes": attributes, "Name": "A"}]
    body = {"ids": [account], "fields": ["Id", "Name"]}
    assert client.rest("POST", "/composite/sobjects/Account", body).json()[0]["Id"] == account
    unknown = client.rest("POST", "/composite/sobjects/Account", {"ids": [account], "fields": ["x"]})
    assert (unknown.status_code, unknown.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    many = client.rest("POST", "/composite/sobjects/Account", {"ids": [account] * 2001, "fields": ["Id"]})
    assert many.status_code == 400


def test_compressed_bodies_are_read_and_broken_ones_refused(client: Client) -> None:
    import gzip
    import json

    body = json.dumps({"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}).encode()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = client.rest("POST", "/composite/sobjects", data=gzip.compress(body, mtime=0), headers=headers)
    assert answer.json()[0]["success"] is True
    assert client.rest("POST", "/composite/sobjects", data=body, headers=headers).status_code == 400
