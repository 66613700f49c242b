"""What follows from a change of picklist values: describe calls, records, record types, jobs, stamps."""

from __future__ import annotations

import base64
from typing import Any

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.tooling import (
    active_labels,
    change_values,
    choices,
    component_id,
    describe_field,
    inactive,
    patch,
    query_tooling,
    read_error,
    tree,
    value,
)

BUSY = "Cannot update or delete a picklist while a picklist background job is being executed"


def picklist(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "picklist", "picklistValues": list(names), **more}


def with_field(emulator: Emulator, **field: Any) -> None:
    emulator.change_org({"objects": {"Account": {"fields": {"Field__c": field}}}})


def test_texts_that_records_brought_into_an_unrestricted_list_are_inactive_values(client: Client) -> None:
    client.create("Account", Name="A", Channel__c="fax")
    client.create("Account", Name="B", Channel__c="DIRECT")
    client.create("Account", Name="C", Channel__c="FAX")
    metadata = tree(client, "Account.Channel__c")
    assert list(active_labels(metadata)) == ["Direct", "Partner", "Web"]
    assert change_values(client, "Account.Channel__c", lambda listed: listed.append(value("Fax"))).status_code == 204
    assert list(active_labels(tree(client, "Account.Channel__c"))) == ["Direct", "Partner", "Web", "fax"]


def test_describe_follows_with_active_values_labels_and_the_default(client: Client) -> None:
    def change(listed: list[dict[str, Any]]) -> None:
        listed[0].update(default=False, label="No plan")
        listed[1].update(default=True)

    stamp = client.rest("GET", "/sobjects/Account/describe").headers["Last-Modified"]
    change_values(client, "Account.Plan__c", change)
    answer = client.rest("GET", "/sobjects/Account/describe", headers={"If-Modified-Since": stamp})
    assert answer.status_code == 200
    field = describe_field(client, "Account", "Plan__c")
    assert [(one["value"], one["label"], one["defaultValue"]) for one in field["picklistValues"]] == [
        *(("free", "No plan", False), ("team", "Team plan", True), ("business", "Business plan", False))
    ]
    assert (field["defaultValue"], field["restrictedPicklist"]) == ("team", True)
    client.create("Account", Name="A")
    assert client.select_rows("SELECT Plan__c FROM Account") == [{"Plan__c": "team"}]


def test_a_default_that_the_org_file_names_gives_way(client: Client, emulator: Emulator) -> None:
    with_field(emulator, **picklist("a", "b", defaultValue="a"))
    assert describe_field(client, "Account", "Field__c")["defaultValue"] == "a"
    change_values(client, "Account.Field__c", lambda listed: listed[0].update(default=False))
    assert describe_field(client, "Account", "Field__c")["defaultValue"] is None
    client.create("Account", Name="A")
    assert client.select_rows("SELECT Field__c FROM Account") == [{"Field__c": None}]


def test_a_sorted_list_is_described_by_label(client: Client) -> None:
    metadata = tree(client, "Account.Plan__c")
    metadata["valueSet"]["valueSetDefinition"]["sorted"] = True
    patch(client, "Account.Plan__c", metadata)
    assert choices(client, "Account", "Plan__c") == ["business", "free", "team"]
    assert tree(client, "Account.Plan__c") == metadata


def test_a_field_may_become_required(client: Client) -> None:
    patch(client, "Account.Tier__c", {**tree(client, "Account.Tier__c"), "required": True})
    assert describe_field(client, "Account", "Tier__c")["nillable"] is False
    answer = client.rest("POST", "/sobjects/Account", {"Name": "A"})
    assert read_error(answer)[1] == "REQUIRED_FIELD_MISSING"
    assert tree(client, "Account.Tier__c")["required"] is True


def test_records_keep_deactivated_values_and_take_only_active_ones(client: Client) -> None:
    account = client.create("Account", Name="A", Tier__c="Gold")
    change_values(client, "Account.Tier__c", lambda listed: listed.__setitem__(0, value("Platinum")))
    message = "Tier: bad value for restricted picklist field: Gold"
    answer = client.rest("POST", "/sobjects/Account", {"Name": "B", "Tier__c": "Gold"})
    assert read_error(answer)[1:] == ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message)
    assert client.rest("PATCH", f"/sobjects/Account/{account}", {"Name": "A2"}).status_code == 204
    assert client.select_rows("SELECT Name, Tier__c FROM Account") == [{"Name": "A2", "Tier__c": "Gold"}]
    client.create("Account", Name="C", Tier__c="Platinum")


