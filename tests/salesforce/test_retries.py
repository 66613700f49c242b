"""Rows that fail inside of a successful answer: which are sent again, how often, and what is said in the end."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .project_folder import Done
from .projects import Project

APIS = ["bulk", "bulk2", "rest"]
LOCKED = {"error": {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}}


def contact(key: str, last: str = "Ash") -> dict[str, Any]:
    return {"id": key, "last": last, "email": None}


def lock(project: Project, *keys: str, **how: Any) -> None:
    """Lock the records of rows."""
    project.emulated.faults(*({"match": {"object": "Contact", "key": key}, "do": LOCKED, **how} for key in keys))


def sizes(project: Project, run: Done, api: str) -> list[int]:
    """Return the number of rows of each batch, the largest first."""
    made = json.loads(project.invoke("calls", run.report["run"], "--output", "json").stdout)
    if api == "rest":
        sent = [json.loads(each["request_body"])["records"] for each in made if each["method"] == "PATCH"]
    else:
        sent = [each["request_body"].splitlines()[1:] for each in made if re.search("/batch(es)?$", each["url"])]
    return sorted(filter(None, map(len, sent)), reverse=True)


@pytest.mark.parametrize("api", APIS)
def test_a_row_that_stays_locked_is_tried_a_few_times_and_then_rejected_with_advice(project: Project, api: str) -> None:
    project.sync(options={"api": api})
    lock(project, "k7")
    project.model([contact(f"k{n}") for n in range(20)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["rejected"]) == (1, 19, 1), run.said
    line = project.ledger(run)["k7"]
    assert (line["code"], line["attempts"]) == ("UNABLE_TO_LOCK_ROW", 4)
    assert "Lower parallelism to five or less" in line["advice"]
    attempted = project.emulated.stats()["attempted"]["Contact"]
    assert (attempted.pop("k7"), set(attempted.values())) == (4, {1})
    project.emulated.faults()
    run = project.run()
    assert run.rows == {"read": 20, "unchanged": 19, "planned": 1, "succeeded": 1}


@pytest.mark.parametrize("api", APIS)
def test_rows_that_stay_locked_are_tried_again_in_smaller_and_smaller_batches(
    project: Project, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr("connector_sdk.delivery.retry.Pace.backoff", lambda pace, number: 0.01)
    project.sync(fields={"LastName": "last"}, options={"api": api})
    locked = [f"k{n}" for n in range(40)]
    lock(project, *locked)
    project.model([contact(f"k{n}") for n in range(200)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["rejected"]) == (1, 160, 40), run.said
    assert sizes(project, run, api) == [200, 40, *[10] * 4, *[1] * 40]
    rejected = {key: line for key, line in project.ledger(run).items() if line["outcome"] == "rejected"}
    assert sorted(rejected) == sorted(locked)
    assert {(line["code"], line["attempts"]) for line in rejected.values()} == {("UNABLE_TO_LOCK_ROW", 4)}


@pytest.mark.parametrize("api", APIS)
def test_without_split_retries_a_locked_row_waits_for_the_next_run(project: Project, api: str) -> None:
    project.sync(options={"api": api, "split_retries": "off"})
    lock(project, "k1", "k2", times=1)
    project.model([contact(f"k{n}") for n in range(10)])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["rejected"]) == (1, 8, 2)
    assert project.run().rows == {"read": 10, "unchanged": 8, "planned": 2, "succeeded": 2}


@pytest.mark.parametrize("api", APIS)
def test_a_code_that_the_sync_names_is_tried_again(project: Project, api: str) -> None:
    error = {"error": {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "not yet"}}
    project.emulated.faults({"match": {"object": "Contact", "key": "k1"}, "do": error, "times": 1})
    project.sync(options={"api": api, "retry_codes": ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]})
    project.model([contact("k1"), contact("k2")])
    run = project.run()
    assert (run.exit, project.ledger(run)["k1"]["attempts"]) == (0, 2)


def test_rows_of_an_insert_that_were_refused_are_sent_again_and_those_without_an_answer_are_held(
    project: Project,
) -> None:
    fields = {"LastName": "last", "External_Id__c": "id"}
    project.sync(mode="insert", match=None, fields=fields, options={"api": "rest", "parallelism": 1})
    project.model([contact(f"k{n:03}") for n in range(400)])
    path = "/services/data/*/composite/sobjects"
    project.emulated.faults(
        *({"match": {"object": "Contact", "key": f"k{n}"}, "do": LOCKED, "times": 1} for n in range(300, 303)),
        {"match": {"path": path}, "do": {"cut": "after"}, "times": 1},
    )
    run = project.run("--first-run", "send")
    assert (run.exit, run.rows["succeeded"], run.rows.get("unknown")) == (3, 200, 200), run.said
    stored = [each["External_Id__c"] for each in project.emulated.records("Contact")]
    assert len(stored) == len(set(stored)) == 400
    assert project.run().rows == {"read": 400, "unchanged": 200, "planned": 200, "skipped": 200}
    assert len(project.emulated.records("Contact")) == 400
    unknown = {key: line["code"] for key, line in project.ledger(run).items() if line["outcome"] == "unknown"}
    assert unknown == {f"k{n:03}": "ANSWER_LOST" for n in range(200)}
    attempted = project.emulated.stats()["attempted"]["Contact"]
    assert {key: count for key, count in attempted.items() if count > 1} == dict.fromkeys(("k300", "k301", "k302"), 2)
