"""An event for each new primary key, once."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from .projects import Project, orders


def test_each_key_is_published_once_and_changes_and_removals_are_ignored(project: Project) -> None:
    project.model(orders(3))
    assert project.run().rows == {"read": 3, "planned": 3, "succeeded": 3}
    assert project.read_published() == ["o0000", "o0001", "o0002"]
    changed: list[dict[str, Any]] = [{**each, "status": "shipped"} for each in orders(2)]
    project.model(changed)
    assert project.run().rows == {"read": 2, "unchanged": 2}
    project.model(orders(3))
    assert project.run().rows == {"read": 3, "unchanged": 3}
    assert len(project.read_published()) == 3


def test_a_first_run_waits_for_a_word_whether_the_rows_were_sent(project: Project) -> None:
    project.model(orders(2))
    refused = project.invoke("run", "orders")
    assert (refused.exit_code, project.read_published()) == (6, [])
    assert project.invoke("run", "orders", "--first-run", "baseline").exit_code == 0
    project.model(orders(3))
    assert project.invoke("run", "orders").exit_code == 0
    assert project.read_published() == ["o0002"]


@pytest.mark.rule("S2")
def test_events_of_a_state_that_is_lost_or_copied_are_not_published_again(project: Project) -> None:
    project.model(orders(2))
    assert project.invoke("run", "orders", "--first-run", "send").exit_code == 0
    state = project.folder / ".connector"
    shutil.copytree(state, project.folder / "copy")
    shutil.rmtree(state)
    lost = project.invoke("run", "orders", "--first-run", "send")
    assert (lost.exit_code, project.read_published()) == (6, ["o0000", "o0001"])
    assert "--accept lost-state" in lost.stderr
    shutil.copytree(project.folder / "copy", state, dirs_exist_ok=True)
    copied = project.invoke("run", "orders", "--first-run", "send", "--state", str(project.folder / "copy"))
    assert (copied.exit_code, project.read_published()) == (6, ["o0000", "o0001"])
    assert "--accept copied" in copied.stderr
    assert project.invoke("run", "orders").exit_code == 0


def test_null_and_repeated_keys_are_rejected_and_none_of_them_is_published(project: Project) -> None:
    rows: list[dict[str, Any]] = [*orders(2), {"id": None, "status": "x"}, *orders(1, 7), *orders(1, 7)]
    project.model(rows)
    run = project.run()
    assert run.rows == {"read": 5, "planned": 5, "succeeded": 2, "rejected": 3}
    assert project.read_published() == ["o0000", "o0001"]
    assert sorted(each["code"] for each in project.lines(run) if each["code"]) == [
        "NULL_KEY", "REPEATED_KEY", "REPEATED_KEY",
    ]  # fmt: skip


def test_what_makes_no_sense_for_events_is_refused_all_at_once(project: Project) -> None:
    project.sync(mode="upsert", on_removed="delete", match={"field": "Order_Number__c", "column": "id"})
    project.model(orders(1))
    for refused in (project.invoke("check"), project.invoke("plan", "orders")):
        assert refused.exit_code == 64
        assert all(f"syncs.orders.{key}" in refused.stderr for key in ("mode", "on_removed", "match"))
    assert project.read_published() == []


def test_a_row_that_was_too_long_is_published_once_when_it_is_corrected(project: Project) -> None:
    project.model([{"id": "o1", "status": "x" * 41}])
    assert project.run().rows["rejected"] == 1
    project.model([{"id": "o1", "status": "open"}])
    assert project.run().rows["succeeded"] == 1
    assert project.run().rows == {"read": 1, "unchanged": 1}
    assert project.read_published() == ["o1"]


def test_values_of_every_type_arrive_as_they_are(project: Project) -> None:
    fields = {
        "Order_Number__c": "id", "Amount__c": "amount", "Shipped__c": "shipped", "Shipped_At__c": "at",
        "Ships_On__c": "day", "Notes__c": "notes", "Status__c": {"value": "open"},
    }  # fmt: skip
    project.sync(fields=fields, types={"amount": "decimal(18, 2)", "shipped": "boolean", "day": "date"})
    notes = 'quotes " and \\ and\nlines, 日本語 😀 <b>'
    project.model(
        [
            {"id": "o1", "amount": "1234567890123.45", "shipped": "true", "at": "2024-05-01T12:00:00+02:00",
             "day": "2024-05-02", "notes": notes},
            {"id": "o2", "amount": None, "shipped": "false", "at": None, "day": None, "notes": None},
        ]
    )  # fmt: skip
    assert project.run().rows["succeeded"] == 2
    first, second = (each["payload"] for each in project.emulated.events("Order_Update__e"))
    assert first["Amount__c"] == 1234567890123.45
    assert (first["Shipped__c"], first["Ships_On__c"], first["Notes__c"]) == (True, "2024-05-02", notes)
    assert first["Shipped_At__c"].startswith("2024-05-01T10:00:00.000")
    assert (second.get("Amount__c"), second["Shipped__c"]) == (None, False)
