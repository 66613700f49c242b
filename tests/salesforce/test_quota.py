"""The calls and batches of the day: forecast before a run, and never those that are kept for others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.quota import Quota, calls_left

from .emulated import Emulated
from .gateway import Reply, gateway
from .projects import Project

WORKERS = 5
SENDING = {
    "bulk": ("POST", "/services/async/66.0/job/{id}/batch"),
    "bulk2": ("POST", "/services/data/v66.0/jobs/ingest"),
    "rest": ("PATCH", "/services/data/v66.0/composite/sobjects/Contact/External_Id__c"),
}
"""The first call of each batch."""

_SAID = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
USED_UP = Reply(403, {"Content-Type": "application/json"}, json.dumps(_SAID).encode())


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


def contacts(project: Project, count: int, **options: Any) -> None:
    project.sync(fields={"LastName": "last"}, options=options)
    project.model([{"id": f"k{number}", "last": "Ash"} for number in range(count)])


def limit(project: Project, name: str, remaining: int) -> None:
    project.emulated.change({"limits": {name: {"max": 15_000, "remaining": remaining}}})


def read_findings(project: Project) -> list[Mapping[str, Any]]:
    result = project.invoke("plan", "contacts", "--output", "json")
    found: list[Mapping[str, Any]] = json.loads(result.stdout)[0]["findings"]
    return found


def writing_calls(project: Project) -> int:
    """Return the number of calls of a run through the Bulk API, without the looks at its batches."""
    calls = project.emulated.stats()["calls"]
    looks = "GET /services/async/66.0/job/{id}/batch"
    return sum(count for call, count in calls.items() if "/services/async/" in call and call != looks)


@pytest.mark.parametrize(("size", "calls", "batches"), [(10_000, 22, 10), (1_000, 202, 100)])
def test_the_forecast_of_a_hundred_thousand_rows(project: Project, size: int, calls: int, batches: int) -> None:
    contacts(project, 100_000, batch_size=size)
    said = " ".join(each["message"] for each in read_findings(project))
    assert f"100,000 rows need about {calls:,} API calls" in said
    assert f"{batches:,} Bulk API batches" in said


def test_a_run_makes_the_calls_that_were_forecast(project: Project) -> None:
    contacts(project, 2_500, parallelism=1)
    assert any("2,500 rows need about 8 API calls" in each["message"] for each in read_findings(project))
    assert project.run().exit == 0
    assert writing_calls(project) == 8


def test_a_run_that_would_use_calls_of_others_does_not_begin(project: Project) -> None:
    contacts(project, 10_000, batch_size=100, keep_api_calls=900)
    limit(project, "DailyApiRequests", 1_000)
    run = project.run()
    assert run.exit == 6
    said = " ".join(run.said.split())
    assert "202 API calls" in said
    assert "too few" in said
    assert "batch_size: " in said
    assert "api: bulk2" in said
    assert writing_calls(project) == 0
    assert project.emulated.records("Contact") == []


def test_a_run_that_needs_more_batches_than_are_left_says_which_size_fits(project: Project) -> None:
    contacts(project, 10_000, batch_size=10)
    limit(project, "DailyBulkApiBatches", 300)
    run = project.run()
    assert run.exit == 6
    said = " ".join(run.said.split())
    assert "needs 1,000 Bulk API batches and 300 are left" in said
    assert "batch_size: 34 or more" in said
    assert "api: bulk2" in said
    assert writing_calls(project) == 0


def test_a_run_stops_before_it_uses_a_call_of_others_and_goes_on_later(project: Project) -> None:
    contacts(project, 100, batch_size=20, parallelism=5, keep_api_calls=5_000)
    limit(project, "DailyApiRequests", 5_025)
    project.emulated.faults({"match": {"path": "*/job/*/batch"}, "do": {"slow": 1}})
    run = project.run()
    assert run.exit == 4, run.said
    assert "5,000 are for others" in " ".join(run.said.split())
    assert sum(_count_calls(project).values()) <= 25
    project.emulated.faults()
    limit(project, "DailyApiRequests", 15_000)
    assert project.run().exit == 0
    executed = project.emulated.stats()["executed"]["Contact"]
    assert (len(executed), set(executed.values())) == (100, {1})


@pytest.mark.parametrize("api", SENDING)
def test_a_run_whose_calls_are_used_up_makes_one_more_for_each_worker_and_goes_on_later(
    project: Project, tmp_path: Path, api: str
) -> None:
    contacts(project, 60, api=api, batch_size=2, parallelism=WORKERS)
    with gateway(project.emulated) as (spoiling, reached):
        through = Project(tmp_path, reached)
        contacts(through, 60, api=api, batch_size=2, parallelism=WORKERS)
        for number in range(8, 100):
            spoiling.spoil(SENDING[api], lambda _: USED_UP, number)
        run = through.run()
        assert run.exit == 4, run.said
        assert 1 <= spoiling.spoiled <= WORKERS
        spoiling.forget()
        assert through.run().exit == 0
    executed = project.emulated.stats()["executed"]["Contact"]
    assert (len(executed), set(executed.values())) == (60, {1})


@pytest.mark.parametrize("api", SENDING)
def test_an_org_that_asks_for_time_is_given_it_and_each_row_is_executed_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr("connector_sdk.delivery.retry.Pace.backoff", lambda *_: 0.01)
    contacts(project, 10, api=api)
    method, path = SENDING[api]
    sending = {"method": method, "path": path.replace("{id}", "*")}
    busy = {"status": 429, "headers": {"Retry-After": "2"}}
    project.emulated.faults({"match": sending, "do": busy, "times": 1})
    begun = time.monotonic()
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 10), run.said
    assert time.monotonic() - begun >= 2
    executed = project.emulated.stats()["executed"]["Contact"]
    assert (len(executed), set(executed.values())) == (10, {1})


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_plan_looks_nothing_up_with_calls_of_others(project: Project, command: str) -> None:
    by_number = {"field": "Unique_Key__c", "column": "id"}
    project.sync(mode="update", match=by_number, fields={"LastName": "last"}, options={"keep_api_calls": 900})
    project.model([{"id": "1", "last": "Ash"}])
    limit(project, "DailyApiRequests", 900)
    result = project.invoke(command, "contacts")
    said = " ".join(result.stderr.split())
    assert result.exit_code == 6, said
    assert "900 are for others" in said
    assert "lower keep_api_calls" in said
    queries = sum(count for call, count in project.emulated.stats()["calls"].items() if call.endswith("/query"))
    assert queries == 1, "the login asks which org it is, and nobody asks anything else"


def _count_calls(project: Project) -> dict[str, int]:
    calls = project.emulated.stats()["calls"]
    return {call: count for call, count in calls.items() if "oauth2" not in call and "tooling" not in call}


def test_no_number_of_threads_takes_a_call_that_is_kept() -> None:
    quota = Quota()
    quota.report_left(130)
    quota.keep(100)
    gate = threading.Barrier(50)

    def take(_: int) -> bool:
        gate.wait(5)
        try:
            quota.take()
        except CallFailed:
            return False
        return True

    with ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(take, range(50))) == 30


def test_an_answer_that_is_late_gives_no_call_back() -> None:
    quota = Quota()
    quota.report_left(103)
    quota.keep(100)
    quota.take()
    quota.report_left(None)
    quota.report_left(110)
    quota.take()
    quota.take()
    with pytest.raises(CallFailed, match="API_CALLS_KEPT"):
        quota.take()


def test_a_new_look_at_the_limits_counts_anew() -> None:
    quota = Quota()
    quota.report_left(100)
    quota.keep(100)
    with pytest.raises(CallFailed, match="API_CALLS_KEPT"):
        quota.take()
    quota.begin()
    quota.take()
    quota.report_left(5_000)
    assert quota.left == 5_000


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("api-usage=24/15000", 14_976),
        ("api-usage=10018/100000; api-bursts=1/750", 89_982),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=foo)", 4_975),
        ("nonsense", None),
    ],
)
def test_the_calls_that_are_left_are_read_in_every_form(said: str, left: int | None) -> None:
    assert calls_left({"Sforce-Limit-Info": said}) == left
