"""Picklists of managed packages: Salesforce decides, when the list is written, what they take."""

from __future__ import annotations

from typing import Any

import pytest

from ..salesforce.project_folder import Done
from .projects import Project


def add_managed_picklist(project: Project, **more: Any) -> None:
    """Add a picklist of a managed package, with two values of the package, and point the sync at it."""
    field = {"type": "picklist", "restrictedPicklist": True, "picklistValues": ["A", "B"], **more}
    project.emulated.change({"objects": {"Account": {"fields": {"acme__Level__c": field}}}})
    project.sync(match={"field": "acme__Level__c", "column": "name"})


@pytest.mark.rule("T9")
def test_a_picklist_of_a_managed_package_takes_values(project: Project) -> None:
    add_managed_picklist(project)
    project.model("A", "B", "C")
    said = "warning: could not check what the managed package acme lets others do with its picklist"
    assert said in project.plan().findings
    assert project.run().exit == 0
    assert list(project.active("Account.acme__Level__c")) == ["A", "B", "C"]
    assert not any("managed package" in each for each in project.plan().findings)


def test_a_global_set_of_a_managed_package_takes_values(project: Project) -> None:
    values = [{"value": "A", "managed": True}, {"value": "B", "managed": True}]
    field = {"type": "picklist", "globalValueSet": "acme__Levels"}
    more = {
        "globalValueSets": {"acme__Levels": {"values": values}},
        "objects": {"Account": {"fields": {"Mine__c": field}}},
    }
    project.emulated.change(more)
    project.sync(match={"field": "Mine__c", "column": "name"}, options={"shared_values": True})
    project.model("A", "B", "C")
    assert any("managed package acme" in each for each in project.plan().findings)
    assert project.run().exit == 0
    assert list(project.active("Account.Mine__c")) == ["A", "B", "C"]


@pytest.mark.parametrize("kind", ["picklist", "multipicklist"])
def test_nothing_is_refused_before_salesforce_says_that_a_package_locked_the_list(project: Project, kind: str) -> None:
    add_managed_picklist(project, type=kind, lockedValues=True)
    project.model("A", "B", "C")
    assert project.invoke("check").exit_code == 0
    plan = project.plan()
    assert (plan.exit, plan.actions) == (0, {"created": 1})
    assert project.run().report["codes"][0]["code"] == "CANNOT_MODIFY_MANAGED_OBJECT"


@pytest.mark.rule("T9")
@pytest.mark.parametrize(("locked", "names"), [(True, ("A", "B", "C")), (False, ("A",))])
def test_what_a_package_does_not_allow_is_refused_by_salesforce_and_told_so(
    project: Project, locked: bool, names: tuple[str, ...]
) -> None:
    add_managed_picklist(project, lockedValues=locked)
    project.model(*names)
    run = project.run()
    assert (run.exit, list(project.active("Account.acme__Level__c"))) == (1, ["A", "B"])
    assert {(each["outcome"], each["code"]) for each in project.ledger(run).values()} == {
        ("rejected", "CANNOT_MODIFY_MANAGED_OBJECT")
    }
    assert "the package's values and their labels" in project.ledger(run)["A"]["advice"]


def run_with_new_value(project: Project) -> Done:
    """Add a value of the org to the picklist of a package. Return the run."""
    add_managed_picklist(project)
    project.model("A", "B", "C")
    run = project.run()
    assert run.exit == 0
    return run


def test_what_a_run_added_to_a_list_of_a_package_leaves_again(project: Project) -> None:
    run = run_with_new_value(project)
    assert project.restore(run).exit_code == 0
    assert list(project.active("Account.acme__Level__c")) == ["A", "B"]


def test_a_list_that_its_package_locked_since_stays_and_the_command_says_why(project: Project) -> None:
    run = run_with_new_value(project)
    project.emulated.change({"objects": {"Account": {"fields": {"acme__Level__c": {"lockedValues": True}}}}})
    restored = project.restore(run)
    assert (restored.exit_code, restored.stdout) == (1, "")
    said = "Account.acme__Level__c is not brought back completely: CANNOT_MODIFY_MANAGED_OBJECT: "
    assert said in restored.stderr
    assert "change in Setup what the package allows" in restored.stderr
    assert list(project.active("Account.acme__Level__c")) == ["A", "B", "C"]
