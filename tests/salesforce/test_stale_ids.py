"""Records that were deleted behind the sync's back: their ids are forgotten and looked up once more."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]


def contact(key: str, last: str) -> dict[str, Any]:
    return {"id": key, "last": last}


def insert_contacts(project: Project, *keys: str, last: str = "Before") -> dict[str, str]:
    """Create contacts by hand, and return the ids of all contacts by key."""
    project.emulated.insert("Contact", *({"LastName": last, "External_Id__c": key} for key in keys))
    return {each["External_Id__c"]: each["Id"] for each in project.emulated.records("Contact")}


def names(project: Project) -> dict[str, str]:
    return {each["External_Id__c"]: each["LastName"] for each in project.emulated.records("Contact")}


@pytest.mark.parametrize("api", APIS)
def test_an_update_finds_the_record_that_took_the_place_of_one_that_was_deleted(project: Project, api: str) -> None:
    project.sync(mode="update", fields={"LastName": "last"}, options={"api": api})
    ids = insert_contacts(project, "k1", "k2", "k3")
    project.model([contact(key, "One") for key in ids])
    assert project.run().rows["succeeded"] == 3
    project.emulated.delete("Contact", ids["k1"], ids["k2"])
    project.model([contact(key, "Two") for key in ids])
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 3, "planned": 3, "succeeded": 1, "skipped": 2}), run.said
    line = project.ledger(run)["k1"]
    assert line["code"] in ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
    assert "looks for one again" in line["advice"]
    fresh = insert_contacts(project, "k1", last="Made anew")
    run = project.run()
    assert run.rows == {"read": 3, "unchanged": 1, "planned": 2, "succeeded": 1, "skipped": 1}, run.said
    ledger = project.ledger(run)
    assert (ledger["k1"]["record_id"], ledger["k2"]["code"]) == (fresh["k1"], "NO_RECORD")
    assert names(project) == {"k1": "Two", "k3": "Two"}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("on_removed", ["clear", "delete"])
def test_a_row_that_left_needs_no_record_any_more(project: Project, api: str, on_removed: str) -> None:
    project.sync(fields={"LastName": "last", "Title": "last"}, on_removed=on_removed, options={"api": api},
                 guards={"max_removed": None})  # fmt: skip
    project.model([contact("k1", "One"), contact("k2", "One")])
    project.run()
    project.emulated.delete("Contact", insert_contacts(project)["k1"])
    project.model([contact("k2", "One")])
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 1, "removed": 1, "unchanged": 1, "planned": 1, "skipped": 1}), run.said
    assert "planned" not in project.run().rows


@pytest.mark.parametrize("api", APIS)
def test_an_archive_finds_what_is_gone_already_to_be_no_failure(project: Project, api: str) -> None:
    project.sync(mode="archive", fields=None, match={"field": "Id", "column": "id"}, options={"api": api})
    ids = insert_contacts(project, "k1", "k2")
    project.model([{"id": each} for each in ids.values()])
    deleted = {"code": "ENTITY_IS_DELETED", "message": "entity is deleted"}
    project.emulated.faults({"match": {"object": "Contact", "key": ids["k1"]}, "do": {"error": deleted}})
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["skipped"]) == (0, 1, 1), run.said


@pytest.mark.parametrize("api", APIS)
def test_a_reference_to_nothing_is_rejected_and_not_taken_for_a_record_that_is_gone(project: Project, api: str) -> None:
    project.sync(mode="update", fields={"LastName": "last", "AccountId": "account"}, options={"api": api})
    insert_contacts(project, "k1")
    project.model([{**contact("k1", "One"), "account": "001" + "x" * 12}])
    for _ in range(2):
        run = project.run()
        line = project.ledger(run)["k1"]
        assert (run.exit, line["outcome"]) == (1, "rejected"), line
