"""Which fields a mode may write: what is refused with which reason, and what travels only with some records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .projects import Project

APIS = ["bulk", "bulk2", "rest"]


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "last": "Ash", "origin": "Fair", "state": "seen", **more}


def read_contacts(project: Project) -> dict[str, dict[str, Any]]:
    return {each["External_Id__c"]: each for each in project.emulated.records("Contact")}


def read_refusal(project: Project) -> str:
    """Return why `check`, `plan` and `run` are refused, all with the same words, and check that nothing is written."""
    project.model([contact("k1")])
    told = set()
    for command in ("check", "plan contacts", "run contacts --first-run send --quiet"):
        said = project.invoke(*command.split())
        assert said.exit_code == 64, said.stderr
        told.add(" ".join(said.stderr.split()))
    assert len(told) == 1
    assert project.emulated.writing_calls() == []
    assert project.emulated.records("Contact") == []
    return told.pop()


REASONS = {
    "Greeting__c": "is a formula",
    "Open_Cases__c": "is a roll-up",
    "Contact_Number__c": "is an auto-number",
    "CreatedDate": "is a system field",
    "Name": "is a compound field: write its parts",
    "MailingAddress": "is a compound field: write its parts",
    "Secret__c": "is absent or hidden from this user: Setup, Object Manager, Contact",
    "Id": "is the Salesforce id",
}


def test_every_field_that_cannot_be_written_is_told_with_its_own_reason_and_place(project: Project) -> None:
    project.sync(fields={"LastName": "last", **dict.fromkeys(REASONS, "last")})
    said = read_refusal(project)
    for name, reason in REASONS.items():
        assert f"contacts.fields.{name}: " in said
        assert reason in said
    assert said.count("contacts.fields.") == len(REASONS)


@pytest.mark.parametrize(
    ("mode", "field", "reason"),
    [
        ("update", "Origin__c", "can be set only when a record is created"),
        ("insert", "Review_State__c", "can be set only on a record that exists"),
    ],
)
def test_a_field_that_the_mode_never_writes_is_refused(project: Project, mode: str, field: str, reason: str) -> None:
    keyless = {"match": None} if mode == "insert" else {}
    project.sync(mode=mode, fields={"LastName": "last", field: "last"}, **keyless)
    assert f"contacts.fields.{field}: {field} cannot be written: {reason}" in read_refusal(project)


@pytest.mark.parametrize("api", APIS)
def test_an_upsert_writes_each_field_to_the_records_that_can_have_it(project: Project, api: str) -> None:
    project.emulated.insert("Contact", {"LastName": "Before", "External_Id__c": "k1", "Origin__c": "Before"})
    project.sync(fields={"LastName": "last", "Origin__c": "origin", "Review_State__c": "state"}, options={"api": api})
    project.model([contact("k1"), contact("k2")])
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 2), project.ledger(run)
    found = {
        key: (each["LastName"], each["Origin__c"], each["Review_State__c"])
        for key, each in read_contacts(project).items()
    }
    assert found == {"k1": ("Ash", "Before", "seen"), "k2": ("Ash", "Fair", None)}


@pytest.mark.rule("T5")
def test_a_plan_shows_of_each_record_the_fields_that_it_can_have(project: Project) -> None:
    project.emulated.insert("Contact", {"LastName": "Before", "External_Id__c": "k1"})
    (known,) = (each["Id"] for each in project.emulated.records("Contact"))
    project.sync(fields={"LastName": "last", "Origin__c": "origin", "Review_State__c": "state"})
    project.model([contact("k1"), contact("k2")])
    (plan,) = json.loads(project.invoke("plan", "contacts", "--output", "json").stdout)
    assert plan["samples"] == {
        "updated": [{"key": "k1", "record_id": known, "LastName": "Ash", "Review_State__c": "seen"}],
        "created": [{"key": "k2", "External_Id__c": "k2", "LastName": "Ash", "Origin__c": "Fair"}],
    }


@pytest.mark.parametrize("api", APIS)
def test_a_change_in_a_field_that_is_set_once_is_no_change_ever(project: Project, api: str) -> None:
    project.sync(fields={"LastName": "last", "Origin__c": "origin"}, options={"api": api})
    project.model([contact("k1"), contact("k2")])
    project.run()
    executed = project.emulated.stats()["executed"]["Contact"]
    project.model([contact("k1", origin="Web"), contact("k2")])
    for _ in range(3):
        run = project.run()
        assert (run.exit, run.rows) == (0, {"read": 2, "unchanged": 2})
    assert project.emulated.stats()["executed"]["Contact"] == executed
    assert read_contacts(project)["k1"]["Origin__c"] == "Fair"


@pytest.mark.parametrize("api", APIS)
def test_a_record_that_was_deleted_by_hand_is_made_anew_under_its_master(project: Project, api: str) -> None:
    project.emulated.insert("Account", {"Name": "one", "External_Id__c": "a-1"})
    master = {"find": "Account", "where": "External_Id__c", "equals": "acc"}
    project.sync(object="Subscription__c", fields={"Account__c": master, "Seats__c": "seats"}, options={"api": api})
    project.model([{"id": "k1", "acc": "a-1", "seats": "1"}])
    project.run()
    (record,) = project.emulated.records("Subscription__c")
    project.emulated.delete("Subscription__c", record["Id"])
    project.model([{"id": "k1", "acc": "a-1", "seats": "2"}])
    assert project.run().rows == {"read": 1, "planned": 1, "skipped": 1}
    assert project.run().rows == {"read": 1, "planned": 1, "succeeded": 1}
    (made,) = project.emulated.records("Subscription__c")
    assert (made["Account__c"], made["Seats__c"]) == (record["Account__c"], 2)


def test_records_are_looked_up_only_where_it_matters_whether_they_exist(project: Project) -> None:
    for fields, looks in (({"LastName": "last"}, 0), ({"LastName": "last", "Origin__c": "origin"}, 1)):
        project.emulated.reset()
        project.sync(fields=fields)
        project.model([contact("k1"), contact("k2")])
        before = project.emulated.stats()["calls"].get("GET /services/data/v66.0/query", 0)
        project.run("--start-over")
        asked = project.emulated.stats()["calls"].get("GET /services/data/v66.0/query", 0) - before
        assert asked - 1 == looks, "one query is the login's, about the org"
        project.model([contact("k1", last="Birch"), contact("k2")])
        before = project.emulated.stats()["calls"]["GET /services/data/v66.0/query"]
        assert project.run().rows["succeeded"] == 1
        assert project.emulated.stats()["calls"]["GET /services/data/v66.0/query"] - before == 1


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_an_insert_leaves_nulls_out_so_that_defaults_apply(project: Project, api: str) -> None:
    project.emulated.change({"objects": {"Contact": {"fields": {"Level__c": {
        "type": "string", "length": 20, "defaultedOnCreate": True, "defaultValue": "basic"}}}}})  # fmt: skip
    project.sync(mode="insert", match=None, options={"api": api},
                 fields={"LastName": "last", "Level__c": "level", "External_Id__c": "id"})  # fmt: skip
    project.model([contact("k1", level=None), contact("k2", level="gold")])
    assert project.run("--first-run", "send").exit == 0
    assert {key: each["Level__c"] for key, each in read_contacts(project).items()} == {"k1": "basic", "k2": "gold"}
