"""Rows that go to a contact or to a lead, whichever has their key; a converted lead is the contact that it became."""

from __future__ import annotations

from typing import Any

import pytest

from .project_folder import Done
from .projects import Project


@pytest.fixture
def both(project: Project) -> Project:
    """An upsert of people into contacts and leads; who is neither yet becomes a lead."""
    several(project)
    return project


def several(project: Project, **changes: Any) -> None:
    given = {"object": ["Contact", "Lead"], "create_in": "Lead"} | changes
    fields = {"LastName": "last", "Company": "company", "Department": "department"}
    project.sync(**{"fields": fields} | given)


def row(key: str, last: str = "Birch") -> dict[str, Any]:
    return {"id": key, "last": last, "company": "Acme", "department": "Sales"}


def put(project: Project, object_name: str, key: str) -> None:
    company = {"Company": "Acme"} if object_name == "Lead" else {}
    project.emulated.insert(object_name, {"LastName": "Ash", "External_Id__c": key, **company})


def names(project: Project, object_name: str) -> dict[str, str]:
    return {each["External_Id__c"]: each["LastName"] for each in project.emulated.records(object_name)}


def read_messages(run: Done) -> str:
    return " ".join(run.said.replace("│", " ").split())


@pytest.mark.parametrize("api", ["bulk", "rest", "bulk2"])
def test_each_row_goes_to_the_object_that_has_its_key(both: Project, api: str) -> None:
    several(both, options={"api": api})
    put(both, "Contact", "k1")
    put(both, "Lead", "k2")
    both.model([row("k1"), row("k2")])
    run = both.run()
    assert run.exit == 0, run.said
    assert (names(both, "Contact"), names(both, "Lead")) == ({"k1": "Birch"}, {"k2": "Birch"})
    executed = both.emulated.stats()["executed"]
    assert (executed["Contact"], executed["Lead"]) == ({"k1": 1}, {"k2": 1})
    ledger = both.ledger(run)
    assert {key: (each["object"], each["action"]) for key, each in ledger.items()} == {
        "k1": ("Contact", "updated"), "k2": ("Lead", "updated"),
    }  # fmt: skip


def test_a_field_that_only_one_object_has_goes_to_that_one(both: Project) -> None:
    put(both, "Contact", "k1")
    put(both, "Lead", "k2")
    both.model([row("k1"), row("k2")])
    assert both.run().exit == 0
    assert both.emulated.records("Contact")[0]["Department"] == "Sales"
    assert both.emulated.records("Lead")[0]["Company"] == "Acme"


def test_a_key_on_neither_is_created_where_the_sync_says(both: Project) -> None:
    both.model([row("k3")])
    run = both.run()
    assert run.exit == 0, run.said
    assert (names(both, "Contact"), names(both, "Lead")) == ({}, {"k3": "Birch"})
    assert (both.ledger(run)["k3"]["object"], both.ledger(run)["k3"]["action"]) == ("Lead", "created")


def test_a_key_on_neither_is_skipped_in_update(both: Project) -> None:
    several(both, mode="update", create_in=None)
    both.model([row("k3")])
    run = both.run()
    assert both.ledger(run)["k3"]["code"] == "NO_RECORD"
    assert both.emulated.records("Lead") == []


@pytest.mark.parametrize("objects", [["Contact", "Lead"], ["Lead", "Contact"]])
def test_a_key_on_both_goes_to_the_contact_with_a_warning(both: Project, objects: list[str]) -> None:
    several(both, object=objects)
    put(both, "Contact", "k5")
    put(both, "Lead", "k5")
    both.model([row("k5")])
    assert "match a record of Contact and one of Lead: 1 (k5)" in both.invoke("plan", "contacts").stdout
    assert both.run().exit == 0
    assert (names(both, "Contact"), names(both, "Lead")) == ({"k5": "Birch"}, {"k5": "Ash"})


def test_a_key_on_two_contacts_is_rejected_with_both_ids(both: Project) -> None:
    field = {"objects": {"Contact": {"fields": {"External_Id__c": {"unique": False}}}}}
    both.emulated.change(field)
    for _ in range(2):
        put(both, "Contact", "k6")
    field["objects"]["Contact"]["fields"]["External_Id__c"]["unique"] = True
    both.emulated.change(field)
    both.model([row("k6"), row("k7")])
    run = both.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    line = both.ledger(run)["k6"]
    assert line["code"] == "SEVERAL_RECORDS"
    for each in both.emulated.records("Contact"):
        assert each["Id"] in line["message"]


