"""Runs that Salesforce stops, and answers that are lost: what the reports say agrees with the org."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from connector_sdk import history, hookimpl
from connector_sdk.project.load import load_project
from connector_sdk.run import FirstRun, run

from .projects import Project

BATCHES, SIZE, IN_FLIGHT, LEFT = 12, 20, 4, 7


class UsesUp:
    """Others use batches of the day, as soon as the run is planned: so many are left to it."""

    def __init__(self, project: Project, left: int) -> None:
        self._project = project
        self._left = left

    @hookimpl
    def run_planned(self) -> None:
        """Use them."""
        allow(self._project, self._left)


def allow(project: Project, batches: int) -> None:
    project.emulated.change({"limits": {"DailyBulkApiBatches": {"max": 15_000, "remaining": batches}}})


def count_executions(project: Project) -> dict[str, int]:
    found: dict[str, int] = project.emulated.stats()["executed"].get("Contact", {})
    return found


def codes(lines: list[dict[str, Any]]) -> Counter[str]:
    return Counter(line["code"] or line["outcome"] for line in lines)


@pytest.mark.rule("T2")
@pytest.mark.parametrize("mode", ["upsert", "insert"])
def test_a_run_whose_daily_batches_are_used_up_reports_what_was_answered_and_sends_exactly_the_rest_later(
    project: Project, mode: str
) -> None:
    match = {"field": "External_Id__c", "column": "id"} if mode == "upsert" else None
    fields = {"LastName": "last"} if mode == "upsert" else {"LastName": "last", "External_Id__c": "id"}
    options = {"api": "bulk", "batch_size": SIZE, "parallelism": IN_FLIGHT}
    project.sync(mode=mode, match=match, fields=fields, options=options)
    project.model([{"id": f"k{number:03}", "last": "Ash"} for number in range(BATCHES * SIZE)])
    loaded = load_project(project.folder)
    (stopped,) = run(loaded, "contacts", first_run=FirstRun.SEND, observers=[UsesUp(project, LEFT)])
    assert (stopped.state, stopped.exit) == ("stopped", 4)
    assert "ApiBatchItems" in stopped.message
    there = len(count_executions(project))
    assert there == LEFT * SIZE
    assert (stopped.rows.succeeded, stopped.in_flight) == (there, 0)
    assert stopped.rows.unprocessed == BATCHES * SIZE - there

    lines = json.loads(project.invoke("rows", stopped.run, "--output", "json").stdout)
    assert codes(lines) == {"succeeded": there, "NOT_SENT": BATCHES * SIZE - there}
    assert history.show(loaded, stopped.run) == stopped

    allow(project, 15_000)
    finished, fresh = run(loaded, "contacts")
    assert (finished.rows.succeeded, fresh.rows.planned) == (BATCHES * SIZE, 0)
    assert set(count_executions(project).values()) == {1}
    assert len(project.emulated.records("Contact")) == BATCHES * SIZE


@pytest.mark.rule("T2")
def test_batches_that_are_not_answered_within_the_bound_are_in_flight_and_settled_by_the_next_run(
    project: Project,
) -> None:
    project.sync(options={"api": "bulk", "batch_size": SIZE, "parallelism": IN_FLIGHT})
    project.model([{"id": f"k{number:03}", "last": "Ash", "email": None} for number in range(BATCHES * SIZE)])
    project.emulated.change({"bulk": {"delay": 60}})
    loaded = load_project(project.folder)
    (stopped,) = run(loaded, "contacts", drain=0.5, observers=[UsesUp(project, 3)])
    assert (stopped.state, stopped.in_flight, stopped.rows.succeeded) == ("stopped", 3 * SIZE, 0)
    lines = json.loads(project.invoke("rows", stopped.run, "--output", "json").stdout)
    assert codes(lines) == {"IN_FLIGHT": 3 * SIZE, "NOT_SENT": 9 * SIZE}

    project.emulated.change({"bulk": {"delay": 0}})
    project.emulated.advance(120)
    allow(project, 15_000)
    finished, fresh = run(loaded, "contacts")
    assert (finished.rows.succeeded, fresh.rows.planned) == (BATCHES * SIZE, 0)
    assert set(count_executions(project).values()) == {1}


@pytest.mark.rule("T1")
def test_each_run_after_a_lost_insert_exits_with_3_until_the_rows_are_settled(project: Project) -> None:
    fields = {"LastName": "last", "External_Id__c": "id"}
    project.sync(mode="insert", match=None, fields=fields, options={"api": "rest"})
    project.model([{"id": f"k{number}", "last": "Ash"} for number in range(25)])
    cut = {"match": {"method": "POST", "path": "*/composite/*"}, "do": {"cut": "after"}, "times": 1}
    project.emulated.faults(cut)
    for _ in range(3):
        done = project.run("--first-run", "send")
        assert (done.exit, done.report["held"]) == (3, 25)
        assert "resolve contacts" in project.invoke("show", done.report["run"]).stdout
    assert "connector resolve contacts" in done.said
    assert len(project.emulated.records("Contact")) == 25
    assert project.invoke("resolve", "contacts", "--sent").exit_code == 0
    assert project.run().exit == 0
    assert len(project.emulated.records("Contact")) == 25


@pytest.mark.rule("T3")
def test_an_upsert_that_was_repeated_without_an_answer_is_named(project: Project) -> None:
    project.sync(options={"api": "rest"})
    project.model([{"id": "known", "last": "Ash", "email": None}])
    assert project.run().exit == 0
    project.model([{"id": "known", "last": "Oak", "email": None}, {"id": "new", "last": "Elm", "email": None}])
    cut = {"match": {"method": "PATCH", "path": "*/composite/*"}, "do": {"cut": "after"}, "times": 1}
    project.emulated.faults(cut)
    done = project.run()
    assert (done.exit, done.report["possible_duplicates"]) == (0, 1)
    found = {each["key"]: each for each in project.lines(done)}
    assert {key: (each["attempts"], each["possible_duplicate"], each["action"]) for key, each in found.items()} == {
        "known": (2, False, "updated"), "new": (2, True, "created or updated"),
    }  # fmt: skip
