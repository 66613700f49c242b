"""How rows are cut into batches: by rows and bytes, within what each api takes, and never more at once than asked."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import yaml

from .project_folder import Done
from .projects import Project

AWKWARD = "\n\",'\r\n\t\\é😀"


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "last": "Ash", "email": None, **more}


def calls(project: Project, run: Done, method: str, ending: str) -> list[dict[str, Any]]:
    """Return the calls of a run with this method to paths that end so."""
    made = json.loads(project.invoke("calls", run.report["run"], "--output", "json").stdout)
    return [each for each in made if each["method"] == method and re.search(f"{ending}$", each["url"])]


def others(project: Project, *changes: dict[str, Any]) -> None:
    """Write further syncs beside the first, each of which differs from it."""
    path = project.folder / "connector.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for number, change in enumerate(changes):
        document["syncs"][f"other{number}"] = {**document["syncs"]["contacts"], **change}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")


def batch_id(post: dict[str, Any]) -> str:
    """Return the id of the batch that a post made."""
    (found,) = re.findall(r"<id>(751\w+)</id>", post["response_body"])
    return str(found)


def body(project: Project, post: dict[str, Any]) -> bytes:
    """Return the body of a batch as the org has it."""
    url = f"{post['url']}/{batch_id(post)}/request"
    with requests.get(url, headers={"X-SFDC-Session": project.emulated.session()}, timeout=10) as answer:
        assert answer.ok, answer.text
        return answer.content


def rows_of(call: dict[str, Any]) -> int:
    """Return how many rows a batch has that was posted as CSV."""
    return int(call["request_body"].count("\n")) - 1


@pytest.mark.parametrize(("asked", "in_flight"), [({}, 10), ({"parallelism": 50}, 15)])
def test_bulk_api_batches_are_compressed_and_ten_are_in_flight_unless_more_are_asked_for(
    project: Project, asked: dict[str, int], in_flight: int
) -> None:
    project.emulated.change({"bulk": {"delay": 120, "shuffle": False}})
    project.sync(options={"batch_size": 20, **asked})
    project.model([contact(f"k{n:03}", last="Ash" * 20) for n in range(300)])
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(project.run)
        while count_posts(project) < in_flight and not running.done():
            time.sleep(0.01)
        time.sleep(0.5)  # in which another batch could go out
        before_the_first_ended = count_posts(project)
        while not running.done():
            project.emulated.advance(120)  # a job is closed after a day, however long this loop takes
            time.sleep(0.1)
    run = running.result()
    assert before_the_first_ended == in_flight
    assert run.rows["succeeded"] == 300
    posts = calls(project, run, "POST", "/job/[^/]*/batch")
    assert [rows_of(each) for each in posts] == [20] * 15
    assert all(each["request_bytes"] * 3 < len(each["request_body"]) for each in posts)


def count_posts(project: Project) -> int:
    """Return how many batches were posted so far."""
    calls = project.emulated.stats()["calls"]
    return sum(made for call, made in calls.items() if re.fullmatch(r"POST .*/job/[^/]+/batch", call))


def test_every_number_out_of_its_limits_is_told_at_once(project: Project) -> None:
    project.model([contact("k1")])
    project.sync(options={"batch_size": 10_001, "parallelism": 51})
    others(project, {"options": {"api": "rest", "batch_size": 201}},
           {"options": {"api": "bulk2", "batch_bytes": 90_000_001, "parallelism": 11}},
           {"options": {"api": "bulk3"}})  # fmt: skip
    said = project.invoke("check")
    assert said.exit_code == 64
    told = " ".join(said.stderr.split())
    for limit in ("1 to 10,000 rows", "1 to 50 batches", "1 to 200 rows", "1 to 90,000,000 bytes", "1 to 10 batches"):
        assert limit in told
    assert "salesforce has no api bulk3" in told
    assert "contacts.options.batch_size" in told
    assert not [each for each in project.emulated.stats()["calls"] if "job" in each or "composite" in each]


@pytest.mark.parametrize(("asked", "sizes"), [({}, [200, 200, 50]), ({"batch_size": 50}, [50] * 9)])
def test_an_upsert_through_collections_goes_to_the_match_field_two_hundred_rows_at_a_time_or_fewer_if_asked(
    project: Project, asked: dict[str, int], sizes: list[int]
) -> None:
    project.sync(options={"api": "rest", **asked})
    project.model([contact(f"k{n}") for n in range(450)])
    run = project.run()
    assert run.rows["succeeded"] == 450
    path = "/services/data/v66.0/composite/sobjects/Contact/External_Id__c"
    made = project.emulated.stats()["calls"]
    assert {each: made[each] for each in project.emulated.writing_calls()} == {f"PATCH {path}": len(sizes)}
    answers = [json.loads(each["response_body"]) for each in calls(project, run, "PATCH", path)]
    assert sorted(map(len, answers), reverse=True) == sizes


@pytest.mark.parametrize(("api", "batches"), [("bulk", 2), ("rest", 5)])
def test_large_rows_make_smaller_batches_and_arrive_as_they_are(project: Project, api: str, batches: int) -> None:
    texts = {f"k{n}": f"{n}" + AWKWARD * 1_100 + f"{n}" for n in range(1_000)}
    error = {"error": {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "words"}}
    project.emulated.faults({"match": {"object": "Contact", "key": "k500"}, "do": error})
    project.sync(fields={"LastName": "last", "Description": "text"}, options={"api": api})
    project.model([contact(key, text=text) for key, text in texts.items()])
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["rejected"]) == (1, 999, 1), run.said
    sent = calls(project, run, *(("POST", "/batch") if api == "bulk" else ("PATCH", "External_Id__c")))
    assert len(sent) == batches
    assert api == "rest" or all(1_000_000 < len(body(project, each)) < 10_000_000 for each in sent)
    ledger = project.ledger(run)
    assert ledger.pop("k500")["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    del texts["k500"]
    stored = {each["External_Id__c"]: each for each in project.emulated.records("Contact")}
    assert {key: each["Description"] for key, each in stored.items()} == texts
    assert {key: line["record_id"] for key, line in ledger.items()} == {key: each["Id"] for key, each in stored.items()}


def test_a_job_of_the_bulk_api_2_is_as_large_as_the_sync_asks(project: Project) -> None:
    for asked, jobs in ((None, 1), (1_000_000, 3)):
        project.emulated.reset()
        options = {"api": "bulk2"} if asked is None else {"api": "bulk2", "batch_bytes": asked}
        project.sync(fields={"LastName": "last", "Description": "text"}, options=options)
        project.model([contact(f"k{n}", text="x" * 20_000) for n in range(100)])
        run = project.run("--start-over")
        assert run.rows["succeeded"] == 100
        assert len(calls(project, run, "PUT", "/batches")) == jobs


@pytest.mark.parametrize(
    ("mode", "rows", "said"),
    [
        (
            "insert",
            1_500,
            "bulk: 2 batches; bulk2 does not write in mode insert: its results come in no order, and new rows have no"
            " key to tell them by; rest delivers at most once only",
        ),
        ("upsert", 1_500, "bulk2: 1 batch; 2 batches with bulk; rest delivers at least once only"),
        ("upsert", 40, "bulk: 1 batch; 1 batch with bulk2; rest delivers at least once only"),
    ],
)
def test_the_api_is_left_to_the_rows_and_never_promises_less(project: Project, mode: str, rows: int, said: str) -> None:
    insert = {"match": None, "fields": {"LastName": "last", "External_Id__c": "id"}} if mode == "insert" else {}
    project.sync(mode=mode, options={"api": "auto"}, **insert)
    project.model([contact(f"k{n}") for n in range(rows)])
    planned = project.invoke("plan", "contacts", "--first-run", "send", "--output", "json")
    assert f"api auto takes {said}" in [each["message"] for each in json.loads(planned.stdout)[0]["findings"]]
    run = project.run("--first-run", "send")
    assert run.rows["succeeded"] == rows
    posts = calls(project, run, "POST", "/job|/jobs/ingest")
    assert all("ingest" in each["url"] for each in posts) == said.startswith("bulk2")


LOOKS = r"GET .*(/job/[^/]*/batch|/jobs/ingest/[^/]*)"
"""Calls that only ask whether a batch or a job is done."""


@pytest.mark.parametrize(
    ("options", "least", "most"),
    [
        ({"api": "rest"}, 10, 10),
        ({"api": "bulk", "batch_size": 200}, 2 + 2 * 10, 40),
        ({"api": "bulk2", "batch_size": 2_000}, 4, 7),
    ],
    ids=["rest", "bulk", "bulk2"],
)
def test_a_run_makes_no_more_calls_than_its_batches_need(
    project: Project, options: dict[str, Any], least: int, most: int
) -> None:
    """A hundred thousand rows: 500 calls through Collections, 22 to 40 at 10,000 rows a Bulk API batch, 7 by a job."""
    project.sync(options=options)
    project.model([contact(f"k{n}") for n in range(2_000)])
    run = project.run()
    assert run.rows["succeeded"] == 2_000
    made = json.loads(project.invoke("calls", run.report["run"], "--output", "json").stdout)
    writing = [f"{each['method']} {each['url']}" for each in made if re.search("/job|/composite/sobjects", each["url"])]
    assert least <= len([each for each in writing if not re.fullmatch(LOOKS, each)]) <= most, writing