def test_a_converted_lead_is_the_contact_that_it_became(both: Project) -> None:
    put(both, "Lead", "k2")
    both.model([row("k2")])
    assert both.run().exit == 0
    both.emulated.convert("k2")
    both.model([row("k2", "Cedar")])
    run = both.run()
    assert run.exit == 0, run.said
    assert both.ledger(run)["k2"]["object"] == "Contact"
    assert [each["LastName"] for each in both.emulated.records("Contact")] == ["Cedar"]


def test_the_keys_of_a_converted_lead_and_of_its_contact_mean_one_record(both: Project) -> None:
    several(both, on_removed="delete", guards={"max_removed": "100%"})
    put(both, "Lead", "k3")
    both.emulated.convert("k3")
    (contact,) = both.emulated.records("Contact")
    both.emulated.update("Contact", {"Id": contact["Id"], "External_Id__c": "k7"})
    both.model([row("k3"), row("k7"), row("k8")])
    run = both.run()
    assert run.rows == {"read": 3, "planned": 3, "succeeded": 1, "rejected": 2}
    assert {line["code"] for line in both.ledger(run).values()} == {"REPEATED_MATCH", None}
    both.model([row("k3"), row("k8")])
    assert both.run().exit == 0
    both.model([row("k7", "Cedar"), row("k8")])
    run = both.run()
    assert run.rows == {"read": 2, "unchanged": 1, "removed": 1, "planned": 2, "succeeded": 1, "skipped": 1}
    assert both.ledger(run)["k3"]["code"] == "RECORD_KEPT"
    assert names(both, "Contact") == {"k7": "Cedar"}


@pytest.mark.parametrize(
    ("api", "method", "path"),
    [
        ("bulk", "POST", "*/job/*/batch"),
        ("rest", "PATCH", "*/composite/sobjects"),
        ("bulk2", "PATCH", "*/jobs/ingest/*"),
    ],
)
def test_a_lead_that_is_converted_during_the_run_is_looked_up_again_and_its_contact_written(
    both: Project, api: str, method: str, path: str
) -> None:
    several(both, options={"api": api})
    put(both, "Lead", "k1")
    put(both, "Lead", "k2")
    both.model([row("k1"), row("k2")])
    both.emulated.faults({"match": {"method": method, "path": path}, "do": {"convert": ["k2"]}, "times": 1})
    run = both.run()
    assert run.exit == 0, run.said
    assert {key: line["object"] for key, line in both.ledger(run).items()} == {"k1": "Lead", "k2": "Contact"}
    (contact,) = both.emulated.records("Contact")
    assert (contact["LastName"], contact["Department"]) == ("Birch", "Sales")
    assert both.ledger(run)["k2"]["record_id"] == contact["Id"]
    assert both.run().rows == {"read": 2, "unchanged": 2}


def test_a_key_found_on_a_contact_is_not_looked_for_in_what_a_lead_became(both: Project) -> None:
    put(both, "Lead", "k2")
    both.emulated.convert("k2")
    (became,) = both.emulated.records("Contact")
    both.emulated.delete("Contact", became["Id"])
    put(both, "Contact", "k2")
    both.model([row("k2")])
    run = both.run()
    assert run.exit == 0, run.said
    assert names(both, "Contact") == {"k2": "Birch"}


def test_without_a_field_that_is_unique_in_both_it_is_said_what_each_lacks(both: Project) -> None:
    fields = {name: {"unique": False} for name in ("External_Id__c", "Unique_Key__c")}
    both.emulated.change({"objects": {"Lead": {"fields": fields}}})
    both.model([row("k1")])
    run = both.run()
    assert run.exit == 64
    assert "External_Id__c cannot be matched on in several objects: in Lead it is not unique" in read_messages(run)
    assert "no field is unique in all of them" in read_messages(run)
    assert "Map Lead Fields" in read_messages(run)


def test_another_field_that_is_unique_in_both_is_offered(both: Project) -> None:
    several(both, match={"field": "Email", "column": "id"})
    both.model([row("k1")])
    assert "use one of: External_Id__c, Unique_Key__c" in read_messages(both.run())


