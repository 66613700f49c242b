"""The events of an hour: the run waits for the next one, or stops."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from .projects import EVENT, Project, orders

CONNECTOR = str(Path(sys.executable).with_name("connector"))
_CUT_AFTER = {"match": {"method": "POST", "path": "*/composite/sobjects"}, "do": {"cut": "after"}, "times": 1}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector_salesforce_events.allocation.FIRST_PAUSE", 0.2)


def allow(project: Project, left: int) -> None:
    project.emulated.change({"limits": {"HourlyPublishedPlatformEvents": {"max": 1000, "remaining": left}}})


def test_a_run_stops_when_the_events_of_the_hour_are_used_up_and_the_next_one_goes_on(project: Project) -> None:
    allow(project, 100)
    project.sync(options={"on_limit": "stop"})
    project.model(orders(250))
    plan = project.plan()
    assert any("250 events, and 100 of 1,000 may still be published" in each for each in plan.findings)
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["unprocessed"]) == (4, 100, 150)
    assert "UTC at the latest" in run.said
    assert project.read_published() == [each["id"] for each in orders(100)]
    project.emulated.advance(3600)
    again = project.run()
    assert again.exit == 0
    assert project.read_published() == [each["id"] for each in orders(250)]


@pytest.mark.parametrize("left", [0, 37])
def test_a_run_that_waits_goes_on_in_the_next_hour(project: Project, left: int) -> None:
    allow(project, left)
    project.sync(options={"on_limit": "wait"})
    project.model(orders(250))
    later = threading.Timer(3, project.emulated.advance, [3600])
    later.start()
    run = project.run()
    later.join()
    assert (run.exit, run.rows["succeeded"]) == (0, 250)
    assert project.read_published() == [each["id"] for each in orders(250)]


def test_a_run_that_waits_ends_on_an_interrupt_and_nothing_of_it_is_in_doubt(project: Project) -> None:
    allow(project, 0)
    project.sync(options={"on_limit": "wait"})
    project.model(orders(3))
    command = [CONNECTOR, "run", "orders", "--first-run", "send", "--output", "json", "--project", str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(5)
        assert process.poll() is None
        process.send_signal(2)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    (report,) = json.loads(stdout)
    assert report["rows"]["unknown"] == 0
    project.emulated.advance(3600)
    assert project.run().exit == 0
    assert project.read_published() == [each["id"] for each in orders(3)]


def test_events_that_others_used_up_meanwhile_are_published_in_the_next_hour(project: Project) -> None:
    used_up = {"code": "LIMIT_EXCEEDED", "message": "The hourly limit is used up"}
    rule = {"match": {"object": EVENT, "key": ["o0001", "o0002"]}, "do": {"error": used_up}, "times_per_key": 1}
    project.emulated.faults(rule)
    project.model(orders(4))
    assert project.run().rows["succeeded"] == 4
    assert sorted(project.read_published()) == [each["id"] for each in orders(4)]


def test_events_that_others_used_up_meanwhile_stop_the_run_where_it_is_to_stop(project: Project) -> None:
    used_up = {"code": "LIMIT_EXCEEDED", "message": "The hourly limit is used up"}
    rule = {"match": {"object": EVENT, "key": ["o0001", "o0002"]}, "do": {"error": used_up}, "times_per_key": 1}
    project.emulated.faults(rule)
    project.sync(options={"on_limit": "stop"})
    project.model(orders(4))
    run = project.run()
    assert (run.exit, run.rows["succeeded"], run.rows["unprocessed"]) == (4, 2, 2)
    assert project.run().exit == 0
    assert sorted(project.read_published()) == [each["id"] for each in orders(4)]


def test_events_that_waited_and_whose_answer_was_lost_then_are_held(project: Project) -> None:
    allow(project, 0)
    project.emulated.faults(_CUT_AFTER)
    project.model(orders(3))
    later = threading.Timer(2, project.emulated.advance, [3600])
    later.start()
    run = project.run()
    later.join()
    assert (run.exit, run.rows["unknown"]) == (3, 3)
    assert len(project.read_published()) == 3


def test_a_user_who_may_not_see_the_limits_publishes_until_salesforce_refuses(project: Project) -> None:
    project.emulated.change({"permissions": {"integration@emulator.invalid": {"viewSetup": False}}})
    project.model(orders(3))
    plan = project.plan()
    assert any("could not check how many events" in each for each in plan.findings)
    assert project.run().rows["succeeded"] == 3


def test_jobs_are_counted_too(project: Project) -> None:
    allow(project, 10)
    project.sync(options={"api": "bulk2", "batch_size": 8, "on_limit": "stop"})
    project.model(orders(16))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (4, 10)
    project.emulated.advance(3600)
    assert project.run().exit == 0
    assert sorted(project.read_published()) == [each["id"] for each in orders(16)]


def calls_left(project: Project, left: int) -> dict[str, object]:
    change = {"limits": {"DailyApiRequests": {"max": 15_000, "remaining": left}}}
    project.emulated.change(change)
    return change


@pytest.mark.rule("T11")
def test_a_run_that_would_use_calls_of_others_does_not_begin(project: Project) -> None:
    calls_left(project, 520)
    project.sync(options={"batch_size": 10, "keep_api_calls": 500})
    project.model(orders(300))
    run = project.run()
    assert (run.exit, project.read_published()) == (6, [])
    assert "500 are kept for others" in run.said


@pytest.mark.rule("T11")
@pytest.mark.parametrize("api", ["rest", "composite", "bulk2"])
def test_events_are_published_with_no_call_of_others_either(project: Project, api: str) -> None:
    """Others use up what is left while the run is under way."""
    project.sync(options={"api": api, "batch_size": 10, "keep_api_calls": 500})
    project.model(orders(300))
    path = {"rest": "*/composite/sobjects", "composite": "*/composite", "bulk2": "*/jobs/ingest"}[api]
    drained = {"limits": {"DailyApiRequests": {"max": 15_000, "remaining": 500}}}
    project.emulated.faults({"match": {"method": "POST", "path": path}, "do": {"org": drained}, "times": 1})
    run = project.run()
    assert run.exit == 4, run.said
    assert "500 are for others" in run.said
    assert len(project.read_published()) <= 10
    calls_left(project, 14_000)
    assert project.run().exit == 0
    assert sorted(project.read_published()) == [each["id"] for each in orders(300)]
