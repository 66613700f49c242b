"""The UI API shows the values of picklists, by record type."""

from __future__ import annotations

from typing import Any

from salesforce_emulator import Emulator

from tests.salesforce_emulator.client import Client

_MASTER = "012000000000000AAA"


def read_picklists(client: Client, path: str) -> Any:
    return client.rest("GET", f"/ui-api/object-info/{path}").json()


def test_a_field_shows_active_values_and_its_default(client: Client) -> None:
    path = f"/services/data/v58.0/ui-api/object-info/Account/picklist-values/{_MASTER}/Plan__c"
    answer = read_picklists(client, f"Account/picklist-values/{_MASTER}/Plan__c")
    default = {"attributes": None, "label": "Free plan", "validFor": [], "value": "free"}
    assert (answer["controllerValues"], answer["defaultValue"], answer["url"]) == ({}, default, path)
    assert [value["value"] for value in answer["values"]] == ["free", "team", "business"]
    assert client.rest("GET", f"/ui-api/object-info/Account/picklist-values/{_MASTER}/Name").status_code == 404


def test_dependent_values_name_the_places_of_their_controlling_ones(client: Client) -> None:
    answer = read_picklists(client, f"Account/picklist-values/{_MASTER}/Market__c")
    assert answer["controllerValues"] == {"Africa": 0, "America": 1, "Asia": 2, "Europe": 3}
    valid = {value["value"]: value["validFor"] for value in answer["values"]}
    assert (valid["Egypt"], valid["Canada"], valid["France"]) == ([0, 2], [1], [3])


def test_a_record_type_shows_what_it_allows_of_every_field(client: Client, emulator: Emulator) -> None:
    customer = {"name": "Customer", "default": True, "picklists": {"Tier__c": ["Gold"]}}
    emulator.change_org({"objects": {"Contact": {"recordTypes": [customer]}}})
    described = client.rest("GET", "/sobjects/Contact/describe").json()["recordTypeInfos"]
    type_id = next(one["recordTypeId"] for one in described if one["developerName"] == "Customer")
    fields = read_picklists(client, f"Contact/picklist-values/{type_id}")["picklistFieldValues"]
    assert [value["value"] for value in fields["Tier__c"]["values"]] == ["Gold"]
    whole = read_picklists(client, f"Contact/picklist-values/{_MASTER}")["picklistFieldValues"]
    assert [value["value"] for value in whole["Tier__c"]["values"]] == ["Gold", "Silver", "Bronze"]
    assert client.rest("GET", "/ui-api/object-info/Contact/picklist-values/012000000000001AAA").status_code == 404
