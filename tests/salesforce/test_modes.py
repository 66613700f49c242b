"""What each mode does with rows that are new, that changed and that left the model."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]


def contact(key: str, last: str = "Ash", **more: Any) -> dict[str, Any]:
    return {"id": key, "last": last, "email": f"{key}@acme.example", **more}


def read_contacts(project: Project) -> dict[str, dict[str, Any]]:
    return {each["External_Id__c"]: each for each in project.emulated.records("Contact")}


def names(project: Project) -> dict[str, str]:
    return {key: each["LastName"] for key, each in read_contacts(project).items()}


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_an_insert_ignores_changes_and_rows_that_leave_or_come_back(project: Project, api: str) -> None:
    fields = {"LastName": "last", "External_Id__c": "id"}
    project.sync(mode="insert", match=None, fields=fields, options={"api": api})
    project.model([contact("k1"), contact("k2"), contact("k3")])
    assert project.run().exit == 6
    run = project.run("--first-run", "send")
    assert (run.exit, run.report["actions"]["created"]) == (0, 3), run.said
    for rows in ([contact("k1"), contact("k2", "Changed")], [contact("k1"), contact("k2"), contact("k3", "Back")]):
        project.model(rows)
        run = project.run()
        assert (run.exit, "planned" in run.rows) == (0, False), run.said
    assert names(project) == {"k1": "Ash", "k2": "Ash", "k3": "Ash"}


@pytest.mark.parametrize("api", APIS)
def test_an_update_skips_a_row_without_a_record_until_there_is_one(project: Project, api: str) -> None:
    project.emulated.insert("Contact", {"LastName": "Before", "External_Id__c": "k1"})
    project.sync(mode="update", options={"api": api})
    project.model([contact("k1"), contact("k9")])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["skipped"]) == (0, 1, 1), run.said
    line = project.ledger(run)["k9"]
    assert "External_Id__c" in line["message"]
    assert "k9" in line["message"]
    assert names(project) == {"k1": "Ash"}
    project.emulated.insert("Contact", {"LastName": "By hand", "External_Id__c": "k9"})
    assert project.run().rows == {"read": 2, "unchanged": 1, "planned": 1, "succeeded": 1}
    assert names(project) == {"k1": "Ash", "k9": "Ash"}


@pytest.mark.parametrize("api", APIS)
def test_an_archive_puts_the_records_of_the_model_into_the_recycle_bin_once(project: Project, api: str) -> None:
    project.emulated.insert("Contact", *({"LastName": "Before", "External_Id__c": key} for key in ("k1", "k2", "k3")))
    project.sync(mode="archive", fields=None, options={"api": api})
    project.model([contact("k1"), contact("k2")])
    assert project.run().report["actions"]["deleted"] == 2
    assert sorted(each["External_Id__c"] for each in project.emulated.recycle_bin("Contact")) == ["k1", "k2"]
    assert list(read_contacts(project)) == ["k3"]
    assert "planned" not in project.run().rows


REMOVALS = {"nothing": ("k3@acme.example", "updated"), "clear": (None, "updated"), "delete": (None, "created")}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("on_removed", REMOVALS)
def test_a_row_that_leaves_and_comes_back(project: Project, api: str, on_removed: str) -> None:
    project.sync(on_removed=on_removed, options={"api": api}, guards={"max_removed": None})
    project.model([contact("k1"), contact("k3")])
    project.run()
    (id_,) = [each["Id"] for key, each in read_contacts(project).items() if key == "k3"]
    project.model([contact("k1")])
    assert project.run().exit == 0
    email, action = REMOVALS[on_removed]
    assert ("k3" in read_contacts(project)) is (on_removed != "delete")
    if on_removed == "delete":
        assert [each["Id"] for each in project.emulated.recycle_bin("Contact")] == [id_]
    else:
        assert (read_contacts(project)["k3"]["Email"], read_contacts(project)["k3"]["LastName"]) == (email, "Ash")
    project.model([contact("k1"), contact("k3", "Back")])
    run = project.run()
    assert (run.exit, run.report["actions"][action]) == (0, 1), run.report
    assert (read_contacts(project)["k3"]["Email"], names(project)["k3"]) == ("k3@acme.example", "Back")
    assert (read_contacts(project)["k3"]["Id"] == id_) is (on_removed != "delete")


@pytest.mark.parametrize(
    ("mode", "on_removed", "allowed"),
    [
        ("insert", "delete", "allowed: nothing"),
        ("insert", "clear", "allowed: nothing"),
        ("update", "delete", "allowed: clear, nothing"),
        ("archive", "clear", "allowed: nothing"),
    ],
)
def test_what_a_mode_does_not_do_with_removed_rows_is_refused(
    project: Project, mode: str, on_removed: str, allowed: str
) -> None:
    project.model([contact("k1")])
    keyless = {"match": None} if mode == "insert" else {}
    project.sync(
        mode=mode, on_removed=on_removed, fields=None if mode == "archive" else {"LastName": "last"}, **keyless
    )
    for command in ("check", "plan contacts", "run contacts"):
        said = project.invoke(*command.split())
        told = " ".join(said.stderr.split())
        assert (said.exit_code, f"on_removed: {on_removed} is not allowed in mode {mode}" in told) == (64, True)
        assert allowed in told
        assert "contacts.on_removed" in told
    assert project.emulated.writing_calls() == []


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("on_removed", ["clear", "delete"])
def test_a_record_whose_key_was_changed_on_both_sides_stays(project: Project, api: str, on_removed: str) -> None:
    project.sync(on_removed=on_removed, options={"api": api}, guards={"max_removed": None})
    project.model([contact("k1"), contact("k3")])
    project.run()
    record = read_contacts(project)["k3"]
    project.emulated.update("Contact", {"Id": record["Id"], "External_Id__c": "k7"})
    project.model([contact("k1"), contact("k7", "Birch")])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["skipped"]) == (0, 1, 1), run.said
    assert project.ledger(run)["k3"]["code"] == "RECORD_KEPT"
    found = read_contacts(project)["k7"]
    assert (found["Id"], found["LastName"], found["Email"]) == (record["Id"], "Birch", "k7@acme.example")
    assert "planned" not in project.run().rows


def test_an_empty_model_deletes_nothing_until_that_is_accepted(project: Project) -> None:
    project.sync(on_removed="delete")
    project.model([contact(f"k{n}") for n in range(500)])
    project.run()
    (project.folder / "contacts.csv").write_text("id,last,email\n")
    run = project.run()
    assert (run.exit, len(read_contacts(project))) == (6, 500), run.said
    for guard in ("min_rows", "max_removed"):
        assert f"--accept {guard}" in " ".join(run.said.split())
    assert project.run("--accept", "min_rows").exit == 6
    run = project.run("--accept", "min_rows", "--accept", "max_removed")
    assert (run.exit, run.report["actions"]["deleted"], read_contacts(project)) == (0, 500, {})


@pytest.mark.parametrize("on_removed", ["clear", "delete"])
def test_a_full_run_leaves_removed_rows_alone(project: Project, on_removed: str) -> None:
    project.sync(on_removed=on_removed, guards={"max_removed": None})
    project.model([contact("k1"), contact("k2")])
    project.run()
    project.model([contact("k1")])
    run = project.run("--full")
    assert (run.exit, run.rows) == (0, {"read": 1, "planned": 1, "succeeded": 1}), run.said
    assert (run.report["actions"]["cleared"], run.report["actions"]["deleted"]) == (0, 0)
    found = {key: (each["LastName"], each["Email"]) for key, each in read_contacts(project).items()}
    assert found == {key: ("Ash", f"{key}@acme.example") for key in ("k1", "k2")}


@pytest.mark.parametrize("api", APIS)
def test_clearing_leaves_the_match_field_required_fields_and_booleans_and_names_them(
    project: Project, api: str
) -> None:
    fields = {"LastName": "last", "Email": "email", "DoNotCall": "quiet", "AccountId": "account", "Origin__c": "last"}
    project.emulated.insert("Account", {"Name": "one"})
    (account,) = [each["Id"] for each in project.emulated.records("Account")]
    project.sync(fields=fields, on_removed="clear", options={"api": api}, guards={"max_removed": None})
    rows = [contact(key, quiet="true", account=account) for key in ("k1", "k2")]
    project.model(rows)
    project.run()
    project.model(rows[:1])
    planned = " ".join(project.invoke("plan", "contacts", "--output", "json").stdout.split())
    assert "keep their value: External_Id__c, DoNotCall, LastName, Origin__c" in planned
    assert project.run().report["actions"]["cleared"] == 1
    left = read_contacts(project)["k2"]
    assert (left["LastName"], left["DoNotCall"], left["Origin__c"]) == ("Ash", True, "Ash")
    assert (left["Email"], left["AccountId"]) == (None, None)


@pytest.mark.parametrize("api", ["bulk", "bulk2"])
def test_a_hard_delete_of_removed_rows_passes_the_recycle_bin(project: Project, api: str) -> None:
    project.sync(on_removed="delete", options={"api": api, "hard_delete": True}, guards={"max_removed": None})
    project.model([contact("k1"), contact("k2")])
    project.run()
    project.model([contact("k1")])
    assert project.run().report["actions"]["deleted"] == 1
    assert (list(read_contacts(project)), project.emulated.recycle_bin("Contact")) == (["k1"], [])
