"""A saved plan of a picklist is refused when the list is not what it was, with what changed and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

PATCH = {"method": "PATCH", "path": "/services/data/*/tooling/sobjects/*"}


def set_values(project: Project, *names: str, **label: str) -> None:
    """Edit the values of Account.Tier__c in the org."""
    values = [{"value": each, "label": label.get(each, each)} for each in names]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": values}}}}})


def run_refused_plan(project: Project, plan: str) -> str:
    """Run a saved plan that is refused and writes nothing. Return what the run says."""
    before = project.count_writes()
    run = project.run("--plan", plan)
    assert run.exit == 6, run.said
    assert project.count_writes() == before
    assert "plan again with --save" in run.said
    return run.said


@pytest.fixture
def saved(project: Project) -> str:
    """A saved plan that adds Platinum."""
    project.model("Gold", "Silver", "Bronze", "Platinum")
    return str(project.plan("--save").report["run"])


@pytest.mark.rule("C1")
def test_a_plan_is_refused_when_the_field_was_edited_and_says_what_changed(project: Project, saved: str) -> None:
    set_values(project, "Gold", "Silver", "Copper", "Zinc")
    said = run_refused_plan(project, saved)
    assert "Account.Tier__c: Copper, Zinc were added, Bronze was removed" in said
    run = project.run()
    assert (run.exit, list(project.active())) == (0, ["Gold", "Silver", "Bronze", "Platinum"])


@pytest.mark.rule("C1")
def test_a_plan_is_refused_when_only_a_label_was_edited(project: Project, saved: str) -> None:
    set_values(project, "Gold", "Silver", "Bronze", Gold="Best")
    assert "labels, order or settings are not what they were" in run_refused_plan(project, saved)


@pytest.mark.rule("C1")
def test_a_plan_can_be_run_when_an_edit_was_taken_back(project: Project) -> None:
    set_values(project, "Gold", "Silver", "Bronze")
    project.model("Gold", "Silver", "Bronze", "Platinum")
    saved = project.plan("--save").report["run"]
    set_values(project, "Gold", "Silver", "Bronze", "Copper")
    run_refused_plan(project, saved)
    set_values(project, "Gold", "Silver", "Bronze")
    assert project.run("--plan", saved).exit == 0
    assert "was run already" in run_refused_plan(project, saved)


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    "org",
    [
        {"objects": {"Account": {"fields": {"Tier__c": None}}}},
        {"permissions": {"integration@emulator.invalid": {"fields": {"Account.Tier__c": "none"}}}},
    ],
    ids=["removed", "hidden"],
)
def test_a_plan_of_a_field_that_is_not_there_any_more_is_refused(
    project: Project, saved: str, org: dict[str, Any]
) -> None:
    project.emulated.change(org)
    assert "Account.Tier__c is not there any more, or this user does not see it" in run_refused_plan(project, saved)


@pytest.mark.rule("C1")
def test_a_plan_is_refused_when_the_field_is_edited_while_it_is_written(
    project: Project, saved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connector_salesforce_picklist import plugin

    def edit_first(*arguments: Any) -> Any:
        set_values(project, "Gold", "Silver", "Bronze", "Copper")
        return write(*arguments)

    write = plugin.writing.write
    monkeypatch.setattr(plugin.writing, "write", edit_first)
    assert "Account.Tier__c: Copper was added" in run_refused_plan(project, saved)
    assert "was given up already" in run_refused_plan(project, saved)