def test_record_types_neither_get_new_values_nor_keep_inactive_ones(client: Client, emulator: Emulator) -> None:
    emulator.change_org({
        "objects": {
            "Account": {"recordTypes": ["Shop", {"name": "School", "picklists": {"Tier__c": ["Gold", "Silver"]}}]}
        }
    })  # fmt: skip
    shop = client.select_rows("SELECT Id FROM RecordType WHERE DeveloperName = 'Shop'")[0]["Id"]

    def takes(tier: str) -> bool:
        return bool(client.rest("POST", "/sobjects/Account", {"Name": "A", "RecordTypeId": shop, "Tier__c": tier}).ok)

    assert takes("Gold")
    change_values(client, "Account.Tier__c", lambda listed: listed.__setitem__(0, value("Platinum")))
    assert not takes("Platinum")
    assert not takes("Gold")
    assert takes("Silver")
    change_values(client, "Account.Tier__c", lambda listed: listed[-1].update(isActive=True))
    assert not takes("Gold")
    client.create("Account", Name="without a record type", Tier__c="Gold")
    [_, school] = emulator.world.org.objects["Account"].record_types
    assert school.picklists == {"Tier__c": ("Silver",)}


def test_one_set_serves_every_field_that_uses_it(client: Client) -> None:
    assert query_tooling(client, "SELECT MasterLabel, Metadata FROM GlobalValueSet")[0]["MasterLabel"] == "Territories"
    before = tree(client, "Territories")
    assert (before["description"], before["sorted"], before["masterLabel"]) == ("Who sells where", False, "Territories")
    field = tree(client, "Account.Territory__c")
    assert (field["valueSet"]["valueSetName"], field["valueSet"]["valueSetDefinition"]) == ("Territories", None)
    change_values(client, "Territories", lambda listed: listed.__setitem__(0, value("E", "East", default=True)))
    assert choices(client, "Account", "Territory__c") == choices(client, "Contact", "Territory__c") == ["E", "S", "W"]
    assert inactive(tree(client, "Territories")) == ["N"]
    client.create("Contact", LastName="L")
    assert client.select_rows("SELECT Territory__c FROM Contact") == [{"Territory__c": "E"}]
    answer = client.rest("POST", "/sobjects/Contact", {"LastName": "M", "Territory__c": "N"})
    assert read_error(answer)[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert patch(client, "Account.Territory__c", field).status_code == 204
    assert read_error(patch(client, "Territories", {**before, "customValue": []}))[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert read_error(patch(client, "Territories", {**before, "masterLabel": None}))[1] == "REQUIRED_FIELD_MISSING"


def test_describe_says_for_which_controlling_values_a_value_is_valid(client: Client) -> None:
    field = describe_field(client, "Account", "Market__c")
    assert (field["controllerName"], field["dependentPicklist"]) == ("Continent__c", True)
    bits = {one["value"]: base64.b64decode(one["validFor"]) for one in field["picklistValues"]}
    assert bits["Egypt"] == bytes([0b10100000, 0, 0])
    assert bits["France"] == bytes([0b00010000, 0, 0])
    change_values(client, "Account.Continent__c", lambda listed: listed.pop(0))
    bits = {
        one["value"]: base64.b64decode(one["validFor"])
        for one in describe_field(client, "Account", "Market__c")["picklistValues"]
    }
    assert bits["Egypt"] == bytes([0b01000000, 0, 0])
    assert describe_field(client, "Account", "Continent__c")["picklistValues"][0]["validFor"] is None


def test_settings_survive_deactivation_and_name_only_what_is_there(client: Client) -> None:
    metadata = tree(client, "Account.Market__c")
    settings = metadata["valueSet"]["valueSettings"]
    assert settings[2] == {"controllingFieldValue": ["Africa", "Asia"], "valueName": "Egypt"}
    change_values(client, "Account.Market__c", lambda listed: listed[2].update(isActive=False))
    assert tree(client, "Account.Market__c")["valueSet"]["valueSettings"] == settings
    for wrong in ({"valueName": "Peru"}, {"valueName": "Japan", "controllingFieldValue": ["Atlantis"]}):
        metadata["valueSet"]["valueSettings"] = [*settings, {"controllingFieldValue": [], **wrong}]
        assert read_error(patch(client, "Account.Market__c", metadata))[1] == "INVALID_CROSS_REFERENCE_KEY"
    metadata["valueSet"].update(valueSettings=settings, controllingField=None)
    assert read_error(patch(client, "Account.Market__c", metadata))[1] == "FIELD_INTEGRITY_EXCEPTION"
    metadata["valueSet"].update(valueSettings=settings, controllingField="Segments__c")
    assert read_error(patch(client, "Account.Market__c", metadata))[1] == "FIELD_INTEGRITY_EXCEPTION"
    metadata["valueSet"].update(valueSettings=[], controllingField="Continent__c")
    assert patch(client, "Account.Market__c", metadata).status_code == 204
    bits = {one["validFor"] for one in describe_field(client, "Account", "Market__c")["picklistValues"]}
    assert bits == {"AAAA"}


def test_a_checkbox_controls_too(client: Client, emulator: Emulator) -> None:
    with_field(
        emulator,
        **picklist("a", "b", controllerName="Is_Customer__c", valueSettings={"a": ["checked"], "b": ["unchecked"]}),
    )
    valid = [one["validFor"] for one in describe_field(client, "Account", "Field__c")["picklistValues"]]
    assert [base64.b64decode(bits)[0] for bits in valid] == [0b01000000, 0b10000000]


def test_a_job_in_the_background_blocks_on_demand(client: Client, emulator: Emulator) -> None:
    do = {"error": {"code": "UNABLE_TO_LOCK_ROW", "message": BUSY}}
    emulator.faults([{"match": {"object": "CustomField", "key": "Account.Tier__c"}, "do": do, "times": 1}])
    assert change_values(client, "Account.Plan__c", lambda listed: listed.pop()).status_code == 204
    answer = change_values(client, "Account.Tier__c", lambda listed: listed.pop())
    assert read_error(answer) == (400, "UNABLE_TO_LOCK_ROW", BUSY)
    assert change_values(client, "Account.Tier__c", lambda listed: listed.pop()).status_code == 204


def test_a_change_keeps_the_picklists_of_its_object_busy(client: Client, emulator: Emulator) -> None:
    emulator.change_org({"picklistJobSeconds": 30})
    assert change_values(client, "Account.Tier__c", lambda listed: listed.pop()).status_code == 204
    for path in ("Account.Plan__c", "Territories"):
        assert read_error(change_values(client, path, lambda listed: listed.pop())) == (400, "UNABLE_TO_LOCK_ROW", BUSY)
    emulator.advance(31)
    assert change_values(client, "Account.Plan__c", lambda listed: listed.pop()).status_code == 204


def test_changes_are_stamped_whoever_makes_them(client: Client, emulator: Emulator) -> None:
    def stamp() -> str:
        where = f"CustomField WHERE Id = '{component_id(client, 'Account.Tier__c')}'"
        return str(query_tooling(client, f"SELECT LastModifiedDate FROM {where}")[0]["LastModifiedDate"])

    stamps = [stamp()]
    change_values(client, "Account.Plan__c", lambda listed: listed.pop())
    assert stamp() == stamps[0]
    change_values(client, "Account.Tier__c", lambda listed: listed.pop())
    stamps.append(stamp())
    emulator.change_org({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": ["One"]}}}}})
    stamps.append(stamp())
    assert sorted(set(stamps)) == stamps


def test_the_auditor_counts_what_was_written(client: Client, emulator: Emulator) -> None:
    change_values(client, "Account.Tier__c", lambda listed: listed.clear())
    change_values(client, "Account.Tier__c", lambda listed: listed.pop())
    stats = emulator.stats()
    assert stats["attempted"]["CustomField"] == {"Account.Tier__c": 2}
    assert stats["executed"]["CustomField"] == {"Account.Tier__c": 1}


def test_somebody_else_may_be_quicker(client: Client, emulator: Emulator) -> None:
    def tier_change(*names: str) -> dict[str, Any]:
        return {"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": list(names)}}}}}

    at = "*/tooling/sobjects/CustomField/*"
    change = {"match": {"method": "PATCH", "path": at}, "do": {"org": tier_change("One", "Two")}, "times": 1}
    emulator.faults([change])
    before = tree(client, "Account.Tier__c")
    assert patch(client, "Account.Tier__c", before).status_code == 204
    assert inactive(tree(client, "Account.Tier__c")) == ["One", "Two"]
