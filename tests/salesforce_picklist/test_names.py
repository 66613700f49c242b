"""Names, labels and limits: all that is wrong with a list is said before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from .projects import Project


def values(project: Project, *found: Any, **field: Any) -> None:
    """Give Account.Tier__c other values; a text is an active one."""
    listed = [{"value": each} if isinstance(each, str) else each for each in found]
    project.emulated.change({"objects": {"Account": {"fields": {"Tier__c": {"picklistValues": listed, **field}}}}})


def inactive(name: str) -> dict[str, Any]:
    return {"value": name, "active": False}


def test_a_restricted_field_takes_a_thousand_values_active_and_inactive_together(project: Project) -> None:
    kept = [f"kept {number}" for number in range(5)]
    values(project, *(inactive(f"old {number}") for number in range(990)), *kept)
    new = [f"new {number}" for number in range(10)]
    project.model(*kept, *new)
    run = project.run()
    assert (run.exit, project.count_writes()) == (6, {})
    assert "5 too many" in run.said
    assert "990 could go" in run.said
    assert any("5 too many" in each for each in project.plan().findings)
    project.model(*kept, *new[:5])
    assert project.run().exit == 0
    assert len(project.emulated.picklist("Account.Tier__c")) == 1000


def test_an_unrestricted_field_takes_a_thousand_active_values(project: Project) -> None:
    project.sync(match={"field": "Channel__c", "column": "name"})
    project.model(*(f"value {number}" for number in range(1001)))
    assert "1 too many" in project.run().said
    project.model(*(f"value {number}" for number in range(1000)))
    assert project.run().exit == 0


def test_a_multi_select_field_and_one_that_controls_another_take_fewer(project: Project) -> None:
    project.sync(match={"field": "Segments__c", "column": "name"})
    project.model(*(f"value {number}" for number in range(501)))
    assert "5 too many: the picklist takes 500" in project.run().said
    project.sync(match={"field": "Continent__c", "column": "name"}, options={"break_dependencies": True})
    project.model(*(f"value {number}" for number in range(301)))
    assert "takes 300" in project.run().said


def test_a_label_that_no_column_gives_stays_and_a_new_value_is_labelled_by_its_name(project: Project) -> None:
    values(project, {"value": "gold", "label": "Gold member"}, "silver")
    project.sync(fields={"description": "about"})
    project.model(
        {"name": "gold", "about": None}, {"name": "silver", "about": "second"}, {"name": "plat", "about": None}
    )
    assert project.run().exit == 0
    assert project.active() == {"gold": "Gold member", "silver": "silver", "plat": "plat"}


def test_rows_without_a_label_fall_back_as_if_there_were_no_column(project: Project) -> None:
    values(project, {"value": "gold", "label": "Gold member"})
    project.model("gold", "plat", "tin")
    assert project.run().exit == 0
    assert project.active() == {"gold": "Gold member", "plat": "plat", "tin": "tin"}
    assert project.run().rows == {"read": 3, "unchanged": 3}


@pytest.mark.parametrize(("name", "code"), [(" ", "NULL_KEY"), ("x" * 256, "TOO_LONG"), (" gold ", "REPEATED_MATCH")])
def test_a_name_that_can_be_none_is_rejected_with_its_row_and_stops_the_list(
    project: Project, name: str, code: str
) -> None:
    project.model("Silver", "gold", name)
    run = project.run()
    assert (run.exit, project.count_writes()) == (6, {})
    assert "rejected" in run.said
    plan = project.plan()
    rejected = plan.report["samples"]["rejected"]
    assert plan.rows["rejected"] == len(rejected) == (2 if code == "REPEATED_MATCH" else 1)
    assert all(each["code"] == code and each["message"] for each in rejected)


def test_a_blank_name_beside_a_key_of_its_own_is_rejected(project: Project) -> None:
    project.sync()
    file = project.folder / "connector.yml"
    file.write_text(file.read_text().replace("primary_key: name", "primary_key: id"))
    project.model({"name": "Gold", "id": 1}, {"name": "  ", "id": 2})
    plan = project.plan()
    assert (plan.exit, plan.rows["rejected"]) == (6, 1)


def test_a_semicolon_in_a_name_of_a_multi_select_field_is_rejected(project: Project) -> None:
    project.sync(match={"field": "Segments__c", "column": "name"})
    project.model("a;b", "c")
    plan = project.plan()
    assert (plan.exit, plan.rows["rejected"]) == (6, 1)
    assert "semicolon" in plan.report["samples"]["rejected"][0]["message"]
    project.sync()
    project.model("a;b", "Gold")
    assert project.run().exit == 0


def test_a_name_that_differs_only_in_case_is_the_orgs_value(project: Project) -> None:
    project.model("GOLD", "silver", {"name": "bronze", "label": "Third"})
    run = project.run()
    assert run.actions == {"updated": 1}
    assert project.active() == {"Gold": "Gold", "Silver": "Silver", "Bronze": "Third"}


def test_two_active_values_never_have_one_label(project: Project) -> None:
    values(project, {"value": "gold", "label": "Gold member"}, "silver")
    project.model("gold", {"name": "silver", "label": "GOLD MEMBER"})
    run = project.run()
    assert (run.exit, project.count_writes()) == (6, {})
    assert "several values would have the label 'Gold member': gold, silver" in run.said
    project.model("gold", "silver", "gold member")
    assert "several values would have the label" in project.run().said


def test_everything_that_is_wrong_is_said_at_once(project: Project) -> None:
    values(project, *(inactive(f"old {number}") for number in range(999)), "gold")
    project.model({"name": "gold", "label": "One"}, {"name": "silver", "label": "one"})
    said = project.run().said
    assert "1 too many" in said
    assert "several values would have the label" in said


@pytest.mark.parametrize("way", ["moved", "chained", "swapped"])
def test_a_label_moves_from_value_to_value_in_as_many_writes_as_that_takes(project: Project, way: str) -> None:
    values(project, {"value": "a", "label": "One"}, {"value": "b", "label": "Two"})
    rows, writes = {
        "moved": ([("b", "Two"), ("c", "One")], 2),
        "chained": ([("a", "Two"), ("b", "Three"), ("c", "One")], 3),
        "swapped": ([("a", "Two"), ("b", "One")], 3),
    }[way]
    project.model(*({"name": name, "label": label} for name, label in rows))
    run = project.run()
    assert run.exit == 0
    assert project.active() == dict(rows)
    assert project.count_writes() == {"Account.Tier__c": writes}
    assert project.run().rows == {"read": len(rows), "unchanged": len(rows)}


def test_a_list_that_is_saved_and_run_later_is_the_one_that_was_shown(project: Project) -> None:
    project.model("Gold", "Platinum")
    plan = project.plan("--save")
    project.model("Gold", "Lead")
    assert project.run("--plan", plan.report["run"]).exit == 0
    assert list(project.active()) == ["Gold", "Platinum"]


def test_a_saved_list_is_not_written_over_what_changed_since(project: Project) -> None:
    project.model("Gold", "Platinum")
    plan = project.plan("--save")
    values(project, "Gold", "Copper")
    run = project.run("--plan", plan.report["run"])
    assert run.exit != 0
    assert list(project.active()) == ["Gold", "Copper"]
