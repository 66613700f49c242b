"""What an admin changes in the org between two runs: said before anything is written, with where to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

USER = "integration@emulator.invalid"


@pytest.fixture
def written(project: Project) -> Project:
    """A sync that has run once."""
    project.model([contact("k1"), contact("k2")])
    project.sync(fields={"LastName": "last", "Email": "email", "Tier__c": "tier"})
    assert project.run().exit == 0
    return project


def contact(key: str, last: str = "Ash", **more: Any) -> dict[str, Any]:
    return {"id": key, "last": last, "email": f"{key}@acme.example", "tier": "Gold", **more}


def read_refusal(project: Project) -> str:
    """Return why a run is refused, and check that the change in its model is not written."""
    project.model([contact("k1", "Changed"), contact("k2")])
    run = project.run()
    assert run.exit in (6, 64), run.said
    assert {each["LastName"] for each in project.emulated.records("Contact")} == {"Ash"}
    return " ".join(run.said.replace("│", " ").split())


def grant(project: Project, **fields: str) -> None:
    """Set the field-level security of fields of Contact."""
    project.emulated.change(
        {"permissions": {USER: {"fields": {f"Contact.{name}": level for name, level in fields.items()}}}}
    )


def field(project: Project, name: str, **flags: Any) -> None:
    """Change a field of Contact; None removes it."""
    project.emulated.change({"objects": {"Contact": {"fields": {name: flags or None}}}})


def test_a_field_that_became_read_only_stops_with_the_setup_path(written: Project) -> None:
    grant(written, Email="read")
    said = read_refusal(written)
    setup = "Setup, Object Manager, Contact, Fields & Relationships, the field, Set Field-Level Security"
    for word in (f"read-only for this user: {setup}", "since the last run"):
        assert word in said


def test_a_field_that_was_hidden_stops_as_absent_or_hidden(written: Project) -> None:
    grant(written, Email="none")
    said = read_refusal(written)
    for word in ("Email", "absent or hidden from this user", "Set Field-Level Security", "since the last run"):
        assert word in said
    assert "IsDeleted" not in said, "a field that cannot be written is proposed"


def test_a_match_field_that_was_hidden_is_named_as_such(written: Project) -> None:
    grant(written, External_Id__c="none")
    said = read_refusal(written)
    for word in ("the match field Contact.External_Id__c is absent or hidden", "since the last run"):
        assert word in said
    assert "LastName" not in said, "a field that an upsert cannot match on is proposed"


def test_a_field_that_never_was_there_is_absent_or_hidden_and_not_gone(written: Project) -> None:
    written.sync(fields={"LastName": "last", "Secret__c": "email", "Nope__c": "email"})
    said = read_refusal(written)
    assert said.count("absent or hidden from this user") == 2
    assert "since the last run" not in said


def test_a_field_that_was_renamed_is_proposed_by_its_label(written: Project) -> None:
    picklist = {"type": "picklist", "restrictedPicklist": True, "picklistValues": ["Gold"]}
    written.emulated.change(
        {"objects": {"Contact": {"fields": {"Tier__c": None, "Level__c": {**picklist, "label": "Tier"}}}}}
    )
    said = read_refusal(written)
    assert "did you mean Level__c, which has its label now?" in said


def test_a_new_required_field_stops_creations_and_lets_updates_go_on(written: Project) -> None:
    field(written, "Region__c", type="string", length=10, nillable=False)
    written.model([contact("k1", "Changed"), contact("k2"), contact("k3")])
    run = written.run()
    assert (run.exit, "Region__c" in run.said, "since the last run" in run.said) == (6, True, True), run.said
    written.sync(mode="update", fields={"LastName": "last", "Email": "email", "Tier__c": "tier"})
    run = written.run()
    assert (run.exit, run.rows["succeeded"], run.rows["skipped"]) == (0, 1, 1), run.said


def test_a_picklist_that_was_restricted_stops_until_it_is_accepted(written: Project) -> None:
    written.sync(fields={"LastName": "last", "Email": "email", "LeadSource": "tier"})
    assert written.run().exit == 0
    field(written, "LeadSource", restrictedPicklist=True)
    said = read_refusal(written)
    assert "LeadSource takes no values but those of its list" in said
    assert "--accept schema" in said
    run = written.run("--accept", "schema")
    assert written.ledger(run)["k1"]["code"] == "NOT_A_CHOICE"


def test_a_field_that_was_shortened_stops(written: Project) -> None:
    field(written, "Email", length=10)
    assert "Email takes 10 characters instead of 80" in read_refusal(written)


def test_a_new_field_is_found_when_the_object_is_discovered_again(written: Project) -> None:
    field(written, "Fresh__c", type="string", length=10)
    found = written.invoke("discover", "crm", "Contact", "--refresh", "--output", "csv").stdout
    assert any(line.startswith("Fresh__c,") for line in found.splitlines())


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
def test_reading_the_match_field_suffices_for_records_that_exist(written: Project, api: str) -> None:
    grant(written, External_Id__c="read")
    written.sync(fields={"LastName": "last", "Email": "email", "Tier__c": "tier"}, options={"api": api})
    written.model([contact("k1", "Changed"), contact("k2"), contact("k3")])
    planned = written.invoke("plan", "contacts", "--output", "json")
    assert "External_Id__c: is read-only for this user" in planned.stdout
    ledger = written.ledger(written.run())
    assert {key: line["outcome"] for key, line in ledger.items()} == {"k1": "succeeded", "k3": "rejected"}
    assert ledger["k3"]["code"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
