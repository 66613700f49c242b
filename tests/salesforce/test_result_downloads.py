"""Results that stay damaged: a few tries, then unknown, with what to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from .emulated import Emulated
from .gateway import Forward, Reply, Spoiler, gateway
from .malformed import MALFORMED, Said
from .projects import Project

MOST_CALLS = 40
"""Calls of a whole run, its plan included."""

JOB = "/services/data/v66.0/jobs/ingest/{id}"
BATCH = "/services/async/66.0/job/{id}/batch"

FILES = {"bulk": f"{BATCH}/{{id}}/result", "bulk2": f"{JOB}/successfulResults"}
WITHOUT_IDS = "the column of ids has another name"


def malform_answer(name: str) -> Spoiler:
    """Answer as an entry of the table makes it."""

    def spoil(forward: Forward) -> Reply:
        reply = forward()
        if name == WITHOUT_IDS:
            return Reply(reply.status, reply.headers, reply.body.replace(b"sf__Id", b"Number", 1))
        return Reply(reply.status, reply.headers, MALFORMED[name](Said(200, {}, reply.body)).body)

    return spoil


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("api", "name"),
    [
        ("bulk2", "each row twice"),
        ("bulk2", WITHOUT_IDS),
        ("bulk2", "no header"),
        ("bulk2", "a page of a proxy"),
        ("bulk", "each row twice"),
        ("bulk", "other columns"),
    ],
)
def test_results_that_stay_damaged_cost_a_few_calls_and_are_said_where_to_look_at(
    emulated: Emulated, project: Project, tmp_path: Path, api: str, name: str
) -> None:
    path = FILES[api]

    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(fields={"LastName": "last"}, options={"api": api})
        made.model([{"id": f"k{number}", "last": "x"} for number in range(5)])
        for number in range(1, 200):
            spoiling.spoil(("GET", path), malform_answer(name), number)
        run = made.run()
        lines = made.ledger(run)
    assert run.exit == 1
    assert {each["outcome"] for each in lines.values()} == {"unknown"}
    assert all("Bulk Data Load Jobs" in each["message"] and each["advice"] for each in lines.values())
    assert spoiling.calls["GET", path] <= 6, "three downloads, and three more after the rows were sent again"
    assert sum(spoiling.calls.values()) <= MOST_CALLS
    assert len(emulated.records("Contact")) == 5


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("api", "path", "name"),
    [
        ("bulk2", JOB, "texts for numbers"),
        ("bulk2", JOB, "other names"),
        ("bulk", BATCH, "ids that are too short"),
    ],
)
def test_a_state_that_stays_unreadable_stops_the_run_after_a_few_looks(
    emulated: Emulated, project: Project, tmp_path: Path, api: str, path: str, name: str
) -> None:
    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(fields={"LastName": "last"}, options={"api": api})
        made.model([{"id": "k", "last": "x"}])
        for number in range(1, 200):
            spoiling.spoil(("GET", path), malform_answer(name), number)
        run = made.run()
        spoiling.forget()
        settled = made.run()
    assert run.exit == 4
    assert "Salesforce's answer cannot be used" in run.said
    assert spoiling.spoiled <= MOST_CALLS
    assert (settled.exit, len(emulated.records("Contact"))) == (0, 1)
