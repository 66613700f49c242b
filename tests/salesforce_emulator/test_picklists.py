"""Picklists of custom fields and global value sets through the Tooling API."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.tooling import (
    active_labels,
    change_values,
    choices,
    describe_field,
    inactive,
    patch,
    place,
    query_tooling,
    read_error,
    tree,
    value,
    values,
)

ONE_ROW = "the query qualifications must specify no more than one row for retrieval. Result size: "


def picklist(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "picklist", "picklistValues": list(names), **more}


def with_field(emulator: Emulator, **field: Any) -> None:
    emulator.change_org({"objects": {"Account": {"fields": {"Field__c": field}}}})


def test_a_field_is_found_and_shown_with_its_whole_tree(client: Client) -> None:
    [record] = query_tooling(client, "SELECT Id, FullName, Metadata FROM CustomField WHERE DeveloperName = 'Plan'")
    assert record["attributes"]["url"] == f"/services/data/v58.0/tooling/sobjects/CustomField/{record['Id']}"
    whole = client.rest("GET", f"/tooling/sobjects/CustomField/{record['Id'][:15]}").json()
    assert (whole["FullName"], whole["TableEnumOrId"], whole["ManageableState"]) == (
        "Account.Plan__c",
        "Account",
        "unmanaged",
    )
    assert record["Metadata"] == whole["Metadata"]
    metadata = whole["Metadata"]
    assert (metadata["type"], metadata["inlineHelpText"], metadata["trackHistory"], metadata["description"]) == (
        "Picklist",
        "What the account pays for",
        True,
        "Set by billing",
    )
    assert metadata["valueSet"].keys() == {
        *("controllingField", "restricted", "valueSetDefinition", "valueSetName", "valueSettings")
    }
    assert values(metadata)[0] == {
        "color": "#9E9E9E",
        "default": True,
        "description": None,
        "isActive": None,
        "label": "Free plan",
        "urls": None,
        "valueName": "free",
    }
    assert inactive(metadata) == ["legacy"]


def test_metadata_are_asked_for_one_row_at_a_time_and_filter_nothing(client: Client) -> None:
    def answer(statement: str) -> tuple[int, str, str]:
        return read_error(client.rest("GET", "/tooling/query", params={"q": statement}))

    status, code, message = answer("SELECT FullName FROM CustomField WHERE DeveloperName = 'Territory'")
    assert (status, code) == (400, "MALFORMED_QUERY")
    assert message.endswith(f"{ONE_ROW}2")
    for name in ("FullName", "Metadata"):
        _, code, message = answer(f"SELECT Id FROM CustomField WHERE {name} = 'Account.Plan__c'")
        assert code == "INVALID_FIELD"
        assert "can not be filtered" in message


def test_a_whole_tree_is_written_back_and_nothing_else_changes(client: Client) -> None:
    before = tree(client, "Account.Plan__c")
    answer = change_values(client, "Account.Plan__c", lambda listed: listed.insert(1, value("trial", "Trial plan")))
    assert (answer.status_code, answer.content) == (204, b"")
    after = tree(client, "Account.Plan__c")
    new = values(after).pop(1)
    assert (new["valueName"], new["label"]) == ("trial", "Trial plan")
    assert after == before


def test_keys_that_are_left_out_are_reset_and_unknown_ones_survive(client: Client) -> None:
    metadata = tree(client, "Account.Plan__c")
    assert patch(client, "Account.Plan__c", {**metadata, "keyOfTomorrow": {"a": 1, "b": 2}}).status_code == 204
    assert tree(client, "Account.Plan__c")["keyOfTomorrow"] == {"a": 1, "b": 2}
    assert patch(client, "Account.Plan__c", {**metadata, "keyOfTomorrow": {"b": 2}}).status_code == 204
    assert tree(client, "Account.Plan__c")["keyOfTomorrow"] == {"b": 2}
    bare = {"type": "Picklist", "valueSet": metadata["valueSet"]}
    assert patch(client, "Account.Plan__c", bare).status_code == 204
    after = tree(client, "Account.Plan__c")
    assert (after["label"], after["inlineHelpText"], after["trackHistory"], after["description"]) == (
        "Plan",
        None,
        None,
        None,
    )
    assert "keyOfTomorrow" not in after


def test_omitted_values_are_deactivated_and_come_back_with_their_name(client: Client) -> None:
    answer = change_values(client, "Account.Tier__c", lambda listed: listed.pop(0))
    assert answer.status_code == 204
    assert inactive(tree(client, "Account.Tier__c")) == ["Gold"]
    assert choices(client, "Account", "Tier__c") == ["Silver", "Bronze"]
    change_values(client, "Account.Tier__c", lambda listed: listed.__setitem__(2, value("GOLD", "Gold")))
    assert list(active_labels(tree(client, "Account.Tier__c"))) == ["Silver", "Bronze", "Gold"]


def test_an_unrestricted_list_shows_no_inactive_values(client: Client) -> None:
    change_values(client, "Account.Channel__c", lambda listed: listed[0].update(isActive=False))
    metadata = tree(client, "Account.Channel__c")
    assert (active_labels(metadata), inactive(metadata)) == ({"Partner": "Partner", "Web": "Web"}, [])
    metadata["valueSet"]["restricted"] = True
    assert patch(client, "Account.Channel__c", metadata).status_code == 204
    assert inactive(tree(client, "Account.Channel__c")) == ["Direct"]


@pytest.mark.parametrize(("policy", "left"), [("deactivate", ["Web"]), ("merge", ["Web", "Direct", "Partner"])])
def test_an_org_may_keep_what_an_unrestricted_list_omits(
    client: Client, emulator: Emulator, policy: str, left: list[str]
) -> None:
    emulator.change_org({"omittedValues": policy})
    change_values(client, "Account.Channel__c", lambda listed: listed.__delitem__(slice(0, 2)))
    assert choices(client, "Account", "Channel__c") == left
    change_values(client, "Account.Tier__c", lambda listed: listed.__delitem__(slice(0, 2)))
    assert choices(client, "Account", "Tier__c") == ["Bronze"]


def test_the_limits_are_those_of_the_kind(client: Client, emulator: Emulator) -> None:
    def fill_list(count: int) -> tuple[int, str]:
        answer = change_values(
            client, "Account.Field__c", lambda listed: listed.extend(value(f"v{n}") for n in range(count))
        )
        return (204, "") if answer.status_code == 204 else read_error(answer)[:2]

    too_many = (400, "TOO_MANY_ENUM_VALUE")
    fields: list[tuple[dict[str, Any], int, tuple[int, str]]] = [
        (picklist("a", {"value": "b", "active": False}, restrictedPicklist=True), 1_000 - 2, too_many),  # type: ignore[arg-type]
        (picklist("a", {"value": "b", "active": False}), 1_000 - 1, too_many),  # type: ignore[arg-type]
        ({**picklist("a"), "type": "multipicklist"}, 500 - 1, too_many),
    ]
    for field, room, refusal in fields:
        with_field(emulator, **field)
        assert fill_list(room + 1) == refusal
        assert fill_list(room) == (204, "")
        emulator.reset()
        client.login()


def test_a_controlling_field_holds_300_values(client: Client) -> None:
    more = [value(f"v{n}") for n in range(297)]
    answer = change_values(client, "Account.Continent__c", lambda listed: listed.extend(more))
    assert read_error(answer)[1] == "TOO_MANY_ENUM_VALUE"
    assert change_values(client, "Account.Continent__c", lambda listed: listed.extend(more[:-1])).status_code == 204


def test_an_unrestricted_list_holds_4000_inactive_values(client: Client, emulator: Emulator) -> None:
    gone = [{"value": f"old{n}", "active": False} for n in range(4_000)]
    with_field(emulator, type="picklist", picklistValues=["a", *gone])
    assert change_values(client, "Account.Field__c", lambda listed: listed.append(value("b"))).status_code == 204
    answer = change_values(client, "Account.Field__c", lambda listed: listed.pop())
    assert read_error(answer)[:2] == (400, "PICKLIST_INACTIVE_VALUES_EXCEEDED")


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            {"valueSet": None},
            "FIELD_INTEGRITY_EXCEPTION",
            "You must specify either picklist, globalPicklist, or valueSet",
        ),
        (
            {"valueSet": {}},
            "FIELD_INTEGRITY_EXCEPTION",
            "You must specify either picklist, globalPicklist, or valueSet",
        ),
        ({"valueSet": []}, "JSON_PARSER_ERROR", "Cannot deserialize instance of ValueSet from value []"),
        (
            {"valueSet": {"valueSetName": "Territories"}},
            "FIELD_INTEGRITY_EXCEPTION",
            "Plan__c: a field keeps its own list, or its global value set",
        ),
        ({"type": "Text"}, "FIELD_INTEGRITY_EXCEPTION", "Plan__c: type cannot be changed from Picklist to Text"),
        ({"type": None}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [type]"),
        ({"label": 5}, "JSON_PARSER_ERROR", "Cannot deserialize instance of string from value 5"),
    ],
)
def test_a_tree_that_is_no_such_field_is_refused(
    client: Client, change: dict[str, Any], code: str, message: str
) -> None:
    before = tree(client, "Account.Plan__c")
    assert read_error(patch(client, "Account.Plan__c", {**before, **change})) == (400, code, message)
    assert tree(client, "Account.Plan__c") == before


def test_values_of_the_wrong_type_are_refused(client: Client) -> None:
    def answer(**wrong: Any) -> str:
        return read_error(change_values(client, "Account.Plan__c", lambda listed: listed[0].update(wrong)))[1]

    assert answer(default="yes") == answer(isActive=1) == answer(label=[]) == "JSON_PARSER_ERROR"
    assert (
        read_error(change_values(client, "Account.Plan__c", lambda listed: listed.append("x")))[1]
        == "JSON_PARSER_ERROR"
    )


def test_a_checkbox_is_not_required(client: Client) -> None:
    metadata = tree(client, "Account.Is_Customer__c")
    assert patch(client, "Account.Is_Customer__c", {**metadata, "label": "Buys"}).status_code == 204
    assert describe_field(client, "Account", "Is_Customer__c")["label"] == "Buys"
    message = "Can not specify 'required' for a CustomField of type Checkbox"
    answer = patch(client, "Account.Is_Customer__c", {**metadata, "required": True})
    assert read_error(answer) == (400, "FIELD_INTEGRITY_EXCEPTION", message)


def test_a_set_has_a_name_and_a_label(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"globalValueSets": {"Sizes": {"label": "All sizes", "values": ["S", "M"]}}})
    where = "GlobalValueSet WHERE MasterLabel = 'All sizes'"
    [record] = query_tooling(client, f"SELECT Id, DeveloperName, FullName, Metadata FROM {where}")
    assert (record["DeveloperName"], record["FullName"]) == ("Sizes", "Sizes")
    assert (record["Metadata"]["masterLabel"], record["Id"][:3]) == ("All sizes", "0Nt")


def test_requests_of_another_form_are_refused(client: Client) -> None:
    at = place(client, "Account.Plan__c")
    assert read_error(client.rest("PATCH", at, {"FullName": "Account.Plan__c"}))[1] == "REQUIRED_FIELD_MISSING"
    renamed = {"FullName": "Account.Other__c", "Metadata": tree(client, "Account.Plan__c")}
    assert read_error(client.rest("PATCH", at, renamed))[1] == "FIELD_INTEGRITY_EXCEPTION"
    entity = query_tooling(client, "SELECT Id FROM EntityDefinition WHERE QualifiedApiName = 'Account'")[0]["Id"]
    assert client.rest("PATCH", f"/tooling/sobjects/EntityDefinition/{entity}", {}).status_code == 405
    assert client.rest("PATCH", f"/tooling/sobjects/CustomField/{entity}", {}).status_code == 404


def test_a_set_holds_1000_values(client: Client) -> None:
    more = [value(f"v{n}") for n in range(998)]
    assert (
        read_error(change_values(client, "Territories", lambda listed: listed.extend(more)))[1] == "TOO_MANY_ENUM_VALUE"
    )
    assert change_values(client, "Territories", lambda listed: listed.extend(more[:-1])).status_code == 204


def test_fields_of_a_package_keep_their_values_and_may_be_locked(client: Client, emulator: Emulator) -> None:
    field = {"type": "picklist", "restrictedPicklist": True, "picklistValues": ["Open", "Shut"]}
    emulator.change_org({"objects": {"Account": {"fields": {"acme__State__c": field}}}})

    def change(**new: Any) -> tuple[int, str]:
        where = "CustomField WHERE DeveloperName = 'State' AND NamespacePrefix = 'acme'"
        [record] = query_tooling(client, f"SELECT Id, FullName, ManageableState, Metadata FROM {where}")
        assert (record["FullName"], record["ManageableState"]) == ("Account.acme__State__c", "installed")
        values(record["Metadata"]).append(value("Half", "Half open", **new))
        values(record["Metadata"])[0].update(new)
        answer = client.rest("PATCH", f"/tooling/sobjects/CustomField/{record['Id']}", {"Metadata": record["Metadata"]})
        return (204, "") if answer.ok else read_error(answer)[:2]

    managed = (400, "CANNOT_MODIFY_MANAGED_OBJECT")
    assert change(isActive=False) == managed
    emulator.change_org({"objects": {"Account": {"fields": {"acme__State__c": {"lockedValues": True}}}}})
    assert change() == managed
    emulator.change_org({"objects": {"Account": {"fields": {"acme__State__c": {"lockedValues": False}}}}})
    assert change() == (204, "")


def test_permissions_of_setup_are_needed(client: Client, emulator: Emulator) -> None:
    at, metadata = place(client, "Account.Tier__c"), tree(client, "Account.Tier__c")
    emulator.change_org({"permissions": {emulator.username: {"customizeApplication": False}}})
    assert read_error(client.rest("PATCH", at, {"Metadata": metadata}))[:2] == (403, "INSUFFICIENT_ACCESS")
    assert client.rest("GET", at).status_code == 200
    emulator.change_org({"permissions": {emulator.username: {"viewSetup": False}}})
    assert client.rest("GET", at).status_code == 404


def test_several_trees_are_read_in_one_composite(client: Client) -> None:
    paths = ["Account.Tier__c", "Account.Plan__c"]
    requests = [
        {"method": "GET", "url": f"/services/data/v58.0{place(client, path)}", "referenceId": f"r{at}"}
        for at, path in enumerate(paths)
    ]
    answer = client.rest("POST", "/tooling/composite", {"compositeRequest": requests}).json()
    assert [one["body"]["FullName"] for one in answer["compositeResponse"]] == paths


def test_fields_of_custom_objects_hang_on_the_id_of_the_object(client: Client) -> None:
    where = "EntityDefinition WHERE QualifiedApiName = 'Subscription__c'"
    durable = query_tooling(client, f"SELECT DurableId FROM {where}")[0]["DurableId"]
    where = f"CustomField WHERE DeveloperName = 'Seats' AND TableEnumOrId = '{durable}'"
    [field] = query_tooling(client, f"SELECT FullName, Metadata FROM {where}")
    assert (field["FullName"], field["Metadata"]["type"]) == ("Subscription__c.Seats__c", "Number")


def test_the_values_of_a_global_set_are_a_list(client: Client) -> None:
    before = tree(client, "Territories")
    refused = patch(client, "Territories", {**before, "customValue": value("N")})
    status, code, message = read_error(refused)
    assert (status, code) == (400, "JSON_PARSER_ERROR")
    assert message.startswith("Cannot deserialize instance of CustomValue from value {")
    assert tree(client, "Territories") == before
