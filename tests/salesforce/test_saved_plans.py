"""A saved plan is refused when the org is not what it was planned for, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project

USER = "integration@emulator.invalid"
FIELDS = {"LastName": "last", "Email": "email", "LeadSource": "source"}


@pytest.fixture
def saved(project: Project) -> str:
    """A saved plan of two contacts."""
    project.model([contact("k1"), contact("k2")])
    project.sync(fields=FIELDS)
    return str(project.report("plan", "contacts", "--save").report["run"])


def contact(key: str) -> dict[str, str]:
    return {"id": key, "last": "Ash", "email": f"{key}@acme.example", "source": "Web"}


def fields(**changes: Any) -> dict[str, Any]:
    """Return a change of fields of Contact; None removes a field."""
    return {"objects": {"Contact": {"fields": changes}}}


def grant(**levels: str) -> dict[str, Any]:
    return {"permissions": {USER: {"fields": {f"Contact.{name}": level for name, level in levels.items()}}}}


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (fields(Email=None), "Contact.Email is not there any more, or this user does not see it"),
        (grant(Email="none"), "Contact.Email is not there any more, or this user does not see it"),
        (grant(Email="read"), "Contact.Email is read-only for this user"),
        (fields(External_Id__c=None), "Contact.External_Id__c is not there any more"),
        (fields(External_Id__c={"externalId": False, "unique": False}), "Contact.External_Id__c"),
        (fields(Email={"length": 10}), "Contact.Email takes 10 characters instead of 80"),
        (
            fields(LeadSource={"restrictedPicklist": True, "picklistValues": ["Phone"]}),
            "Contact.LeadSource takes no values but those of its list",
        ),
        (
            fields(Region__c={"type": "string", "length": 10, "nillable": False}),
            "records of Contact are not created without Region__c any more",
        ),
    ],
    ids=["removed", "hidden", "read only", "key removed", "key dropped", "shorter", "restricted", "required"],
)
def test_a_saved_plan_is_refused_with_what_changed(
    project: Project, saved: str, change: dict[str, Any], said: str
) -> None:
    project.emulated.change(change)
    run = project.run("--plan", saved)
    assert run.exit == 6, run.said
    assert said in run.said
    assert "plan again with --save" in run.said
    assert project.emulated.records("Contact") == []


@pytest.mark.rule("C1")
def test_a_saved_plan_is_refused_when_a_value_that_it_sends_was_deactivated(project: Project) -> None:
    values = {"restrictedPicklist": True, "picklistValues": ["Web", "Phone"]}
    project.emulated.change(fields(LeadSource=values))
    project.model([contact("k1"), contact("k2")])
    project.sync(fields=FIELDS)
    saved = project.report("plan", "contacts", "--save").report["run"]
    project.emulated.change(fields(LeadSource={**values, "picklistValues": ["Phone"]}))
    run = project.run("--plan", saved)
    assert (run.exit, "Contact.LeadSource does not take Web any more" in run.said) == (6, True), run.said


@pytest.mark.rule("C1")
def test_a_saved_plan_of_an_object_that_may_not_be_written_any_more_is_no_bug(project: Project, saved: str) -> None:
    project.emulated.change({"permissions": {USER: {"objects": {"Contact": {"create": False, "edit": False}}}}})
    run = project.run("--plan", saved)
    assert run.exit == 6, run.said
    assert "Contact" in run.said
    assert project.emulated.records("Contact") == []


def test_a_saved_plan_runs_when_what_changed_does_not_concern_it(project: Project, saved: str) -> None:
    project.emulated.change(fields(Fax=None, LeadSource={"picklistValues": ["Phone"]}))
    assert project.run("--plan", saved).exit == 0
    assert len(project.emulated.records("Contact")) == 2
