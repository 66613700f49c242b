"""Standard value sets, custom fields and global value sets through the Metadata API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from salesforce_emulator import Emulator

from tests.salesforce_emulator import soap, tooling
from tests.salesforce_emulator.client import Client
from tests.salesforce_emulator.metadata import read, write
from tests.salesforce_emulator.tooling import choices

ALL_OR_NONE = "<m:AllOrNoneHeader><m:allOrNone>{}</m:allOrNone></m:AllOrNoneHeader>"


def value(name: str, **more: Any) -> dict[str, Any]:
    return {"fullName": name, "default": "false", "label": name, **more}


def change_component(client: Client, kind: str, name: str, change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Read a component, let `change` alter it, write it back and return the result."""
    [component] = read(client, kind, name)
    change(component)
    [result] = write(client, kind, {"fullName": name, **component})
    return result


def success(name: str) -> dict[str, Any]:
    return {"fullName": name, "success": "true"}


def refusal(result: dict[str, Any]) -> tuple[str, str]:
    assert result["success"] == "false", result
    [error] = result["errors"]
    return error["statusCode"], error["message"]


def test_a_standard_set_is_read_and_replaced_for_every_field_that_has_it(client: Client) -> None:
    [before] = read(client, "StandardValueSet", "LeadSource")
    assert before["standardValue"][0] == {"fullName": "Web", "default": "false", "label": "Web"}
    assert (before["fullName"], before["sorted"]) == ("LeadSource", "false")
    names = ["Event", *(one["fullName"] for one in before["standardValue"][1:])]
    result = change_component(
        client, "StandardValueSet", "LeadSource", lambda one: one["standardValue"].__setitem__(0, value("Event"))
    )
    assert result == success("LeadSource")
    for object_name, field in (("Lead", "LeadSource"), ("Opportunity", "LeadSource"), ("Account", "AccountSource")):
        assert choices(client, object_name, field) == names
    [after] = read(client, "StandardValueSet", "LeadSource")
    gone = {"fullName": "Web", "default": "false", "isActive": "false", "label": "Web"}
    assert after["standardValue"] == [value("Event"), *before["standardValue"][1:], gone]


def test_fields_of_a_set_that_no_field_declares_have_no_values(client: Client, emulator: Emulator) -> None:
    empty = {"fields": {"Rating": {"picklistValues": None}}}
    emulator.change_org({"objects": {"Lead": empty, "Account": empty}})
    assert choices(client, "Lead", "Rating") == choices(client, "Account", "Rating") == []


def test_fields_that_declare_no_values_have_those_of_their_set(client: Client, emulator: Emulator) -> None:
    fields = {"Lead": {"Industry": {"picklistValues": None}}, "Account": {"Industry": {"picklistValues": ["Toys"]}}}
    emulator.change_org({"objects": {name: {"fields": changes} for name, changes in fields.items()}})
    assert choices(client, "Lead", "Industry") == ["Toys"]


def test_values_of_some_sets_need_more_than_a_name(client: Client) -> None:
    [before] = read(client, "StandardValueSet", "OpportunityStage")
    won = before["standardValue"][8]
    assert won == {
        **value("Closed Won"),
        "closed": "true",
        "forecastCategory": "Closed",
        "probability": "100",
        "won": "true",
    }
    result = change_component(
        client, "StandardValueSet", "OpportunityStage", lambda one: one["standardValue"].append(value("New"))
    )
    missing = "closed, forecastCategory, probability, won"
    assert refusal(result) == ("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{missing}]")
    whole = value("New", closed="false", forecastCategory="Pipeline", probability="5", won="false")
    result = change_component(
        client, "StandardValueSet", "OpportunityStage", lambda one: one["standardValue"].append(whole)
    )
    assert result == success("OpportunityStage")
    [after] = read(client, "StandardValueSet", "OpportunityStage")
    assert after["standardValue"] == [*before["standardValue"], whole]
    for name, key in (("CaseStatus", "closed"), ("LeadStatus", "converted"), ("TaskPriority", "highPriority")):
        result = change_component(
            client, "StandardValueSet", name, lambda one: one["standardValue"].append(value("New"))
        )
        assert refusal(result) == ("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{key}]")


