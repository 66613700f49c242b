"""Leads that sales converted and whose rows leave a sync that writes leads alone: what they became is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

REMOVED = {"removed": 1, "planned": 1, "skipped": 1}


@pytest.fixture(params=[("delete", "rest"), ("delete", "bulk"), ("clear", "rest"), ("clear", "bulk2")])
def leads(project: Project, request: pytest.FixtureRequest) -> Project:
    """An upsert of leads, of which k1 and k2 were sent."""
    on_removed, api = request.param
    write(project, on_removed, api)
    return project


def write(project: Project, on_removed: str = "delete", api: str = "rest") -> None:
    project.sync(
        object="Lead", fields={"LastName": "last", "Company": "company", "Phone": "phone"}, on_removed=on_removed,
        options={"api": api}, guards={"max_removed": "100%", "max_removed_per_day": "100%"},
    )  # fmt: skip
    project.model([row("k1"), row("k2")])
    assert project.run().exit == 0


def row(key: str) -> dict[str, Any]:
    return {"id": key, "last": "Birch", "company": "Acme", "phone": "123"}


def hide(project: Project, object_name: str, *fields: str) -> None:
    project.emulated.change({"objects": {object_name: {"fields": {each: {"hidden": True} for each in fields}}}})


@pytest.mark.rule("O4")
def test_a_converted_lead_is_not_removed_and_plan_and_run_name_its_contact(leads: Project) -> None:
    leads.emulated.convert("k1")
    (contact,) = leads.emulated.records("Contact")
    leads.model([row("k2")])
    reason = f"its record became {contact['Id']} of Contact, to which this row was never written"
    plan = leads.report("plan", "contacts")
    assert (plan.rows["skipped"], plan.actions) == (1, {}), plan.said
    assert f"records that stay although their rows left the model: 1 (k1: {reason})" in str(plan.findings)
    run = leads.run()
    assert (run.exit, run.rows) == (0, {"read": 1, "unchanged": 1, **REMOVED}), run.said
    assert (leads.ledger(run)["k1"]["code"], leads.ledger(run)["k1"]["message"]) == ("RECORD_KEPT", reason)
    assert leads.emulated.records("Contact") == [contact]
    assert leads.run().rows == {"read": 1, "unchanged": 1}


@pytest.mark.rule("O4")
def test_nor_is_one_that_is_converted_between_plan_and_write(leads: Project) -> None:
    leads.model([row("k2")])
    paths = ("*/composite/sobjects*", "*/job/*/batch", "*/jobs/ingest/*")
    converting = {"do": {"convert": ["k1"]}, "times": 1}
    methods = ("DELETE", "PATCH", "POST")
    leads.emulated.faults(*({"match": {"method": method, "path": path}, **converting}
                            for path in paths for method in methods))  # fmt: skip
    run = leads.run()
    (contact,) = leads.emulated.records("Contact")
    assert (run.exit, run.rows) == (0, {"read": 1, "unchanged": 1, **REMOVED}), run.said
    assert contact["Id"] in leads.ledger(run)["k1"]["message"]
    assert contact["Phone"] == "123"


@pytest.mark.rule("O4")
def test_the_contact_need_have_no_key_field_that_the_user_can_see(project: Project) -> None:
    write(project)
    hide(project, "Contact", "External_Id__c")
    project.emulated.convert("k1")
    project.model([row("k2")])
    run = project.run()
    assert (run.exit, project.ledger(run)["k1"]["code"]) == (0, "RECORD_KEPT"), run.said


@pytest.mark.rule("O4")
def test_an_account_is_named_to_a_user_who_sees_no_contacts(project: Project) -> None:
    write(project)
    hide(project, "Lead", "ConvertedContactId")
    project.emulated.convert("k1")
    (account,) = project.emulated.records("Account")
    project.model([row("k2")])
    run = project.run()
    assert (run.exit, run.rows["skipped"]) == (0, 1), run.said
    assert f"its record became {account['Id']} of Account" in project.ledger(run)["k1"]["message"]


@pytest.mark.rule("O4")
def test_a_user_who_sees_neither_removes_leads_and_gets_the_words_of_salesforce(project: Project) -> None:
    write(project)
    hide(project, "Lead", "ConvertedContactId", "ConvertedAccountId", "IsConverted")
    project.emulated.convert("k1")
    project.model([row("k3")])
    run = project.run()
    ledger = project.ledger(run)
    assert ledger["k1"]["code"] == "CANNOT_UPDATE_CONVERTED_LEAD", run.said
    assert ledger["k2"]["outcome"] == "succeeded"
