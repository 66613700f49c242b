"""The model is the list of active values."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from connector_salesforce import CallFailed

from connector_sdk import ConfigError

from ..salesforce.scripted import answer
from .projects import Project
from .setuporg import SetupOrg, field_tree, value

GOLD = {"Gold": "Gold", "Silver": "Silver", "Bronze": "Bronze"}


def test_the_rows_become_the_active_values_and_records_keep_what_they_have(project: Project) -> None:
    project.emulated.insert("Account", {"Name": "Acme", "Tier__c": "Gold"})
    project.model("Silver", "Bronze", "Platinum")
    run = project.run()
    assert run.exit == 0
    assert run.rows == {"read": 3, "removed": 1, "planned": 4, "succeeded": 4}
    assert list(project.active()) == ["Silver", "Bronze", "Platinum"]
    assert project.inactive() == {"Gold"}
    assert [each["Tier__c"] for each in project.emulated.records("Account")] == ["Gold"]


@pytest.mark.parametrize("version", ["41.0", "58.0", "66.0"])
def test_every_version_from_41_on_writes_a_list(project: Project, version: str) -> None:
    of_version = evolve(project, api_version=version)
    of_version.sync()
    of_version.model("Silver", "Bronze", "Platinum")
    assert of_version.run().exit == 0
    assert list(of_version.active()) == ["Silver", "Bronze", "Platinum"]
    assert [call for call in project.emulated.stats()["calls"] if f"/v{version}/tooling/" in call]


def test_the_ledger_says_what_became_of_each_value(project: Project) -> None:
    field = {"values": [{"value": "Gold"}, {"value": "Silver"}, {"value": "Tin"}, {"value": "Bronze", "active": False}]}
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": field["values"]}}}}})
    project.model("Gold", {"name": "silver", "label": "Sterling"}, "Bronze", "Platinum")
    run = project.run()
    assert {key: (line["action"], line["message"], line["record_id"]) for key, line in project.ledger(run).items()} == {
        "Gold": ("kept", None, "Gold"),
        "silver": ("updated", "relabelled from 'Silver' to 'Sterling'", "Silver"),
        "Bronze": ("created", "reactivated", "Bronze"),
        "Platinum": ("created", "added", "Platinum"),
        "Tin": ("deactivated", None, None),
    }
    assert run.actions == {"created": 2, "updated": 1, "deactivated": 1}
    assert project.active() == {"Gold": "Gold", "Silver": "Sterling", "Bronze": "Bronze", "Platinum": "Platinum"}


def test_nothing_is_written_where_nothing_changed(project: Project) -> None:
    project.model("Bronze", "gold", {"name": " Silver ", "label": "Silver"})
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 3, "unchanged": 3})
    assert project.count_writes() == {}


def test_a_value_that_somebody_added_by_hand_is_deactivated(project: Project) -> None:
    project.model("Gold", "Silver", "Bronze")
    values = [{"value": each} for each in ("Gold", "Silver", "Bronze", "Copper")]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": values}}}}})
    assert project.run().actions == {"deactivated": 1}
    assert project.active() == GOLD


@pytest.mark.parametrize("policy", ["deactivate", "merge"])
def test_values_that_leave_an_unrestricted_field_end_inactive_whatever_salesforce_makes_of_omitted_ones(
    project: Project, policy: str
) -> None:
    project.emulated.change({"omittedValues": policy})
    field = "Account.Channel__c"
    first, *rest = project.active(field)
    project.sync(match={"field": "Channel__c", "column": "name"})
    project.model(*rest, "novel")
    assert project.run().exit == 0
    assert list(project.active(field)) == [*rest, "novel"]
    assert first in project.inactive(field)


def test_an_empty_model_is_refused(project: Project) -> None:
    project.model()
    assert "the model has 0 rows" in project.run().said
    project.sync(guards={"min_rows": 0, "max_removed": "100%"})
    run = project.run()
    assert (run.exit, project.count_writes(), project.active()) == (6, {}, GOLD)
    assert "allow_empty" in run.said
    assert project.plan().exit == 6


def test_an_empty_model_that_is_meant_deactivates_every_value(project: Project) -> None:
    project.sync(options={"allow_empty": True}, guards=None)
    project.model()
    run = project.run()
    assert (run.exit, run.actions) == (0, {"deactivated": 3})
    assert (project.active(), project.inactive()) == ({}, set(GOLD))
    assert project.run().rows == {}


@pytest.mark.rule("T9")
def test_what_leaves_is_called_deactivated_wherever_it_is_told(project: Project) -> None:
    project.sync(guards=None)
    project.model("Platinum")
    run = project.run()
    assert run.exit == 6
    assert "3 of 3 active values of the org would be deactivated, and 10% are allowed at once" in run.said
    plan = project.plan()
    assert plan.actions == {"created": 1, "deactivated": 3}
    assert plan.report["samples"]["deactivated"] == [{"key": "Bronze"}, {"key": "Gold"}, {"key": "Silver"}]
    run = project.run("--accept", "max_removed")
    assert run.actions == {"created": 1, "deactivated": 3}
    shown = [project.invoke("plan", "values"), project.invoke("show", run.report["run"]), project.invoke("runs")]
    told = "\n".join([*(each.stdout for each in shown), plan.said, run.said])
    assert "1 created, 3 deactivated" in shown[1].stdout
    assert "deleted" not in told
    assert "left the model" not in told


@pytest.mark.rule("T9")
def test_a_value_that_changes_is_one_of_the_org(project: Project) -> None:
    project.sync(guards={"max_changed": 0})
    project.model("Gold", "Bronze", {"name": "Silver", "label": "Sterling"})
    said = project.run().said
    assert "1 of 3 active values of the org would be changed, and 0 are allowed at once" in said


@pytest.mark.rule("T9")
def test_values_that_are_relabelled_while_others_leave_are_told_apart(project: Project) -> None:
    """A value gets the label of a value that leaves: the plan and the ledger have both."""
    project.model("Bronze", {"name": "Silver", "label": "Gold"})
    assert project.plan().findings == ["info: 1 deactivated: Gold", "info: 1 relabelled: Silver (Silver → Gold)"]
    run = project.run()
    assert run.actions == {"updated": 1, "deactivated": 1}
    assert {key: line["action"] for key, line in project.ledger(run).items()} == {
        "Bronze": "kept", "Silver": "updated", "Gold": "deactivated",
    }  # fmt: skip


@pytest.mark.rule("T9")
def test_a_value_that_was_hidden_is_not_said_to_be_new(project: Project) -> None:
    """Salesforce does not show the inactive values of a field that is not restricted."""
    project.sync(match={"field": "Channel__c", "column": "name"})
    first, *rest = project.active("Account.Channel__c")
    project.model(*rest)
    assert project.run().actions == {"deactivated": 1}
    project.model(first, *rest)
    assert f"info: 1 added or reactivated: {first}" in project.plan().findings
    run = project.run()
    assert (run.actions, project.ledger(run)[first]["message"]) == ({"created": 1}, "added or reactivated")


@pytest.mark.rule("T9")
def test_rows_that_are_all_rejected_are_not_said_to_be_missing(project: Project) -> None:
    project.sync(guards={"min_rows": 0, "max_removed": "100%"})
    project.model(" ")
    said = project.run("--accept", "rejected").said
    assert "no row of the model can be sent, which would deactivate every value" in said
    assert "no rows" not in said


def test_a_list_needs_no_fields_beside_its_names(project: Project) -> None:
    project.sync(fields=None)
    project.model("Gold", "Platinum")
    assert project.run().exit == 0
    assert project.active() == {"Gold": "Gold", "Platinum": "Platinum"}


def test_a_model_that_has_only_names_needs_no_fields_in_the_project_file(project: Project) -> None:
    """The name is the label of a new value, and a value that the org has keeps its label."""
    values = [{"value": "Gold", "label": "Gold member"}, "Silver"]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": values}}}}})
    project.sync(fields=None)
    project.write_rows("values.csv", [{"name": "Gold"}, {"name": "Platinum"}], ("name",))
    assert "fields" not in (project.folder / "connector.yml").read_text(encoding="utf-8")
    assert project.invoke("check").exit_code == 0
    assert project.plan().actions == {"created": 1, "deactivated": 1}
    assert project.run().exit == 0
    assert project.active() == {"Gold": "Gold member", "Platinum": "Platinum"}
    assert project.run().rows == {"read": 2, "unchanged": 2}


def test_many_values_that_leave_at_once_are_stopped_by_the_guard(project: Project) -> None:
    project.sync(guards=None)
    project.model("Gold", "Silver")
    run = project.run()
    assert (run.exit, project.active()) == (6, GOLD)
    assert "--accept max_removed" in run.said
    assert project.run("--accept", "max_removed").exit == 0


def test_a_plan_lists_what_joins_changes_comes_back_and_leaves_and_writes_nothing(project: Project) -> None:
    values = [{"value": "Gold"}, {"value": "Silver"}, {"value": "Tin"}, {"value": "Bronze", "active": False}]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": values}}}}})
    project.model("Gold", {"name": "Silver", "label": "Sterling"}, "Bronze", "Platinum")
    plan = project.plan()
    assert plan.exit == 0
    assert plan.findings == [
        "info: 1 deactivated: Tin",
        "info: 1 added: Platinum",
        "info: 1 reactivated: Bronze",
        "info: 1 relabelled: Silver (Silver → Sterling)",
    ]
    assert plan.actions == {"created": 2, "updated": 1, "deactivated": 1}
    assert project.count_writes() == {}
    shown = project.invoke("plan", "values").stdout
    assert all(word in shown for word in ("deactivated: Tin", "added: Platinum", "reactivated: Bronze", "relabelled"))


def test_new_values_join_by_name_after_the_present_ones_or_in_the_models_order(project: Project) -> None:
    project.model("zinc", "Bronze", "Gold", "copper", "Silver")
    project.run()
    assert list(project.active()) == ["Gold", "Silver", "Bronze", "copper", "zinc"]
    project.sync(options={"order": "model"})
    project.model("zinc", "Bronze", "Gold", "copper", "Silver", "tin", "lead")
    project.run()
    assert list(project.active()) == ["Gold", "Silver", "Bronze", "copper", "zinc", "tin", "lead"]


@pytest.mark.parametrize(
    ("tier", "field", "named"),
    [
        (None, "Tier__c", "Account.Tier__c"),
        (field_tree(set_name="Regions"), "Tier__c", "Regions"),
        (None, "Hobby", "Account.Hobby"),
        (None, "Industry", "Industry"),
    ],
    ids=["a custom field", "a global set", "a standard field without a set", "a standard set"],
)
def test_a_list_that_the_user_cannot_see_is_named(tier: dict[str, Any] | None, field: str, named: str) -> None:
    setup_org = SetupOrg(tier)
    setup_org.answer_soap("<readMetadataResponse><result><records/></result></readMetadataResponse>")
    with pytest.raises(ConfigError, match=named):
        setup_org.lists.read("Account", field)


def test_an_object_that_the_user_cannot_see_has_no_values_that_depend_on_a_list() -> None:
    around = SetupOrg().lists.read_surroundings(["Hidden__c.Tier__c"], ["Gold"])
    assert (around.leaning, around.controls) == ((), False)


def test_an_object_whose_description_is_refused_may_have_values_that_depend_on_a_list() -> None:
    setup_org = SetupOrg()
    setup_org.transport.on("GET", ".*/describe", answer([{"errorCode": "API_DISABLED_FOR_ORG", "message": "off"}], 403))
    with pytest.raises(CallFailed) as failed:
        setup_org.lists.read_surroundings(["Account.Tier__c"], ["Gold"])
    assert failed.value.code == "API_DISABLED_FOR_ORG"


def test_a_component_is_looked_up_by_its_name_only_once() -> None:
    setup_org = SetupOrg(field_tree(value("Gold")))
    for _ in range(2):
        assert [each.name for each in setup_org.lists.read("Account", "Tier__c").active] == ["Gold"]
    assert len(setup_org.transport.find_requests("GET", "/tooling/query")) == 1
