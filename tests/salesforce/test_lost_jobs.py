"""Jobs that Salesforce has forgotten, or gives up: what it says in the end counts, what it cannot say is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from .project_folder import Done
from .projects import Project

ROWS = 400
DAY = 86_400
MODES: dict[str, dict[str, Any]] = {
    "insert": {"mode": "insert", "match": None, "fields": {"LastName": "last", "External_Id__c": "id"}},
    "upsert": {"fields": {"LastName": "last"}},
}
LOOKS = {"bulk": "/services/async/*/job/*", "bulk2": "/services/data/*/jobs/ingest/*"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector_sdk.delivery.retry.Pace.backoff", lambda *_: 0.01)


def contacts(project: Project, count: int) -> None:
    project.model([{"id": f"k{number:03}", "last": "Ash"} for number in range(count)])


def count_executions(project: Project) -> dict[str, int]:
    """Return how often each row was executed."""
    found: dict[str, int] = project.emulated.stats()["executed"].get("Contact", {})
    return found


def resume_too_late(project: Project, mode: str, api: str) -> Done:
    """Stop a run of three rows, and resume it when its job is there no more."""
    project.sync(**MODES[mode], options={"api": api})
    contacts(project, 3)
    down = {"status": 503, "body": "<html>down</html>"}
    project.emulated.faults({"match": {"method": "GET", "path": LOOKS[api]}, "do": down})
    stopped = project.run("--first-run", "send")
    assert (stopped.exit, count_executions(project)) == (4, dict.fromkeys(["k000", "k001", "k002"], 1)), stopped.said
    project.emulated.faults()
    project.emulated.advance(9 * DAY)
    return project.run()


def test_rows_whose_job_is_forgotten_are_unknown_and_never_created_again(project: Project) -> None:
    run = resume_too_late(project, "insert", "bulk")
    assert run.exit == 3, run.said
    assert run.went_on["rows"]["unknown"] == 3
    assert project.run().rows == {"read": 3, "planned": 3, "skipped": 3}
    assert set(count_executions(project).values()) == {1}
    assert len(project.emulated.records("Contact")) == 3


@pytest.mark.parametrize("api", LOOKS)
def test_rows_whose_job_is_forgotten_are_repeated_where_that_changes_nothing(project: Project, api: str) -> None:
    run = resume_too_late(project, "upsert", api)
    assert (run.exit, run.went_on["rows"]["succeeded"]) == (0, 3), run.said
    assert set(count_executions(project).values()) == {2}
    assert len(project.emulated.records("Contact")) == 3
    assert project.run().rows == {"read": 3, "unchanged": 3}


@pytest.mark.parametrize(("mode", "api"), [("insert", "bulk"), ("upsert", "bulk"), ("upsert", "bulk2")])
def test_of_a_job_that_is_given_up_what_was_processed_stays_and_the_rest_is_sent_again(
    project: Project, mode: str, api: str
) -> None:
    project.sync(**MODES[mode], options={"api": api})
    contacts(project, ROWS)
    given_up = {"code": "InternalServerError", "message": "Retried more than 10 times"}
    project.emulated.faults({"match": {"object": "Contact", "key": "k250"}, "do": {"stop": given_up}, "times": 1})
    run = project.run("--first-run", "send")
    assert (run.exit, run.rows["succeeded"]) == (0, ROWS), run.said
    assert {line["attempts"] for line in project.ledger(run).values()} == {1, 2}, "the rest alone was sent again"
    assert (len(count_executions(project)), set(count_executions(project).values())) == (ROWS, {1})
    assert len(project.emulated.records("Contact")) == ROWS