def test_a_unique_field_serves_though_it_is_no_external_id(both: Project) -> None:
    several(both, match={"field": "Unique_Key__c", "column": "id"})
    both.model([row("k1")])
    assert both.run().exit == 0
    both.model([row("k1", "Cedar")])
    assert both.run().exit == 0
    assert [(each["Unique_Key__c"], each["LastName"]) for each in both.emulated.records("Lead")] == [("k1", "Cedar")]


def test_an_unchanged_row_is_not_sent_again(both: Project) -> None:
    both.model([row("k1")])
    both.run()
    assert both.run().rows == {"read": 1, "unchanged": 1}


def test_a_row_that_left_is_removed_from_its_object(both: Project) -> None:
    several(both, on_removed="delete", guards={"max_removed": "100%"})
    put(both, "Contact", "k1")
    both.model([row("k1"), row("k2"), row("k3")])
    assert both.run().exit == 0
    both.model([row("k3")])
    run = both.run()
    assert run.exit == 0, run.said
    assert (names(both, "Contact"), names(both, "Lead")) == ({}, {"k3": "Birch"})
    assert {key: each["object"] for key, each in both.ledger(run).items()} == {"k1": "Contact", "k2": "Lead"}


@pytest.mark.parametrize("objects", [["Account", "Lead"], ["Lead", "Account"]])
def test_accounts_and_leads_go_together_too(both: Project, objects: list[str]) -> None:
    fields = {"Name": "company", "LastName": "last", "Company": "company", "Phone": "id"}
    several(both, object=objects, fields=fields, options={"parallelism": 1})
    both.emulated.insert("Account", {"Name": "Old", "External_Id__c": "both"})
    for key in ("both", "lead", "before", "meanwhile"):
        put(both, "Lead", key)
    both.emulated.convert("before")
    both.emulated.faults({"match": {"path": "*/job/*/batch"}, "do": {"convert": ["meanwhile"]}, "times": 1})
    both.model([row(key) for key in ("both", "lead", "before", "meanwhile", "new")])
    run = both.run()
    assert run.exit == 0, run.said
    assert {key: line["object"] for key, line in both.ledger(run).items()} == {
        "both": "Account", "lead": "Lead", "before": "Account", "meanwhile": "Account", "new": "Lead",
    }  # fmt: skip
    assert {each["Phone"] for each in both.emulated.records("Account")} == {"both", "before", "meanwhile"}


def test_the_removal_of_a_row_leaves_the_contact_that_its_lead_became(both: Project) -> None:
    several(both, on_removed="delete", guards={"max_removed": "100%"})
    both.model([row("k1"), row("k2")])
    assert both.run().exit == 0
    both.emulated.convert("k2")
    both.model([row("k1")])
    run = both.run()
    assert run.exit == 0, run.said
    assert (both.ledger(run)["k2"]["outcome"], both.ledger(run)["k2"]["code"]) == ("skipped", "RECORD_KEPT")
    assert len(both.emulated.records("Contact")) == 1


def test_references_of_either_object_are_found_by_key_and_contacts_come_after_those_they_report_to(
    both: Project,
) -> None:
    several(
        both,
        create_in="Contact",
        fields={
            "LastName": "last",
            "Company": "company",
            "AccountId": {"find": "Account", "where": "Unique_Key__c", "equals": "account"},
            "ReportsToId": {"find": "Contact", "where": "External_Id__c", "equals": "boss"},
            "OwnerId": {"find": "User", "where": "Username", "equals": "owner"},
        },
    )
    both.emulated.insert("Account", {"Name": "Acme", "Unique_Key__c": "a"})
    (account,) = both.emulated.records("Account")
    (user, *_) = both.emulated.records("User")
    put(both, "Lead", "lead")
    more = {"account": "a", "owner": user["Username"]}
    both.model([
        {**row("worker"), **more, "boss": "boss"}, {**row("lead"), **more, "boss": None},
        {**row("boss"), **more, "account": None, "boss": None},
    ])  # fmt: skip
    run = both.run()
    assert run.exit == 0, run.said
    contacts = {each["External_Id__c"]: each for each in both.emulated.records("Contact")}
    assert contacts["worker"]["ReportsToId"] == contacts["boss"]["Id"]
    assert (contacts["worker"]["AccountId"], contacts["boss"]["AccountId"]) == (account["Id"], None)
    assert {each["OwnerId"] for each in [*contacts.values(), *both.emulated.records("Lead")]} == {user["Id"]}
