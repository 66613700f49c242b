"""Kinds of picklist, and what of them survives a write."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .projects import Project


def tree(project: Project, kind: str, name: str) -> dict[str, Any]:
    """Return the metadata of a component from the Tooling API."""
    ready = project.emulated.ready
    grant = {
        "grant_type": "client_credentials",
        "client_id": ready["client_id"],
        "client_secret": ready["client_secret"],
    }
    with requests.post(f"{ready['login_url']}/services/oauth2/token", data=grant, timeout=10) as answer:
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    base = f"{ready['instance_url']}/services/data/v58.0/tooling"
    query = f"SELECT Id, DeveloperName FROM {kind} WHERE DeveloperName = '{name.removesuffix('__c')}'"
    with requests.get(f"{base}/query", params={"q": query}, headers=headers, timeout=10) as answer:
        record = answer.json()["records"][0]["Id"]
    with requests.get(f"{base}/sobjects/{kind}/{record}", headers=headers, timeout=10) as answer:
        found: dict[str, Any] = answer.json()["Metadata"]
        return found


def run_and_stop(project: Project) -> str:
    """Run a sync that stops before it writes. Return what it says."""
    run = project.run()
    assert run.exit in (6, 64), run
    if run.exit == 64:
        assert (project.invoke("check").exit_code, project.plan().exit) == (64, 64)
    assert project.count_writes() == {}
    return run.said


def test_only_the_new_value_differs_in_the_metadata_afterwards(project: Project) -> None:
    before = tree(project, "CustomField", "Plan__c")
    names = list(project.active("Account.Plan__c"))
    project.sync(match={"field": "Plan__c", "column": "name"})
    project.model(*names, "startup")
    assert project.run().exit == 0
    after = tree(project, "CustomField", "Plan__c")
    value = after["valueSet"]["valueSetDefinition"]["value"].pop()
    assert (value["valueName"], value["label"], value["default"]) == ("startup", "startup", False)
    assert after == before


def test_unknown_keys_of_field_and_values_survive(project: Project) -> None:
    field = {"metadata": {"brandNewKey": {"deep": [1, 2]}}, "picklistValues": [
        {"value": "Gold", "metadata": {"ofTomorrow": "x"}}, {"value": "Silver"}]}  # fmt: skip
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": field}}}})
    before = tree(project, "CustomField", "Tier__c")
    assert before["brandNewKey"] == {"deep": [1, 2]}
    project.model({"name": "Gold", "label": "First"}, "Silver")
    assert project.run().exit == 0
    after = tree(project, "CustomField", "Tier__c")
    assert after["valueSet"]["valueSetDefinition"]["value"][0].pop("label") == "First"
    assert before["valueSet"]["valueSetDefinition"]["value"][0].pop("label") == "Gold"
    assert after == before


def test_a_default_value_that_leaves_is_named(project: Project) -> None:
    project.sync(match={"field": "Plan__c", "column": "name"})
    project.model("team", "business")
    plan = project.plan()
    assert "warning: free is the default value and leaves: the picklist will have no default value" in plan.findings
    assert project.run().exit == 0
    assert not [each for each in project.emulated.picklist("Account.Plan__c") if each["defaultValue"]]


def test_a_default_value_that_stays_is_kept(project: Project) -> None:
    project.sync(match={"field": "Plan__c", "column": "name"})
    project.model("free", "team")
    assert project.run().exit == 0
    assert [each["value"] for each in project.emulated.picklist("Account.Plan__c") if each["defaultValue"]] == ["free"]


def test_a_global_set_is_written_only_where_somebody_said_so_and_all_its_fields_are_named(project: Project) -> None:
    project.sync(match={"field": "Territory__c", "column": "name"})
    names = list(project.active("Account.Territory__c"))
    project.model(*names, "Antarctica")
    said = run_and_stop(project)
    assert "syncs.values.options.shared_values" in said
    assert "Account.Territory__c, Contact.Territory__c" in said
    project.sync(match={"field": "Territory__c", "column": "name"}, options={"shared_values": True})
    plan = project.plan()
    assert any("Account.Territory__c, Contact.Territory__c change together" in each for each in plan.findings)
    assert project.run().exit == 0
    assert project.count_writes() == {"Territories": 1}
    for field in ("Account.Territory__c", "Contact.Territory__c"):
        assert list(project.active(field)) == [*names, "Antarctica"]


def test_settings_of_a_value_that_leaves_a_dependent_field_are_kept_and_a_new_one_has_none(project: Project) -> None:
    before = tree(project, "CustomField", "Market__c")["valueSet"]
    names = list(project.active("Account.Market__c"))
    project.sync(match={"field": "Market__c", "column": "name"})
    project.model(*names[1:], "Atlantis")
    plan = project.plan()
    assert any("not selectable for any controlling value: Atlantis" in each for each in plan.findings)
    assert project.run().exit == 0
    after = tree(project, "CustomField", "Market__c")["valueSet"]
    assert after["valueSettings"] == before["valueSettings"]
    assert after["controllingField"] == "Continent__c"


def test_a_value_on_which_others_depend_leaves_only_where_somebody_said_so(project: Project) -> None:
    names = list(project.active("Account.Continent__c"))
    project.sync(match={"field": "Continent__c", "column": "name"})
    project.model(*names[1:])
    said = run_and_stop(project)
    assert "Account.Market__c" in said
    assert names[0] in said
    assert "break_dependencies" in said
    project.sync(match={"field": "Continent__c", "column": "name"}, options={"break_dependencies": True})
    assert any(each.startswith("warning: values of Account.Market__c") for each in project.plan().findings)
    assert project.run().exit == 0
    assert list(project.active("Account.Continent__c")) == names[1:]


def test_record_types_that_do_not_get_a_new_value_are_named(project: Project) -> None:
    types = [{"name": "Partner", "picklists": {"Tier__c": ["Gold"]}}, {"name": "Old", "active": False}]
    project.emulated.change({"objects": {"Account": {"recordTypes": types}}})
    project.model("Gold", "Silver", "Bronze", "Platinum")
    plan = project.plan()
    assert "warning: record types lack new or reactivated values: Account.Partner" in plan.findings
    project.model("Gold", "Silver")
    assert not any("record types" in each for each in project.plan().findings)


def test_values_of_a_standard_set_keep_their_attributes_and_new_ones_need_them(project: Project) -> None:
    before = project.emulated.picklist("Opportunity.StageName")
    names = [each["value"] for each in before if each["active"]]
    project.sync(object="Opportunity", match={"field": "StageName", "column": "name"})
    project.model(*names, "Handshake")
    said = run_and_stop(project)
    assert "the new value Handshake of OpportunityStage needs closed, won, forecastCategory, probability" in said
    columns = ("label", "closed", "won", "forecastCategory", "probability")
    types = {"closed": "boolean", "won": "boolean", "probability": "integer"}
    project.sync(
        object="Opportunity",
        match={"field": "StageName", "column": "name"},
        fields={each: each for each in columns},
        types=types,
    )
    new = {"name": "Handshake", "closed": "false", "won": "false", "forecastCategory": "BestCase", "probability": "85"}
    project.model(*names, new)
    run = project.run()
    assert run.exit == 0
    assert run.actions == {"created": 1}
    after = project.emulated.picklist("Opportunity.StageName")
    said_by_all = [{name: each for name, each in value.items() if each} for value in after[: len(before)]]
    assert said_by_all == [{name: each for name, each in value.items() if each} for value in before]
    added = {name: after[-1].get(name) for name in ("value", "label", "forecastCategory", "probability")}
    assert added == {"value": "Handshake", "label": "Handshake", "forecastCategory": "BestCase", "probability": 85}
    assert project.run().rows["unchanged"] == len(names) + 1


def test_a_standard_set_that_several_fields_share_names_them(project: Project) -> None:
    project.sync(object="Lead", match={"field": "LeadSource", "column": "name"})
    names = list(project.active("Lead.LeadSource"))
    project.model(*names, "Carrier pigeon")
    plan = project.plan()
    assert any("standard set LeadSource" in each and "Contact.LeadSource" in each for each in plan.findings)
    assert project.run().exit == 0
    assert project.count_writes() == {"LeadSource": 1}
    for field in ("Lead.LeadSource", "Contact.LeadSource"):
        assert list(project.active(field)) == [*names, "Carrier pigeon"]


def test_what_a_custom_value_cannot_have_is_refused(project: Project) -> None:
    project.sync(object="Opportunity", match={"field": "Nope__c", "column": "name"})
    project.model("Gold")
    assert "no picklist of Opportunity that this user can see" in run_and_stop(project)
    project.sync(fields={"label": "label", "Rating": "label"})
    assert "is a picklist of its own" in run_and_stop(project)
    match, types = {"field": "Type", "column": "name"}, {"label": "boolean"}
    project.sync(object="Opportunity", match=match, fields={"won": "label"}, types=types)
    project.model({"name": "Gold", "label": "true"})
    assert "values of Opportunity.Type have no won" in run_and_stop(project)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("BillingStateCode", "State and Country/Territory Picklists"),
        ("CleanStatus", "value set this plugin does not know"),
        ("Name", "no picklist of Account"),
        ("label", "is not a picklist"),
    ],
)
def test_fields_whose_values_cannot_be_written_are_refused_with_the_reason(
    project: Project, field: str, words: str
) -> None:
    more = {name: {"type": "picklist", "picklistValues": ["A", "B"]} for name in ("BillingStateCode", "CleanStatus")}
    project.emulated.change({"objects": {"Account": {"fields": more}}})
    project.sync(match={"field": field, "column": "name"})
    project.model("Gold")
    assert project.invoke("check").exit_code == 64
    assert words in run_and_stop(project)


def test_a_token_in_jwt_format_stops_a_standard_set_and_no_custom_field(project: Project) -> None:
    project.emulated.change({"application": {"tokenFormat": "jwt"}})
    project.sync(object="Lead", match={"field": "LeadSource", "column": "name"})
    project.model("Web")
    assert "JWT format" in run_and_stop(project)
    project.sync()
    project.model("Gold")
    assert project.run().exit == 0


def test_a_user_who_may_not_customize_is_told_what_is_missing(project: Project) -> None:
    project.emulated.change({"permissions": {"integration@emulator.invalid": {"customizeApplication": False}}})
    project.model("Gold", "Platinum")
    run = project.run()
    assert run.exit != 0
    assert project.count_writes() == {}
    assert "INSUFFICIENT_ACCESS" in run.said or "Customize Application" in run.said


def test_objects_and_their_picklists_are_discovered(project: Project) -> None:
    objects = project.invoke("discover", "crm", "--output", "csv").stdout
    assert "Account," in objects
    assert "__e," not in objects
    fields = project.invoke("discover", "crm", "Account", "--output", "csv").stdout
    names = {line.split(",")[0] for line in fields.splitlines()}
    assert {"Tier__c", "Industry", "label", "description", "color"} <= names
    assert "Name" not in names


def test_a_field_of_people_is_written_where_it_belongs(project: Project) -> None:
    project.emulated.change({"personAccounts": True})
    project.sync(match={"field": "Territory__pc", "column": "name"})
    project.model("North")
    assert "Territory__pc cannot be matched on: is a field of Contact" in run_and_stop(project)


def test_record_types_that_cannot_be_read_are_said_to_be_unchecked(project: Project) -> None:
    error = {"code": "INVALID_TYPE", "message": "sObject type 'RecordType' is not supported."}
    project.emulated.faults({"match": {"method": "GET", "path": "/services/data/v66.0/query"}, "do": {"error": error}})
    project.model("Gold", "Silver", "Bronze", "Platinum")
    assert "warning: could not check which record types lack new or reactivated values" in project.plan().findings
    assert project.run().exit == 0
