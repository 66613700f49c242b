"""Rows that are one account, from a project file into the emulated org."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .emulated import Emulated, emulator
from .project_folder import Done
from .projects import Project

ACCOUNTS: Mapping[str, Any] = {
    "object": "Account", "fields": {"Name": "name"}, "merge": {"shared_id": "person", "is_child": "duplicate"},
    "options": {"api": "rest"},
}  # fmt: skip
TABLE = [("A", "1", "true"), ("B", "1", "true"), ("C", "1", "false"), ("D", "2", "false"), ("E", "3", "false"),
         ("F", "3", "true")]  # fmt: skip


def rows(*given: tuple[str, str | None, str | None], name: str = "After") -> list[dict[str, Any]]:
    return [{"id": key, "name": f"{name} {key}", "person": person, "duplicate": child} for key, person, child in given]


def insert_accounts(project: Project, *keys: str) -> dict[str, str]:
    """Create accounts by hand, and return the ids of all accounts by key."""
    project.emulated.insert("Account", *({"Name": f"Before {key}", "External_Id__c": key} for key in keys))
    return {each["External_Id__c"]: each["Id"] for each in project.emulated.records("Account")}


def live(project: Project) -> dict[str, str]:
    return {each["External_Id__c"]: each["Name"] for each in project.emulated.records("Account")}


def masters(project: Project, ids: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of merged accounts, with the keys of the accounts that they went into."""
    keys = {id_: key for key, id_ in ids.items()}
    recycled = project.emulated.recycle_bin("Account")
    return {each["External_Id__c"]: keys[each["MasterRecordId"]] for each in recycled if each["MasterRecordId"]}


def merges(project: Project, ids: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    keys = {id_: key for key, id_ in ids.items()}
    return [
        (keys[each["master"]], [keys[id_] for id_ in each["merged"]])
        for each in project.emulated.stats().get("merges", [])
    ]


def count_actions(run: Done) -> dict[str, int]:
    return {name: count for name, count in run.report["actions"].items() if count}


@pytest.mark.parametrize("api", ["rest", "bulk", "bulk2"])
def test_children_go_into_the_record_of_their_parent_whose_values_win(project: Project, api: str) -> None:
    ids = insert_accounts(project, *(key for key, *_ in TABLE))
    project.emulated.insert("Contact", {"LastName": "Ash", "AccountId": ids["A"]})
    project.sync(**{**ACCOUNTS, "options": {"api": api}})
    project.model(rows(*TABLE))
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 6, "planned": 6, "succeeded": 6}), run.said
    assert count_actions(run) == {"updated": 3, "merged": 3}
    assert live(project) == {"C": "After C", "D": "After D", "E": "After E"}
    assert masters(project, ids) == {"A": "C", "B": "C", "F": "E"}
    assert merges(project, ids) == [("C", ["A", "B"]), ("E", ["F"])]
    assert [each["AccountId"] for each in project.emulated.records("Contact")] == [ids["C"]]
    line = project.ledger(run)["A"]
    assert (line["outcome"], line["action"], line["record_id"]) == ("succeeded", "merged", ids["C"])
    assert ids["A"] in line["message"]


def test_a_parent_named_by_its_match_value_takes_its_children_in(project: Project) -> None:
    ids = insert_accounts(project, *(key for key, *_ in TABLE))
    project.sync(**{**ACCOUNTS, "merge": {"shared_id": "person", "merge_id": "into"}})
    into = {"A": "C", "B": "c", "F": "E"}
    project.model([{**row, "into": into.get(row["id"])} for row in rows(*TABLE)])
    run = project.run()
    assert run.exit == 0, run.said
    assert live(project) == {"C": "After C", "D": "After D", "E": "After E"}
    assert masters(project, ids) == {"A": "C", "B": "C", "F": "E"}


def test_a_group_of_which_it_cannot_be_said_what_stays_is_rejected_whole(project: Project) -> None:
    given = [
        ("A", "5", "true"), ("B", "5", "true"), ("C", "6", "false"), ("D", "6", "false"),
        ("E", "7", "true"), ("F", "7", None), ("G", None, "true"), ("H", "8", "false"), ("I", "8", "maybe"),
    ]  # fmt: skip
    ids = insert_accounts(project, *(key for key, *_ in given))
    project.sync(**ACCOUNTS)
    project.model(rows(*given))
    run = project.run()
    assert (run.exit, run.rows) == (1, {"read": 9, "planned": 9, "succeeded": 3, "rejected": 6}), run.said
    ledger = project.ledger(run)
    said = {key: (line["code"], line["message"]) for key, line in ledger.items() if line["outcome"] == "rejected"}
    assert said["A"] == said["B"] == ("NO_PARENT", "group 5 has no parent: every row of it is a child")
    assert said["C"] == said["D"] == ("SEVERAL_PARENTS", "group 6 has several parents: C, D")
    assert said["H"] == said["I"] == ("BAD_VALUE", "group 8: maybe is neither true nor false")
    before = {key: f"Before {key}" for key in "ABCDHI"}
    assert live(project) == {**before, "F": "After F", "G": "After G"}
    assert masters(project, ids) == {"E": "F"}
    assert project.run().rows == {"read": 9, "unchanged": 3, "planned": 6, "rejected": 6}


