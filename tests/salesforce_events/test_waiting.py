"""A run that waits for the events of the hour waits as long as Salesforce refuses them. Only the org's time passes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define
from connector_salesforce import CallFailed
from connector_salesforce.transport.client import Client
from connector_salesforce_events import allocation

from connector_sdk import Executed, ExitCode
from connector_sdk.contract.errors import Cancelled
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.project.load import load_project
from connector_sdk.run import FirstRun
from connector_sdk.run import run as sdk_run

from .projects import EVENT, Project, orders

HOUR = 3_600
REFUSED = {"code": "LIMIT_EXCEEDED", "message": "HourlyPublishedPlatformEvents Limit exceeded."}
APIS = ["rest", "composite", "bulk2"]


@define
class Time:
    """The org's clock, which moves when the run waits. `until` is called with the seconds that passed."""

    project: Project
    passed: float = 0.0
    until: Callable[[float], None] = lambda _: None

    def wait(self, seconds: float, halted: bool) -> None:
        """Let the run wait."""
        if halted:
            raise Cancelled
        self.passed += seconds
        self.project.emulated.advance(seconds)
        self.until(self.passed)


@pytest.fixture
def clock(project: Project, monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time(project)
    for name in ("wait", "wait_for_answer"):
        monkeypatch.setattr(Stopping, name, lambda stop, seconds: made.wait(seconds, stop.halted.is_set()))
    return made


def refuse(project: Project, clock: Time, seconds: float, **match: Any) -> None:
    """Let Salesforce refuse events for a while, whatever it says is left."""
    project.emulated.faults({"match": {"object": EVENT, **match}, "do": {"error": REFUSED}})

    def until(passed: float) -> None:
        if passed >= seconds:
            project.emulated.faults()

    clock.until = until


def publishing_calls(project: Project) -> int:
    calls: dict[str, int] = project.emulated.stats()["calls"]
    return sum(count for call, count in calls.items() if call.startswith("POST") and "oauth2" not in call)


@pytest.mark.rule("T12")
@pytest.mark.parametrize("hours", [0.5, 2.5])
@pytest.mark.parametrize("api", APIS)
def test_a_refusal_that_lasts_is_waited_for(project: Project, clock: Time, api: str, hours: float) -> None:
    """Wait even if the limits show room: their figures may be late, so a refusal by Salesforce counts."""
    refuse(project, clock, hours * HOUR)
    project.sync(options={"on_limit": "wait", "api": api})
    project.model(orders(30))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 30), run.said
    assert sorted(project.read_published()) == [each["id"] for each in orders(30)]
    assert hours * HOUR <= clock.passed <= hours * HOUR + 600
    assert publishing_calls(project) <= 30 + 60 * hours


@pytest.mark.rule("T12")
def test_a_user_who_may_not_see_the_limits_waits_too(project: Project, clock: Time) -> None:
    project.emulated.change({"permissions": {"integration@emulator.invalid": {"viewSetup": False}}})
    refuse(project, clock, HOUR)
    project.model(orders(3))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 3), run.said
    assert clock.passed >= HOUR


@pytest.mark.rule("T12")
def test_an_hour_that_is_used_up_again_and_again_is_waited_for(project: Project, clock: Time) -> None:
    """Publish events over several hours: each hour takes as many as it can, and no event is published twice."""
    project.emulated.change({"limits": {"HourlyPublishedPlatformEvents": {"max": 100, "remaining": 30}}})
    project.sync(options={"on_limit": "wait", "batch_size": 50})
    project.model(orders(400))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 400), run.said
    assert project.read_published() == [each["id"] for each in orders(400)]
    assert clock.passed >= 3 * HOUR


@pytest.mark.rule("T12")
def test_what_was_accepted_of_a_request_is_not_published_again_and_the_rest_travels_together(
    project: Project, clock: Time
) -> None:
    late = [each["id"] for each in orders(80, 20)]
    refuse(project, clock, 2 * HOUR, key=late)
    project.model(orders(100))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 100), run.said
    assert sorted(project.read_published()) == [each["id"] for each in orders(100)]
    ledger = {each["key"]: each for each in project.lines(run)}
    assert len({each["batch"] for each in ledger.values()}) == 2
    assert ledger["o0000"]["attempts"] == 1
    assert ledger["o0099"]["attempts"] > 4


