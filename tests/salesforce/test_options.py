"""The options of a sync have the same effect in every api that has them, and where one has not, the plan says so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .emulated import Emulated, emulator
from .projects import Project

APIS = ["bulk", "bulk2", "rest"]
RULE = "01Q5g0000000001EAA"
ORG = f"""
extends: default
objects:
  Lead:
    assignmentRules:
      - {{name: Standard, owner: second@emulator.invalid, id: {RULE}}}
  Contact:
    duplicateRules:
      - {{name: Same_Email, fields: [Email], action: Alert}}
"""


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    org = tmp_path_factory.mktemp("org") / "org.yml"
    org.write_text(ORG, encoding="utf-8")
    with emulator("--org", os.fspath(org)) as started:
        yield started


@pytest.fixture
def project(ruled: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    ruled.reset()
    monkeypatch.setenv("SF_SECRET", ruled.ready["client_secret"])
    return Project(tmp_path, ruled)


def findings(project: Project) -> list[str]:
    said = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    return [each["message"] for each in said[0]["findings"]]


def owner_of_a_lead(project: Project, api: str, rule: Any) -> str:
    options = {"api": api, "assignment_rules": rule}
    project.sync(object="Lead", fields={"LastName": "last", "Company": "last"}, options=options)
    project.model([{"id": "k1", "last": "Ash"}])
    run = project.run()
    assert run.exit == 0, run.said
    (lead,) = project.emulated.records("Lead")
    names = {each["Id"]: each["Username"] for each in project.emulated.records("User")}
    return names[lead["OwnerId"]]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("rule", "owner"), [("off", "integration"), (RULE, "second")])
def test_an_assignment_rule_is_applied_where_the_sync_names_it(
    project: Project, api: str, rule: str, owner: str
) -> None:
    assert owner_of_a_lead(project, api, rule) == f"{owner}@emulator.invalid"


@pytest.mark.parametrize(("api", "owner"), [("rest", "second"), ("bulk", "integration"), ("bulk2", "integration")])
def test_the_active_rule_is_applied_where_the_api_can_and_said_where_it_cannot(
    project: Project, api: str, owner: str
) -> None:
    assert owner_of_a_lead(project, api, True) == f"{owner}@emulator.invalid"
    project.model([{"id": "k2", "last": "Ash"}])
    assert any("no effect" in each for each in findings(project)) is (api != "rest")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("rules", ["respect", "allow"])
def test_an_alert_rule_gives_way_only_where_the_api_can(project: Project, api: str, rules: str) -> None:
    project.emulated.insert("Contact", {"LastName": "Before", "Email": "a@acme.example"})
    project.sync(options={"api": api, "duplicate_rules": rules})
    project.model([{"id": "k1", "last": "Ash", "email": "a@acme.example"}])
    assert any("no effect" in each for each in findings(project)) is (rules == "allow" and api != "rest")
    line = project.ledger(project.run())["k1"]
    assert line["code"] == (None if (api, rules) == ("rest", "allow") else "DUPLICATES_DETECTED")


@pytest.mark.parametrize("api", APIS)
def test_a_hard_delete_passes_the_recycle_bin_where_the_api_can(project: Project, api: str) -> None:
    project.emulated.insert("Contact", {"LastName": "Before", "External_Id__c": "k1"})
    project.sync(mode="archive", fields=None, options={"api": api, "hard_delete": True})
    project.model([{"id": "k1"}])
    said = findings(project)
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 1), run.said
    assert project.emulated.records("Contact") == []
    assert any("no effect" in each for each in said) is (api == "rest")
    assert any("past the recycle bin" in each for each in said) is (api != "rest")


@pytest.mark.parametrize("api", ["bulk", "bulk2"])
def test_a_hard_delete_without_the_permission_is_said_with_its_name(project: Project, api: str) -> None:
    project.emulated.change({"bulk": {"hardDelete": False}})
    project.emulated.insert("Contact", {"LastName": "Before", "External_Id__c": "k1"})
    project.sync(mode="archive", fields=None, options={"api": api, "hard_delete": True})
    project.model([{"id": "k1"}])
    run = project.run()
    assert (run.exit, "Bulk API Hard Delete" in " ".join(run.said.split())) == (4, True), run.said
    assert len(project.emulated.records("Contact")) == 1