def test_a_merge_id_from_outside_of_the_group_rejects_it_whole(project: Project) -> None:
    insert_accounts(project, "A", "B", "C")
    project.sync(**{**ACCOUNTS, "merge": {"shared_id": "person", "merge_id": "into"}})
    given = rows(("A", "1", None), ("B", "1", None), ("C", "1", None), ("X", None, None))
    project.model([{**row, "into": {"A": "B", "C": "X"}.get(row["id"])} for row in given])
    run = project.run()
    assert (run.exit, run.rows) == (1, {"read": 4, "planned": 4, "succeeded": 1, "rejected": 3}), run.said
    assert project.ledger(run)["A"]["code"] == "FOREIGN_PARENT"
    assert "into x, which is not its parent: that is B" in project.ledger(run)["B"]["message"]
    assert merges(project, {}) == []


def test_a_plan_shows_groups_parents_and_what_is_merged(project: Project) -> None:
    insert_accounts(project, *(key for key, *_ in TABLE))
    project.sync(**ACCOUNTS)
    project.model(rows(*TABLE, ("G", "5", "true"), ("H", "5", "true")))
    (plan,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    assert plan["actions"]["merged"] == 3
    assert [(each["key"], each["merged_into"]) for each in plan["samples"]["merged"]] == [
        ("A", "C"),
        ("B", "C"),
        ("F", "E"),
    ]
    said = [each["message"] for each in plan["findings"]]
    assert "records that are merged: 3, into 2 others, which keep their values" in said
    assert "groups that are rejected: 1 (group 5 has no parent: every row of it is a child)" in said
    assert project.emulated.recycle_bin("Account") == []


def test_a_child_without_a_record_is_not_created_only_to_be_merged(project: Project) -> None:
    ids = insert_accounts(project, "C")
    project.sync(**ACCOUNTS)
    project.model(rows(("A", "1", "true"), ("C", "1", "false")))
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 2, "planned": 2, "succeeded": 1, "skipped": 1}), run.said
    assert project.ledger(run)["A"]["code"] == "NOTHING_TO_MERGE"
    assert live(project) == {"C": "After C"}
    ids = insert_accounts(project, "A")
    run = project.run()
    assert run.rows == {"read": 2, "unchanged": 1, "planned": 1, "succeeded": 1}, run.said
    assert masters(project, ids) == {"A": "C"}


def test_a_merged_child_is_settled_and_never_takes_its_parent_along(project: Project) -> None:
    insert_accounts(project, *(key for key, *_ in TABLE))
    project.sync(**ACCOUNTS, on_removed="delete", guards={"max_removed": None})
    project.model(rows(*TABLE))
    project.run()
    assert project.run().rows == {"read": 6, "unchanged": 6}
    project.model([*rows(*TABLE[:2], name="Changed"), *rows(*TABLE[2:])])
    assert project.run().rows == {"read": 6, "unchanged": 6}
    assert project.run("--full").rows == {"read": 6, "unchanged": 3, "planned": 3, "succeeded": 3}
    project.model(rows(*TABLE[1:]))
    run = project.run()
    assert run.rows == {"read": 5, "unchanged": 5, "removed": 1, "planned": 1, "skipped": 1}
    assert project.ledger(run)["A"]["code"] == "RECORD_KEPT"
    assert set(live(project)) == {"C", "D", "E"}
    project.model(rows(*(each for each in TABLE if each[0] not in "ABC")))
    run = project.run()
    assert count_actions(run) == {"deleted": 1}, run.said
    assert set(live(project)) == {"D", "E"}


def test_a_child_that_is_added_later_goes_into_the_record_of_a_parent_that_did_not_change(project: Project) -> None:
    ids = insert_accounts(project, "A", "C")
    project.sync(**ACCOUNTS)
    project.model(rows(("C", "1", "false")))
    project.run()
    project.model(rows(("C", "1", "false"), ("A", "1", "true")))
    run = project.run()
    assert run.rows == {"read": 2, "unchanged": 1, "planned": 1, "succeeded": 1}, run.said
    assert (masters(project, ids), live(project)) == ({"A": "C"}, {"C": "After C"})


def test_a_row_that_was_written_before_can_become_a_child(project: Project) -> None:
    project.sync(**ACCOUNTS)
    project.model(rows(("A", "1", None), ("C", "2", None)))
    project.run()
    ids = insert_accounts(project)
    project.model(rows(("A", "2", "true"), ("C", "2", None)))
    run = project.run()
    assert (run.rows, count_actions(run)) == ({"read": 2, "unchanged": 1, "planned": 1, "succeeded": 1}, {"merged": 1})
    assert masters(project, ids) == {"A": "C"}