@pytest.mark.rule("T12")
def test_a_request_that_is_refused_as_a_whole_is_waited_for(project: Project, clock: Time) -> None:
    project.emulated.faults({"match": {"method": "POST", "path": "*/composite*"}, "do": {"error": REFUSED}})
    clock.until = lambda passed: project.emulated.faults() if passed >= HOUR else None
    project.model(orders(3))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == (0, 3), run.said
    assert project.read_published() == [each["id"] for each in orders(3)]


@pytest.mark.rule("T12")
@pytest.mark.parametrize("on_limit", ["wait", "stop"])
def test_a_refusal_after_some_calls_of_a_batch_concerns_the_rest_of_it(
    project: Project, clock: Time, monkeypatch: pytest.MonkeyPatch, on_limit: str
) -> None:
    """Where Collections take no events, a batch is several calls."""
    project.emulated.faults({"match": {"method": "POST", "path": "*/composite/sobjects"}, "do": {"error": REFUSED}})
    write, calls = Client.write, itertools.count(1)

    def refuse_the_second(client: Client, method: str, path: str, body: bytes) -> Any:
        if path == "/composite" and next(calls) == 2:
            raise CallFailed("LIMIT_EXCEEDED", "Limit exceeded.", Executed.NO, status=400)
        return write(client, method, path, body)

    monkeypatch.setattr(Client, "write", refuse_the_second)
    project.sync(options={"on_limit": on_limit})
    project.model(orders(60))
    run = project.run()
    assert (run.exit, run.rows["succeeded"]) == ((0, 60) if on_limit == "wait" else (4, 25)), run.said
    assert project.run().exit == 0
    assert project.read_published() == [each["id"] for each in orders(60)]


@pytest.mark.rule("T12")
def test_an_event_that_is_too_large_for_salesforce_is_rejected_and_not_waited_for(
    project: Project, clock: Time
) -> None:
    error = {"code": "LIMIT_EXCEEDED", "message": "The event message is larger than 1 MB: 1048580 bytes"}
    project.emulated.faults({"match": {"object": EVENT, "key": ["o0001"]}, "do": {"error": error}})
    for api in ("rest", "bulk2"):
        project.sync(options={"api": api})
        project.model(orders(3))
        run = project.run()
        assert run.exit == 1, run.said
        (line,) = (each for each in project.lines(run) if each["outcome"] == "rejected")
        assert (line["key"], line["code"]) == ("o0001", "EVENT_TOO_LARGE")
    assert clock.passed < 1


@pytest.mark.rule("T12")
def test_a_run_that_is_to_stop_does_not_wait(project: Project, clock: Time) -> None:
    project.emulated.faults({"match": {"object": EVENT}, "do": {"error": REFUSED}})
    project.sync(options={"on_limit": "stop"})
    project.model(orders(3))
    run = project.run()
    assert (run.exit, run.rows["unprocessed"], clock.passed) == (4, 3, 0)
    project.emulated.faults()
    assert project.run().exit == 0
    assert project.read_published() == [each["id"] for each in orders(3)]


@pytest.mark.rule("T12")
def test_cancelling_ends_the_wait_for_a_refusal_and_nothing_of_it_is_in_doubt(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.emulated.faults({"match": {"object": EVENT}, "do": {"error": REFUSED}})
    project.model(orders(3))
    cancel, wait = threading.Event(), Stopping.wait_for_answer

    def cancel_long_wait(stop: Stopping, seconds: float) -> None:
        if seconds >= allocation.FIRST_PAUSE:
            cancel.set()
        wait(stop, seconds)

    monkeypatch.setattr(Stopping, "wait_for_answer", cancel_long_wait)
    loaded = load_project(project.folder / "connector.yml")
    (report,) = sdk_run(loaded, "orders", first_run=FirstRun.SEND, cancel=cancel, drain=1)
    assert (report.exit, report.rows.unknown, report.rows.succeeded) == (ExitCode.INTERRUPTED, 0, 0)
    project.emulated.faults()
    monkeypatch.setattr(Stopping, "wait_for_answer", wait)
    assert project.run().exit == 0
    assert project.read_published() == [each["id"] for each in orders(3)]
