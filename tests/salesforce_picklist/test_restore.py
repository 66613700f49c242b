"""Bring back what a run changed."""

from __future__ import annotations

import json

import pytest

from .projects import Project

FIELD = "Account.Plan__c"


def plans(project: Project, **changes: object) -> None:
    project.sync(match={"field": "Plan__c", "column": "name"}, **changes)


def test_active_values_labels_default_and_order_come_back_and_what_was_added_stays_inactive(project: Project) -> None:
    before = project.emulated.picklist(FIELD)
    plans(project)
    project.model("startup", {"name": "team", "label": "Free plan"}, "legacy")
    run = project.run()
    assert list(project.active(FIELD).items()) == [
        ("team", "Free plan"), ("legacy", "Legacy plan"), ("startup", "startup"),
    ]  # fmt: skip
    restored = project.restore(run)
    assert restored.exit_code == 0
    after = project.emulated.picklist(FIELD)
    assert after[: len(before)] == before
    assert [(each["value"], each["active"]) for each in after[len(before) :]] == [("startup", False)]
    told = [(each["value"], each["change"]) for each in json.loads(restored.stdout)]
    assert len(told) == len(dict(told))
    assert dict(told) == {
        "free": "reactivated, made the default",
        "team": "relabelled from 'Free plan' to 'Team plan'",
        "business": "reactivated",
        "legacy": "deactivated",
        "startup": "stays as an inactive value: no API deletes it",
    }


@pytest.mark.rule("T9")
def test_each_value_that_is_brought_back_or_leaves_is_told_once(project: Project) -> None:
    """One that leaves for good, since the run had added it, is not listed as deactivated besides."""
    project.sync(match={"field": "Channel__c", "column": "name"})
    first, *rest = project.active("Account.Channel__c")
    project.model(*rest, "novel")
    restored = project.restore(project.run())
    assert [(each["value"], each["change"]) for each in json.loads(restored.stdout)] == [
        (first, "reactivated"),
        ("novel", "stays as an inactive value: no API deletes it"),
    ]


def test_record_types_that_lost_a_value_are_named(project: Project) -> None:
    types = [{"name": "Partner", "picklists": {"Plan__c": ["free", "team"]}}]
    project.emulated.change({"objects": {"Account": {"recordTypes": types}}})
    plans(project)
    project.model("team", "business")
    restored = project.restore(project.run())
    assert "Account.Partner" in restored.stderr


def test_what_was_restored_is_as_it_was(project: Project) -> None:
    plans(project)
    project.model("team", "business")
    run = project.run()
    project.restore(run)
    written = project.count_writes()
    again = project.restore(run)
    assert (again.exit_code, json.loads(again.stdout)) == (0, [])
    assert "is as it was" in again.stderr
    assert project.count_writes() == written


def test_a_dry_run_writes_nothing(project: Project) -> None:
    plans(project)
    project.model("team", "business", "startup")
    run = project.run()
    before, written = project.emulated.picklist(FIELD), project.count_writes()
    shown = project.restore(run, "--dry-run")
    assert (shown.exit_code, {each["value"] for each in json.loads(shown.stdout)}) == (0, {"free", "startup"})
    assert (project.emulated.picklist(FIELD), project.count_writes()) == (before, written)


def test_a_global_set_and_a_standard_set_come_back(project: Project) -> None:
    for object_name, field in (("Account", "Territory__c"), ("Lead", "LeadSource")):
        whole = f"{object_name}.{field}"
        before = project.emulated.picklist(whole)
        project.sync(
            object=object_name, match={"field": field, "column": "name"}, options={"shared_values": True}
        )  # fmt: skip
        first, *rest = project.active(whole)
        project.model(*rest, "Atlantis")
        run = project.run()
        assert run.exit == 0
        assert project.restore(run).exit_code == 0
        assert [each for each in project.emulated.picklist(whole) if each["value"] != "Atlantis"] == before
        assert "Atlantis" in project.inactive(whole)
        assert first in project.active(whole)


def test_a_run_that_wrote_nothing_has_nothing_to_bring_back(project: Project) -> None:
    project.model("Gold", "Silver", "Bronze")
    restored = project.restore(project.run())
    assert (restored.exit_code, restored.stdout) == (64, "")
    assert "wrote no picklist" in restored.stderr


def test_an_unknown_run_is_said(project: Project) -> None:
    result = project.invoke("salesforce-picklist", "restore", "20200101-000000-0")
    assert (result.exit_code, "there is no run" in result.stderr) == (64, True)


def test_another_org_is_left_alone(project: Project) -> None:
    project.model("Gold")
    run = project.run()
    before = project.emulated.picklist("Account.Tier__c")
    project.emulated.change({"id": "00Dzz0000000001EAA"})
    restored = project.restore(run)
    assert restored.exit_code == 6
    assert "this connection reaches" in restored.stderr
    assert project.emulated.picklist("Account.Tier__c") == before


def test_a_user_who_lost_a_permission_is_told_which_and_what_to_do(project: Project) -> None:
    plans(project)
    project.model("team", "business")
    run = project.run()
    project.emulated.change({"permissions": {"integration@emulator.invalid": {"customizeApplication": False}}})
    restored = project.restore(run)
    assert (restored.exit_code, restored.stdout) == (69, "")
    assert "Account.Plan__c is not brought back completely: INSUFFICIENT_ACCESS" in restored.stderr
    assert "bug" not in restored.stderr


def test_a_picklist_that_is_busy_is_brought_back_by_the_same_command_later(project: Project) -> None:
    project.model("Gold")
    run = project.run()
    busy = {"code": "UNABLE_TO_LOCK_ROW", "message": "a picklist background job is being executed"}
    fault = {"match": {"object": "CustomField", "key": "Account.Tier__c"}, "do": {"error": busy}, "times": 1}
    project.emulated.faults(fault)
    restored = project.restore(run)
    assert (restored.exit_code, restored.stdout) == (4, "")
    assert "PICKLIST_BUSY" in restored.stderr
    assert "run the command again later" in restored.stderr
    assert project.restore(run).exit_code == 0
    assert list(project.active()) == ["Gold", "Silver", "Bronze"]