def test_a_default_of_a_standard_set_is_what_new_records_get(client: Client) -> None:
    def change(component: dict[str, Any]) -> None:
        for one in component["standardValue"]:
            one["default"] = str(one["fullName"] == "Working").lower()

    assert change_component(client, "StandardValueSet", "CaseStatus", change) == success("CaseStatus")
    client.create("Case", Subject="S")
    assert client.select_rows("SELECT Status FROM Case") == [{"Status": "Working"}]


def test_a_set_whose_values_mean_conversion_serves_it(client: Client, emulator: Emulator) -> None:
    done_ = value("Won over", converted="true")
    change_component(client, "StandardValueSet", "LeadStatus", lambda one: one["standardValue"].append(done_))
    [lead] = emulator.insert("Lead", {"LastName": "L", "Company": "C"})
    inner = (
        f"<u:leadConverts><u:convertedStatus>Won over</u:convertedStatus><u:leadId>{lead}</u:leadId></u:leadConverts>"
    )
    [result] = soap.call_soap(client, "convertLead", inner)
    assert result["success"] == "true"
    assert emulator.records("Lead")[0]["Status"] == "Won over"


@pytest.mark.parametrize(
    ("name", "most", "more"),
    [("LeadStatus", 100, {"converted": "false"}), ("CasePriority", 50, {"highPriority": "false"})],
)
def test_a_standard_set_holds_so_many_values(client: Client, name: str, most: int, more: dict[str, str]) -> None:
    [component] = read(client, "StandardValueSet", name)
    room = most - len(component["standardValue"])
    filled = [value(f"v{n}", **more) for n in range(room + 1)]
    result = change_component(client, "StandardValueSet", name, lambda one: one["standardValue"].extend(filled))
    assert refusal(result)[0] == "TOO_MANY_ENUM_VALUE"
    result = change_component(client, "StandardValueSet", name, lambda one: one["standardValue"].extend(filled[:-1]))
    assert result == success(name)


def test_names_fit_the_fields_of_the_set(client: Client) -> None:
    result = change_component(
        client, "StandardValueSet", "AccountRating", lambda one: one["standardValue"].append(value("x" * 41))
    )
    assert refusal(result)[0] == "STRING_TOO_LONG"


