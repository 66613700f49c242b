"""Events and their fields, and what is wrong with a mapping."""

from __future__ import annotations

import pytest

from .projects import Project, orders


def read_refusal(project: Project) -> str:
    """Run check and plan, which refuse the project. Return what plan says."""
    project.model(orders(1))
    check, plan = project.invoke("check"), project.invoke("plan", "orders")
    assert (check.exit_code, plan.exit_code) == (64, 64), (check.stderr, plan.stderr)
    assert project.read_published() == []
    return str(plan.stderr)


def test_events_that_can_be_published_are_listed_and_no_others(project: Project) -> None:
    listed = project.invoke("discover", "bus", "--output", "csv").stdout
    assert [line.split(",")[0] for line in listed.splitlines()[1:]] == ["Legacy_Signal__e", "Order_Update__e"]


def test_an_event_that_does_not_exist_is_said_with_those_that_do(project: Project) -> None:
    project.sync(object="Nope__e")
    said = read_refusal(project)
    assert "there are: Legacy_Signal__e, Order_Update__e" in said
    assert "Setup, Platform Events" in said
    assert "Create" in said


@pytest.mark.parametrize("name", ["Event", "AccountChangeEvent", "BatchApexErrorEvent", "Account"])
def test_what_only_looks_like_an_event_cannot_be_published(project: Project, name: str) -> None:
    project.sync(object=name)
    assert f"this user can publish no event {name}" in read_refusal(project)


def test_an_event_without_create_permission_is_not_there(project: Project) -> None:
    project.emulated.change(
        {"permissions": {"integration@emulator.invalid": {"objects": {"Order_Update__e": {"create": False}}}}}
    )  # fmt: skip
    assert "give the user Create" in read_refusal(project)


def test_an_unknown_field_has_to_be_created_in_salesforce(project: Project) -> None:
    project.sync(fields={"Order_Number__c": "id", "Colour__c": "status"})
    said = read_refusal(project)
    assert "Colour__c is not there: create it in Salesforce (Setup, Platform Events, Order Update" in said


@pytest.mark.parametrize("name", ["ReplayId", "EventUuid", "CreatedDate"])
def test_a_system_field_is_refused_as_such(project: Project, name: str) -> None:
    project.sync(fields={"Order_Number__c": "id", name: "status"})
    assert f"{name} cannot be written: is a system field" in read_refusal(project)


def test_a_required_field_has_to_be_mapped_and_filled(project: Project) -> None:
    project.sync(fields={"Status__c": "status"})
    assert "Order_Number__c" in read_refusal(project)
    project.sync(fields={"Order_Number__c": "number", "Status__c": "status"})
    project.model([{"id": "1", "number": None, "status": "open"}, {"id": "2", "number": "n2", "status": "open"}])
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 1, "rejected": 1}
    assert [each["code"] for each in project.lines(run) if each["code"]] == ["REQUIRED"]
    assert project.read_published() == ["n2"]


def test_values_of_the_wrong_type_are_rejected_before_they_are_sent(project: Project) -> None:
    project.sync(fields={"Order_Number__c": "id", "Amount__c": "amount", "Ships_On__c": "day"})
    rows = [
        ("o1", "many", None),
        ("o2", "12345678901234567", None),
        ("o3", None, "tomorrow"),
        ("o4", "1.5", "2024-05-02"),
    ]
    project.model([{"id": id_, "amount": amount, "day": day} for id_, amount, day in rows])
    run = project.run()
    assert run.rows == {"read": 4, "planned": 4, "succeeded": 1, "rejected": 3}
    assert project.read_published() == ["o4"]
    assert project.calls("/composite/sobjects") == 1


@pytest.mark.rule("V12")
@pytest.mark.rule("V13")
@pytest.mark.rule("V14")
@pytest.mark.parametrize("api", ["rest", "composite", "bulk2"])
def test_values_are_published_with_every_digit_and_in_the_forms_that_salesforce_reads(
    project: Project, api: str
) -> None:
    fields = {"Order_Number__c": "id", "Amount__c": "amount", "Shipped__c": "shipped", "Shipped_At__c": "at"}
    project.sync(fields=fields, types={"amount": "DOUBLE"}, options={"api": api})
    project.model([
        {"id": "o1", "amount": "0.30000000000000004", "shipped": "Yes", "at": "2026-01-31T10:00:00.000+0000"},
        {"id": "o2", "amount": "1e-5", "shipped": "0", "at": "2026-01-31T10:00:00.000-0530"},
    ])  # fmt: skip
    run = project.run()
    assert run.rows == {"read": 2, "planned": 2, "succeeded": 2}, run.said
    payloads = [each["payload"] for each in project.emulated.events("Order_Update__e")]
    told = [(each["Amount__c"], each["Shipped__c"], each["Shipped_At__c"]) for each in payloads]
    assert told[0][:2] == (0.30000000000000004, True)
    assert told[1][:2] == (0.00001, False)
    assert [str(at)[:19] for _, _, at in told] == ["2026-01-31T10:00:00", "2026-01-31T15:30:00"]
