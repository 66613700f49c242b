"""What happens when a write goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

BUSY = {
    "code": "UNABLE_TO_LOCK_ROW",
    "message": "Cannot update or delete a picklist while a picklist background job is being executed",
}
FIELD = {"object": "CustomField", "key": "Account.Tier__c"}
PATCH = {"method": "PATCH", "path": "/services/data/*/tooling/sobjects/*"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector_salesforce_picklist.codes.PAUSES", (0.05,))


@pytest.mark.parametrize(
    "error",
    [
        BUSY,
        {"code": "UNKNOWN_EXCEPTION", "message": "There's another picklist operation in progress for this object."},
        {"code": "FIELD_INTEGRITY_EXCEPTION", "message": "Someone else is editing this picklist or its values."},
    ],
    ids=["job", "operation", "editing"],
)
def test_a_picklist_that_is_busy_is_written_when_it_is_free(project: Project, error: dict[str, Any]) -> None:
    project.emulated.faults({"match": FIELD, "do": {"error": error}, "times": 2})
    project.model("Gold", "Platinum")
    run = project.run()
    assert (run.exit, list(project.active())) == (0, ["Gold", "Platinum"])
    assert project.count_writes() == {"Account.Tier__c": 1}


def test_a_standard_set_that_is_busy_is_written_when_it_is_free(project: Project) -> None:
    fault = {"object": "StandardValueSet", "key": "LeadSource"}
    project.emulated.faults({"match": fault, "do": {"error": BUSY}, "times": 2})
    project.sync(object="Lead", match={"field": "LeadSource", "column": "name"})
    project.model("Web", "Atlantis")
    assert project.run().exit == 0
    assert list(project.active("Lead.LeadSource")) == ["Web", "Atlantis"]


def test_a_picklist_that_stays_busy_stops_the_run_which_goes_on_later(project: Project) -> None:
    project.emulated.faults({"match": FIELD, "do": {"error": BUSY}})
    project.model("Gold", "Platinum")
    run = project.run()
    assert (run.exit, project.count_writes()) == (4, {})
    assert "PICKLIST_BUSY" in run.said
    project.emulated.faults()
    assert project.run().exit == 0
    assert list(project.active()) == ["Gold", "Platinum"]


@pytest.mark.parametrize("cut", ["before", "during", "after"])
def test_a_lost_answer_is_looked_for_and_the_list_is_written_once(project: Project, cut: str) -> None:
    project.emulated.faults({"match": PATCH, "do": {"cut": cut}, "times": 1})
    project.model("Gold", "Platinum")
    run = project.run()
    assert (run.exit, list(project.active())) == (0, ["Gold", "Platinum"])
    assert project.count_writes() == {"Account.Tier__c": 1}
    assert project.ledger(run)["Platinum"]["message"] == "added"


def test_a_lost_answer_between_the_writes_of_a_moved_label_is_gone_on_from(project: Project) -> None:
    project.emulated.faults({"match": PATCH, "do": {"cut": "after"}, "times": 1})
    project.model("Silver", "Bronze", {"name": "Platinum", "label": "Gold"})
    run = project.run()
    assert (run.exit, project.active()) == (0, {"Silver": "Silver", "Bronze": "Bronze", "Platinum": "Gold"})
    assert project.count_writes() == {"Account.Tier__c": 2}
    restored = project.restore(run)
    assert (restored.exit_code, list(project.active())) == (0, ["Gold", "Silver", "Bronze"])


def test_a_list_that_somebody_changes_between_plan_and_write_is_planned_anew(project: Project) -> None:
    project.model("Gold", "Silver", "Bronze", "Platinum")
    saved = project.plan("--save")
    values = [{"value": each} for each in ("Gold", "Silver", "Bronze", "Copper")]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": values}}}}})
    stale = project.run("--plan", saved.report["run"])
    assert stale.exit == 6
    run = project.run()
    assert (run.exit, list(project.active())) == (0, ["Gold", "Silver", "Bronze", "Platinum"])


def test_what_salesforce_refuses_is_told_for_every_row_and_nothing_is_lost(project: Project) -> None:
    error = {"code": "FIELD_INTEGRITY_EXCEPTION", "message": "A rule that nobody knows"}
    project.emulated.faults({"match": FIELD, "do": {"error": error}})
    project.model("Gold", "Silver", "Bronze", "Platinum")
    run = project.run()
    assert run.exit == 1
    assert {line["outcome"] for line in project.ledger(run).values()} == {"rejected"}
    assert {line["message"] for line in project.ledger(run).values()} == {"A rule that nobody knows"}
    assert list(project.active()) == ["Gold", "Silver", "Bronze"]
    project.emulated.faults()
    assert project.run().exit == 0


def test_a_session_that_ends_is_renewed(project: Project) -> None:
    for object_name, field in (("Account", "Tier__c"), ("Lead", "LeadSource")):
        path = "/services/Soap/m/*" if object_name == "Lead" else PATCH["path"]
        project.emulated.faults({"match": {"path": path}, "do": {"expire": True}, "times": 1})
        project.sync(object=object_name, match={"field": field, "column": "name"})
        project.model("Web", "Gold", "Atlantis")
        assert project.run().exit == 0
        assert "Atlantis" in project.active(f"{object_name}.{field}")


def test_codes_are_explained(project: Project) -> None:
    shown = project.invoke("explain", "PICKLIST_BUSY")
    assert (shown.exit_code, "background" in shown.stdout) == (0, True)