def test_state_and_country_and_unknown_sets_are_refused(client: Client) -> None:
    new = {"sorted": "false", "standardValue": [value("DE")]}
    [states, nope] = write(
        client,
        "StandardValueSet",
        {"fullName": "AddressStateCode", **new},
        {"fullName": "Nope", **new},
    )
    assert refusal(states)[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert refusal(nope)[0] == "INVALID_CROSS_REFERENCE_KEY"
    assert read(client, "StandardValueSet", "Nope", "LeadSource", "OrderStatus")[::2] == [None, None]


def test_a_custom_field_is_read_as_tooling_has_it(client: Client) -> None:
    [field] = read(client, "CustomField", "Account.Plan__c")
    assert field == {
        "fullName": "Account.Plan__c",
        "description": "Set by billing",
        "externalId": "false",
        "label": "Plan",
        "inlineHelpText": "What the account pays for",
        "required": "false",
        "trackFeedHistory": "false",
        "trackHistory": "true",
        "trackTrending": "false",
        "type": "Picklist",
        "valueSet": {
            "restricted": "true",
            "valueSetDefinition": {
                "sorted": "false",
                "value": [
                    {"fullName": "free", "color": "#9E9E9E", "default": "true", "label": "Free plan"},
                    {
                        "fullName": "team",
                        "color": "#1E88E5",
                        "default": "false",
                        "description": "Up to 20 seats",
                        "label": "Team plan",
                    },
                    {"fullName": "business", "default": "false", "label": "Business plan"},
                    {"fullName": "legacy", "default": "false", "isActive": "false", "label": "Legacy plan"},
                ],
            },
        },
    }
    before = tooling.tree(client, "Account.Plan__c")
    assert write(client, "CustomField", field) == [success("Account.Plan__c")]
    assert tooling.tree(client, "Account.Plan__c") == before


def test_components_succeed_and_fail_one_by_one_in_their_order(client: Client) -> None:
    fields = read(client, "CustomField", "Account.Plan__c", "Account.Tier__c")
    fields[0]["valueSet"]["valueSetDefinition"]["value"].append(value("FREE"))
    fields[1]["label"] = "Rank"
    missing = {"fullName": "Account.Nope__c", "type": "Text"}
    results = write(client, "CustomField", fields[0], missing, fields[1])
    assert refusal(results[0]) == ("DUPLICATE_VALUE", "Duplicate picklist value:free")
    assert refusal(results[1])[0] == "INVALID_CROSS_REFERENCE_KEY"
    assert results[2] == success("Account.Tier__c")
    assert tooling.tree(client, "Account.Tier__c")["label"] == "Rank"


def test_all_or_none_undoes_what_was_fine(client: Client, emulator: Emulator) -> None:
    [plan, tier] = read(client, "CustomField", "Account.Plan__c", "Account.Tier__c")
    tier["label"] = "Rank"
    plan["valueSet"]["valueSetDefinition"]["value"] = []
    answers = [
        write(client, "CustomField", tier, plan, headers=ALL_OR_NONE.format("true")),
        write(client, "CustomField", tier, plan, version="33.0"),
    ]
    for results in answers:
        assert [refusal(one)[0] for one in results] == [
            *("ALL_OR_NONE_OPERATION_ROLLED_BACK", "FIELD_INTEGRITY_EXCEPTION")
        ]
    assert tooling.tree(client, "Account.Tier__c")["label"] == "Tier"
    assert emulator.stats()["executed"]["CustomField"] == {}
    [first, _] = write(client, "CustomField", tier, plan, headers=ALL_OR_NONE.format("false"), version="33.0")
    assert first == success("Account.Tier__c")


def test_settings_of_dependent_picklists_are_added_and_never_removed(client: Client) -> None:
    [field] = read(client, "CustomField", "Account.Market__c")
    settings = field["valueSet"]["valueSettings"]
    assert settings[2] == {"controllingFieldValue": ["Africa", "Asia"], "valueName": "Egypt"}
    field["valueSet"]["valueSettings"] = [{"controllingFieldValue": ["Europe"], "valueName": "Egypt"}]
    assert write(client, "CustomField", field) == [success("Account.Market__c")]
    [after] = read(client, "CustomField", "Account.Market__c")
    settings[2]["controllingFieldValue"].append("Europe")
    assert after["valueSet"]["valueSettings"] == settings


def test_a_global_set_is_read_and_replaced(client: Client) -> None:
    result = change_component(
        client, "GlobalValueSet", "Territories", lambda one: one["customValue"].append(value("E"))
    )
    assert result == success("Territories")
    assert choices(client, "Contact", "Territory__c") == ["N", "S", "W", "E"]
    [field] = read(client, "CustomField", "Contact.Territory__c")
    assert field["valueSet"] == {"restricted": "true", "valueSetName": "Territories"}
    assert write(client, "CustomField", field) == [success("Contact.Territory__c")]


def test_a_field_that_is_not_there_is_made_and_nobody_sees_it(client: Client, emulator: Emulator) -> None:
    definition = {"sorted": "false", "value": [value("a"), value("b", default="true")]}
    new = {
        "fullName": "Account.Size__c",
        "description": "D",
        "label": "How large",
        "type": "Picklist",
        "valueSet": {"restricted": "true", "valueSetDefinition": definition},
    }
    required = {"fullName": "Account.Key__c", "label": "Key", "type": "Text", "length": "20", "required": "true"}
    bad = {"fullName": "Account.Sum__c", "label": "Sum", "type": "Summary"}
    results = write(client, "CustomField", new, required, bad, call="upsertMetadata")
    assert results[:2] == [
        {"created": "true", **success("Account.Size__c")},
        {"created": "true", **success("Account.Key__c")},
    ]
    assert (results[2]["created"], refusal(results[2])[0]) == ("false", "FIELD_INTEGRITY_EXCEPTION")
    fields = {one["name"]: one for one in client.rest("GET", "/sobjects/Account/describe").json()["fields"]}
    assert "Size__c" not in fields
    assert (fields["Key__c"]["nillable"], fields["Key__c"]["length"]) == (False, 20)
    emulator.change_org({"objects": {"Account": {"fields": {"Size__c": {"hidden": False}, "Key__c": None}}}})
    assert choices(client, "Account", "Size__c") == ["a", "b"]
    assert tooling.tree(client, "Account.Size__c")["description"] == "D"
    [again] = write(client, "CustomField", new, call="upsertMetadata")
    assert again == {"created": "false", **success("Account.Size__c")}


def test_components_that_are_not_there_are_refused(client: Client) -> None:
    [field] = write(client, "CustomField", {"fullName": "Nope__c.Size__c", "label": "Size", "type": "Date"})
    assert refusal(field) == (
        "INVALID_CROSS_REFERENCE_KEY",
        "This custom field does not exist or is not accessible",
    )
    new = {"fullName": "Nope__c.Size__c", "label": "Size", "type": "Date"}
    [made] = write(client, "CustomField", new, call="upsertMetadata")
    assert refusal(made) == ("INVALID_CROSS_REFERENCE_KEY", "Entity Enumeration Or ID: bad value: Nope__c")
    [shared] = write(client, "GlobalValueSet", {"fullName": "Nope", "masterLabel": "Nope", "customValue": [value("a")]})
    assert refusal(shared) == ("INVALID_CROSS_REFERENCE_KEY", "no GlobalValueSet named Nope found")


def make_field(client: Client, name: str, **tree: Any) -> dict[str, Any]:
    [result] = write(
        client, "CustomField", {"fullName": f"Contact.{name}", "label": name, **tree}, call="upsertMetadata"
    )
    return result


@pytest.mark.parametrize(
    ("name", "tree", "code", "message"),
    [
        ("Size", {"type": "Date"}, "FIELD_INTEGRITY_EXCEPTION", "Size: not the name of a custom field"),
        ("Size__c", {"type": "Text"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [length]"),
        ("Size__c", {"type": "Lookup"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [referenceTo]"),
        (
            *("Size__c", {"type": "Picklist", "valueSet": {"valueSetName": "Nope"}}),
            *("INVALID_CROSS_REFERENCE_KEY", "no GlobalValueSet named Nope found"),
        ),
    ],
)
def test_a_new_field_that_lacks_something_is_refused(
    client: Client, emulator: Emulator, name: str, tree: dict[str, Any], code: str, message: str
) -> None:
    before = emulator.world.org
    assert refusal(make_field(client, name, **tree)) == (code, message)
    assert emulator.world.org is before


def test_a_new_field_may_use_a_global_set(client: Client, emulator: Emulator) -> None:
    assert make_field(client, "Area__c", type="Picklist", valueSet={"valueSetName": "Territories"})["success"] == "true"
    emulator.change_org({"objects": {"Contact": {"fields": {"Area__c": {"hidden": False}}}}})
    assert choices(client, "Contact", "Area__c") == choices(client, "Contact", "Territory__c")
    assert tooling.describe_field(client, "Contact", "Area__c")["restrictedPicklist"] is True


def test_new_lookups_leave_their_children_and_masters_take_them_along(client: Client, emulator: Emulator) -> None:
    lookup = {"type": "Lookup", "referenceTo": "Account", "relationshipName": "Fans"}
    assert make_field(client, "Favorite__c", **lookup)["success"] == "true"
    master = {"type": "MasterDetail", "referenceTo": "Campaign"}
    assert make_field(client, "Source__c", **master)["success"] == "true"
    emulator.change_org({"objects": {"Contact": {"fields": {"Favorite__c": {"hidden": False}}}}})
    source = tooling.describe_field(client, "Contact", "Source__c")
    assert (source["nillable"], source["relationshipOrder"], source["cascadeDelete"]) == (False, 0, True)
    assert tooling.describe_field(client, "Contact", "Favorite__c")["relationshipOrder"] is None
    assert make_field(client, "Source__c", **master)["created"] == "false"
    assert tooling.describe_field(client, "Contact", "Source__c")["nillable"] is False
    account, campaign = client.create("Account", Name="A"), client.create("Campaign", Name="C")
    assert client.rest("POST", "/sobjects/Contact", {"LastName": "L"}).json()[0]["fields"] == ["Source__c"]
    client.create("Contact", LastName="L", Favorite__c=account, Source__c=campaign)
    [parent] = client.select_rows("SELECT Id, (SELECT LastName FROM Fans__r) FROM Account")
    assert [child["LastName"] for child in parent["Fans__r"]["records"]] == ["L"]
    assert client.rest("DELETE", f"/sobjects/Account/{account}").status_code == 204
    assert client.select_rows("SELECT Favorite__c FROM Contact") == [{"Favorite__c": None}]
    assert client.rest("DELETE", f"/sobjects/Campaign/{campaign}").status_code == 204
    assert client.select_rows("SELECT Id FROM Contact") == []


def test_a_component_is_named(client: Client) -> None:
    [result] = write(client, "StandardValueSet", {"sorted": "false"})
    assert refusal(result) == ("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]")
