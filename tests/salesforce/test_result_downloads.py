"""Results that stay damaged: a few tries, then unknown, with what to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .emulated import Emulated
from .gateway import Forward, Reply, gateway
from .malformed import MALFORMED, Said
from .projects import Project

MOST_CALLS = 40
JOB = "/services/data/v58.0/jobs/ingest/{id}"
BATCH = "/services/async/58.0/job/{id}/batch"

Spoil = Callable[[bytes], bytes]


def without_ids(body: bytes) -> bytes:
    """A result file whose column of ids has another name."""
    return body.replace(b"sf__Id", b"Number", 1)


def malformed(name: str) -> Spoil:
    """A body as an entry of the table makes it."""
    return lambda body: MALFORMED[name](Said(200, {}, body)).body


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("api", "path", "spoil"),
    [
        ("bulk2", f"{JOB}/successfulResults", malformed("each row twice")),
        ("bulk2", f"{JOB}/successfulResults", without_ids),
        ("bulk2", f"{JOB}/successfulResults", malformed("no header")),
        ("bulk2", f"{JOB}/successfulResults", malformed("a page of a proxy")),
        ("bulk", f"{BATCH}/{{id}}/result", malformed("each row twice")),
        ("bulk", f"{BATCH}/{{id}}/result", malformed("other columns")),
    ],
)
def test_results_that_stay_damaged_cost_a_few_calls_and_are_said_where_to_look_at(
    emulated: Emulated, project: Project, tmp_path: Path, api: str, path: str, spoil: Spoil
) -> None:
    def spoiled(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, reply.headers, spoil(reply.body))

    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(options={"api": api})
        made.model([{"id": f"k{number}", "last": "x"} for number in range(5)])
        for number in range(1, 200):
            spoiling.spoil(("GET", path), spoiled, number)
        run = made.run()
        lines = made.ledger(run)
    assert run.exit == 3
    assert {each["outcome"] for each in lines.values()} == {"unknown"}
    assert all("Bulk Data Load Jobs" in each["message"] and each["advice"] for each in lines.values())
    assert spoiling.calls["GET", path] <= 6
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
    def spoiled(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, reply.headers, malformed(name)(reply.body))

    with gateway(emulated) as (spoiling, reached):
        made = Project(tmp_path, reached)
        made.sync(options={"api": api})
        made.model([{"id": "k", "last": "x"}])
        for number in range(1, 200):
            spoiling.spoil(("GET", path), spoiled, number)
        run = made.run()
        spoiling.forget()
        settled = made.run()
    assert run.exit == 4
    assert "not one of Salesforce's" in run.said
    assert spoiling.spoiled <= MOST_CALLS
    assert (settled.exit, len(emulated.records("Contact"))) == (0, 1)
