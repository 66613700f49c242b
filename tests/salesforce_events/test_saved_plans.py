"""A saved plan of events is refused when the event is not what it was, before anything is published."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import EVENT, Project, orders

USER = "integration@emulator.invalid"


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    ("change", "codes", "said"),
    [
        ({"objects": {EVENT: {"fields": {"Status__c": None}}}}, (6,), "Status__c is not there any more"),
        ({"objects": {EVENT: {"fields": {"Status__c": {"length": 2}}}}}, (6,), "Status__c takes 2 characters"),
        ({"objects": {EVENT: None}}, (6, 64), EVENT),
        ({"permissions": {USER: {"objects": {EVENT: {"create": False}}}}}, (6, 64), EVENT),
    ],
    ids=["field removed", "field shortened", "event removed", "permission lost"],
)
def test_a_saved_plan_is_refused_with_what_changed(
    project: Project, change: dict[str, Any], codes: tuple[int, ...], said: str
) -> None:
    project.model(orders(3))
    project.sync()
    saved = project.plan("--save").report["run"]
    project.emulated.change(change)
    run = project.report("run", "orders", "--plan", saved)
    assert run.exit in codes, run.said
    assert said in run.said
    assert "published" not in run.said
    assert project.calls(f"/sobjects/{EVENT}") == project.calls("/composite/sobjects") == 0