def test_the_children_of_a_parent_that_is_refused_are_not_merged(project: Project) -> None:
    insert_accounts(project, "A", "B", "C", "D")
    project.sync(**ACCOUNTS)
    given = rows(("A", "1", "true"), ("B", "1", None), ("C", "2", "true"), ("D", "2", None))
    given[1]["name"] = None
    project.emulated.faults(
        {"match": {"path": "*/composite/*", "key": "D"}, "do": {"error": {"code": "DELETE_FAILED"}}}
    )
    project.model(given)
    run = project.run()
    assert (run.exit, run.rows) == (1, {"read": 4, "planned": 4, "rejected": 4}), run.said
    ledger = project.ledger(run)
    assert [ledger[key]["code"] for key in "AC"] == ["PARENT_NOT_WRITTEN"] * 2
    assert merges(project, {}) == []
    project.emulated.faults()
    given[1]["name"] = "After B"
    project.model(given)
    assert project.run().rows == {"read": 4, "planned": 4, "succeeded": 4}


def test_rows_are_merged_one_by_one_where_two_are_refused_together(project: Project) -> None:
    ids = insert_accounts(project, "A", "B", "C")
    project.sync(**ACCOUNTS)
    project.model(rows(("A", "1", "true"), ("B", "1", "true"), ("C", "1", None)))
    rule = {"match": {"path": "/services/Soap/*", "key": "A"}, "do": {"error": {"code": "DELETE_FAILED"}}}
    project.emulated.faults(rule)
    run = project.run()
    assert (run.exit, run.rows) == (1, {"read": 3, "planned": 3, "succeeded": 2, "rejected": 1}), run.said
    assert project.ledger(run)["A"]["code"] == "DELETE_FAILED"
    assert masters(project, ids) == {"B": "C"}


def test_a_child_whose_record_is_gone_is_forgotten(project: Project) -> None:
    project.sync(**ACCOUNTS)
    project.model(rows(("A", "1", None), ("C", "2", None)))
    project.run()
    project.emulated.delete("Account", insert_accounts(project)["A"])
    project.model(rows(("A", "2", "true"), ("C", "2", None)))
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 2, "unchanged": 1, "planned": 1, "skipped": 1}), run.said
    assert project.ledger(run)["A"]["code"] == "ENTITY_IS_DELETED"
    assert project.ledger(project.run())["A"]["code"] == "NOTHING_TO_MERGE"


def test_a_lost_answer_leaves_nothing_undone_and_nothing_done_twice(project: Project) -> None:
    ids = insert_accounts(project, *(key for key, *_ in TABLE))
    project.sync(**ACCOUNTS)
    project.model(rows(*TABLE))
    project.emulated.faults({"match": {"path": "/services/Soap/*"}, "do": {"cut": "after"}, "times": 1})
    run = project.run()
    assert (run.exit, run.rows) == (0, {"read": 6, "planned": 6, "succeeded": 6}), run.said
    assert merges(project, ids) == [("C", ["A", "B"]), ("E", ["F"])]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "update"}, "rows cannot be merged in mode update"),
        ({"object": "Opportunity", "fields": {"Name": "name"}}, "records of Opportunity cannot be merged"),
        ({"options": {"parallelism": 10}}, "merging needs parallelism 1, not 10"),
        ({"merge": {"shared_id": "persona", "is_child": "duplicate"}}, "did you mean person?"),
    ],
)
def test_what_cannot_be_merged_is_refused_before_the_run(project: Project, changes: dict[str, Any], said: str) -> None:
    project.sync(**{**ACCOUNTS, **changes})
    project.model(rows(*TABLE))
    checked = project.invoke("check")
    assert checked.exit_code == 64
    assert said in checked.stderr
    run = project.run()
    assert (run.exit, said in run.said) == (64, True), run.said
    assert project.emulated.records("Account") == []


@pytest.fixture
def with_jwt(tmp_path: Path) -> Any:
    org = tmp_path / "org.yml"
    org.write_text(yaml.safe_dump({"extends": "default", "application": {"tokenFormat": "jwt"}}), encoding="utf-8")
    with emulator("--org", str(org)) as started:
        yield started


def test_a_token_that_soap_refuses_stops_the_run_before_anything_is_written(
    with_jwt: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SF_SECRET", with_jwt.ready["client_secret"])
    project = Project(tmp_path, with_jwt)
    insert_accounts(project, *(key for key, *_ in TABLE))
    project.sync(**ACCOUNTS)
    project.model(rows(*TABLE))
    run = project.run()
    assert run.exit == 6
    assert "its access token is in JWT format" in run.said
    assert set(live(project).values()) == {f"Before {key}" for key, *_ in TABLE}
    project.sync(**{**ACCOUNTS, "merge": None})
    assert project.run().exit == 0
