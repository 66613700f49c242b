"""SOAP merge: a master, one or two others, what belonged to them."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.soap import call_soap, fault, merge_request, message, post


def accounts(emulator: Emulator, *keys: str) -> list[str]:
    return emulator.insert("Account", *({"Name": key, "External_Id__c": key} for key in keys))


def merge_records(client: Client, *requests: str, headers: str = "") -> list[dict[str, Any]]:
    return call_soap(client, "merge", "".join(requests), headers)


def by_key(emulator: Emulator, object_name: str = "Account") -> dict[str, dict[str, Any]]:
    return {record["External_Id__c"]: record for record in emulator.records(object_name)}


def test_the_others_go_to_the_recycle_bin_and_name_their_master(client: Client, emulator: Emulator) -> None:
    master, one, two = accounts(emulator, "C", "A", "B")
    emulator.update("Account", {"Id": one, "Phone": "1"})
    [result] = merge_records(client, merge_request("Account", master, one, two, Fax="9", Name="C2"))
    assert result == {"id": master, "mergedRecordIds": [one, two], "success": "true"}
    rows = by_key(emulator)
    assert (rows["C"]["Fax"], rows["C"]["Phone"], rows["C"]["Name"]) == ("9", None, "C2")
    assert [(rows[key]["IsDeleted"], rows[key]["MasterRecordId"]) for key in "ABC"] == [
        (True, master),
        (True, master),
        (False, None),
    ]
    statement = "SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true AND MasterRecordId != null"
    assert client.query(statement)["totalSize"] == 0
    found = client.rest("GET", "/queryAll", params={"q": statement}).json()
    assert found["totalSize"] == 2


def test_what_pointed_to_the_others_points_to_the_master(client: Client, emulator: Emulator) -> None:
    master, one, two = accounts(emulator, "m", "a", "b")
    [contact] = emulator.insert("Contact", {"LastName": "L", "AccountId": one})
    [case] = emulator.insert("Case", {"AccountId": two})
    [subscription] = emulator.insert("Subscription__c", {"Account__c": one})
    [child] = emulator.insert("Account", {"Name": "child", "ParentId": two})
    [result] = merge_records(client, merge_request("Account", master, one, two))
    assert sorted(result["updatedRelatedIds"]) == sorted([contact, case, subscription, child])
    assert emulator.records("Contact")[0]["AccountId"] == master
    assert emulator.records("Case")[0]["AccountId"] == master
    assert emulator.records("Subscription__c")[0]["Account__c"] == master
    assert emulator.records("Account")[-1]["ParentId"] == master


@pytest.mark.parametrize("object_name", ["Account", "Contact", "Lead", "Individual"])
def test_four_objects_can_be_merged(client: Client, emulator: Emulator, object_name: str) -> None:
    needs = {"Account": {"Name": "N"}, "Lead": {"LastName": "L", "Company": "C"}}.get(object_name, {"LastName": "L"})
    master, other = emulator.insert(object_name, needs, needs)
    assert merge_records(client, merge_request(object_name, master, other))[0]["success"] == "true"


def test_others_cannot_be_merged(client: Client, emulator: Emulator) -> None:
    master, other = emulator.insert("Case", {}, {})
    answer = post(client, message("merge", merge_request("Case", master, other), client.token))
    text = "INVALID_TYPE_FOR_OPERATION: entity type does not support merge"
    assert fault(answer) == (500, "sf:INVALID_TYPE_FOR_OPERATION", text)
    assert b"<sf:exceptionCode>INVALID_TYPE_FOR_OPERATION</sf:exceptionCode>" in answer.content


def test_merges_of_one_call_follow_each_other_and_fail_alone(client: Client, emulator: Emulator) -> None:
    master, *others = accounts(emulator, "m", "a", "b", "c", "d")
    results = merge_records(
        client,
        merge_request("Account", master, *others[:2]),
        merge_request("Account", master, others[0], others[2]),
        merge_request("Account", master, *others[2:]),
    )
    assert [result["success"] for result in results] == ["true", "false", "true"]
    assert results[1]["errors"] == [{"message": "entity is deleted", "statusCode": "ENTITY_IS_DELETED"}]
    assert [record["IsDeleted"] for record in emulator.records("Account")] == [False, True, True, True, True]
    stats = emulator.stats()
    assert stats["merges"] == [
        {"object": "Account", "master": master, "merged": others[:2]},
        {"object": "Account", "master": master, "merged": others[2:]},
    ]
    assert [stats["executed"]["Account"][key] for key in "abcd"] == [1, 1, 1, 1]
    assert [stats["attempted"]["Account"][key] for key in "acd"] == [2, 2, 1]
    assert stats["calls"]["POST /services/Soap/u/58.0"] == 1


def test_a_merge_that_fails_changes_nothing(client: Client, emulator: Emulator) -> None:
    master, one, gone = accounts(emulator, "m", "a", "b")
    emulator.delete("Account", gone)
    [contact] = emulator.insert("Contact", {"LastName": "L", "AccountId": one})
    [result] = merge_records(client, merge_request("Account", master, one, gone, Fax="9"))
    assert (result["id"], result["success"]) == (master, "false")
    rows = by_key(emulator)
    assert (rows["m"]["Fax"], rows["a"]["IsDeleted"], rows["a"]["MasterRecordId"]) == (None, False, None)
    assert emulator.records("Contact")[0]["AccountId"] == one
    assert contact


def refusal(client: Client, *requests: str) -> str:
    [result] = merge_records(client, *requests)
    assert result["success"] == "false"
    return str(result["errors"][0]["statusCode"])


def test_bad_requests_are_errors_of_their_result(client: Client, emulator: Emulator) -> None:
    master, one, two, three = accounts(emulator, "m", "a", "b", "c")
    [contact] = emulator.insert("Contact", {"LastName": "L"})
    [ours, theirs] = emulator.insert("Lead", *({"LastName": name, "Company": "C"} for name in "ab"))
    emulator.convert(theirs)
    assert refusal(client, merge_request("Account", master, one, two, three)) == "INVALID_ID_FIELD"
    assert refusal(client, merge_request("Account", master)) == "INVALID_ID_FIELD"
    assert refusal(client, merge_request("Account", master, contact)) == "MALFORMED_ID"
    assert refusal(client, merge_request("Account", master, "001")) == "MALFORMED_ID"
    assert refusal(client, merge_request("Account", master, master)) == "INVALID_MERGE_RECORD"
    assert refusal(client, merge_request("Account", master, one, IsDeleted="true")) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert refusal(client, merge_request("Lead", ours, theirs)) == "CANNOT_UPDATE_CONVERTED_LEAD"
    assert refusal(client, merge_request("Lead", theirs, ours)) == "CANNOT_UPDATE_CONVERTED_LEAD"
    emulator.update("Account", {"Id": two, "ParentId": one}, {"Id": master, "ParentId": two})
    assert refusal(client, merge_request("Account", master, one)) == "CIRCULAR_DEPENDENCY"
    assert "merges" not in emulator.stats()


def test_more_than_200_merges_are_too_many(client: Client, emulator: Emulator) -> None:
    master, one = accounts(emulator, "m", "a")
    answer = post(client, message("merge", merge_request("Account", master, one) * 201, client.token))
    assert fault(answer)[1] == "sf:EXCEEDED_ID_LIMIT"


def test_the_user_needs_edit_and_delete(client: Client, emulator: Emulator) -> None:
    master, one = accounts(emulator, "m", "a")
    for missing in ("delete", "edit"):
        emulator.change_org({"permissions": {emulator.username: {"objects": {"Account": {missing: False}}}}})
        assert refusal(client, merge_request("Account", master, one)) == "INSUFFICIENT_ACCESS_OR_READONLY"
        emulator.change_org({"permissions": {emulator.username: None}})


def test_rules_of_the_org_apply_to_the_master(client: Client, emulator: Emulator) -> None:
    emulator.change_org(
        {"objects": {"Account": {"duplicateRules": [{"name": "Same", "fields": ["Phone"], "action": "Alert"}]}}}
    )
    master, one = emulator.insert("Account", {"Name": "m", "Phone": "1"}, {"Name": "a", "Phone": "1"})
    assert refusal(client, merge_request("Account", master, one)) == "DUPLICATES_DETECTED"
    allow = "<u:DuplicateRuleHeader><u:allowSave>true</u:allowSave></u:DuplicateRuleHeader>"
    [result] = merge_records(client, merge_request("Account", master, one), headers=allow)
    assert result["success"] == "true"


def test_fault_rules_name_rows_of_a_merge_by_key(client: Client, emulator: Emulator) -> None:
    master, one, two = accounts(emulator, "m", "a", "b")
    lock = {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}
    emulator.faults([{"match": {"path": "/services/Soap/*", "key": "b"}, "do": {"error": lock}, "times": 1}])
    assert refusal(client, merge_request("Account", master, one, two)) == "UNABLE_TO_LOCK_ROW"
    assert merge_records(client, merge_request("Account", master, one, two))[0]["success"] == "true"


def test_an_answer_may_be_lost_after_the_merge(client: Client, emulator: Emulator) -> None:
    master, one = accounts(emulator, "m", "a")
    emulator.faults([{"match": {"path": "/services/Soap/*"}, "do": {"cut": "after"}, "times": 1}])
    with pytest.raises(Exception, match="Connection"):
        merge_records(client, merge_request("Account", master, one))
    assert by_key(emulator)["a"]["MasterRecordId"] == master
