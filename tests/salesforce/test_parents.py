"""Accounts below accounts, all of them written by one run: parents first, whichever field finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .emulated import Emulated
from .projects import Project

TREE = {"k3": "k1", "k4": "k3", "k1": "k0", "k2": "k0", "k0": None}
"""Whose account is below whose; children first."""


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


def sync_accounts(project: Project, where: str, **changes: Any) -> None:
    """Write a sync of accounts that finds parents by one of their fields."""
    parent = {"find": "Account", "where": where, "equals": "parent"}
    fields = {"Name": "name", "Unique_Key__c": "id", "ParentId": parent}
    project.sync(**{"object": "Account", "fields": fields, **changes})


def rows(tree: dict[str, str | None]) -> list[dict[str, str | None]]:
    return [{"id": key, "name": key, "parent": parent} for key, parent in tree.items()]


def parents(project: Project) -> dict[str, str | None]:
    records = {each["Id"]: each for each in project.emulated.records("Account")}
    names = {id_: each["Name"] for id_, each in records.items()}
    return {each["Name"]: names.get(each["ParentId"]) for each in records.values()}


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
@pytest.mark.parametrize("where", ["External_Id__c", "Unique_Key__c"])
def test_a_whole_tree_is_written_by_one_run(project: Project, api: str, where: str) -> None:
    sync_accounts(project, where, options={"api": api})
    project.model(rows(TREE))
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 5, "planned": 5, "succeeded": 5}), run.said
    assert parents(project) == TREE
    assert set(project.emulated.stats()["executed"]["Account"].values()) == {1}
    assert project.run().rows == {"read": 5, "unchanged": 5}


@pytest.mark.parametrize("where", ["External_Id__c", "Unique_Key__c"])
def test_an_insert_writes_a_whole_tree(project: Project, where: str) -> None:
    parent = {"find": "Account", "where": where, "equals": "parent"}
    fields = {"Name": "name", "External_Id__c": "id", "Unique_Key__c": "id", "ParentId": parent}
    sync_accounts(project, where, mode="insert", match=None, fields=fields)
    project.model(rows(TREE))
    run = project.run("--first-run", "send")
    assert (run.exit, run.rows) == (0, {"read": 5, "planned": 5, "succeeded": 5}), run.said
    assert parents(project) == TREE


@pytest.mark.parametrize("where", ["External_Id__c", "Unique_Key__c"])
def test_what_hangs_from_a_refused_account_and_what_turns_in_a_circle_is_rejected(project: Project, where: str) -> None:
    sync_accounts(project, where)
    project.emulated.faults({"match": {"object": "Account", "key": "k1"}, "do": {"error": {"code": "STRING_TOO_LONG"}}})
    project.model(rows({**TREE, "x": "y", "y": "x", "self": "self"}))
    run = project.run()
    ledger = project.ledger(run)
    assert {key: ledger[key]["code"] for key in ("x", "y", "self")} == dict.fromkeys(
        ("x", "y", "self"), "CIRCULAR_REFERENCE"
    )
    assert ledger["x"]["message"] == "rows refer to each other: x > y > x"
    for key in ("k3", "k4"):
        assert ledger[key]["outcome"] == "rejected"
        for word in ("Reference not found", "Account", where, TREE[key]):
            assert word in ledger[key]["message"]
    assert parents(project) == {"k0": None, "k2": "k0"}
