"""The calls that are kept for others, while others use calls too: whatever the API, the run leaves them alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import define, field
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.transport.quota import Quota
from connector_salesforce.transport.sending import Answer, Request, Transport

from .emulated import Emulated
from .projects import Project

FLOOR = 500
MOST = 15_000
PARALLEL = 2
UNTOLD = 10
"""Answers of the Bulk API, which do not say how many calls are left, after which the org is asked."""
UNDER_WAY = PARALLEL * 3
"""Calls of a run that stops: a batch that is sent already is asked for, and its job is closed."""


@define
class Watch:
    """Watches the calls of a run. After each of them others make `others` calls, and at once `then` after call `at`.

    `made` counts the calls of the run, `below` those that were made when no more than the floor was left, `looks` those
    that asked for the limits.
    """

    emulated: Emulated
    left: int = MOST
    others: int = 0
    at: int = -1
    then: int = 0
    silent: bool = False
    made: int = 0
    below: int = 0
    looks: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def start(self, left: int) -> None:
        """Let the org have so many calls left from now on."""
        self.emulated.change({"limits": {"DailyApiRequests": {"max": MOST, "remaining": left}}})
        self.left = left

    def send_call(self, send: Callable[..., Answer], request: Request, into: IO[bytes] | None) -> Answer:
        """Make a call of the run."""
        if "/oauth2/" in request.url:
            return send(request, into)
        with self._lock:
            self.made += 1
            self.looks += request.url.endswith("/limits")
            self.below += self.left <= FLOOR
            self.left -= 1
            number = self.made
        answer = send(request, into)
        used = self.then if number == self.at else self.others
        if used:
            with self._lock:
                self.left -= used
            self.emulated.use(used)
        return answer


@pytest.fixture
def project(emulated: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SF_SECRET", emulated.ready["client_secret"])
    return Project(tmp_path, emulated)


@pytest.fixture
def watch(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The calls that this process makes."""
    made, send = Watch(emulated), Transport.send

    def send_watched(transport: Transport, request: Request, into: IO[bytes] | None = None) -> Answer:
        return made.send_call(lambda *given: send(transport, *given), request, into)

    monkeypatch.setattr(Transport, "send", send_watched)
    return made


def contacts(project: Project, count: int, **options: Any) -> None:
    project.sync(fields={"LastName": "last"}, options={"keep_api_calls": FLOOR, "parallelism": PARALLEL, **options})
    project.model([{"id": f"k{number}", "last": "Ash"} for number in range(count)])


def everything_once(project: Project, count: int) -> None:
    """Check that the run resumes once calls are free, and that no row was sent twice."""
    project.emulated.change({"limits": {"DailyApiRequests": {"max": 2 * MOST, "remaining": 2 * MOST}}})
    run = project.run()
    assert run.exit == 0, run.said
    executed = project.emulated.stats()["executed"]["Contact"]
    assert (len(executed), set(executed.values())) == (count, {1})


@pytest.mark.rule("T11")
def test_calls_that_others_use_up_all_at_once_are_noticed_by_the_bulk_api(project: Project, watch: Watch) -> None:
    """Its answers do not say how many are left."""
    contacts(project, 300, batch_size=5)
    watch.start(MOST)
    watch.at, watch.then = 30, MOST - FLOOR
    run = project.run()
    assert run.exit == 4, run.said
    assert "500 are for others" in " ".join(run.said.split())
    assert 0 < watch.below <= UNTOLD + UNDER_WAY
    everything_once(project, 300)


@pytest.mark.rule("T11")
@pytest.mark.parametrize(("api", "needed"), [("bulk", 102), ("bulk2", 200), ("rest", 50)])
@pytest.mark.parametrize("others", [1, 20])
def test_the_floor_holds_while_others_use_calls_too(
    project: Project, watch: Watch, api: str, needed: int, others: int
) -> None:
    """The plan would fit, if others used none."""
    contacts(project, 200, batch_size=4, api=api)
    watch.start(FLOOR + needed + 15 * (1 + others))
    watch.others = others
    run = project.run()
    assert run.exit == 4, run.said
    assert watch.below <= UNDER_WAY
    watch.others = 0
    everything_once(project, 200)


@pytest.mark.rule("T11")
def test_the_floor_holds_while_records_are_looked_up(project: Project, watch: Watch) -> None:
    by_number = {"field": "Unique_Key__c", "column": "id"}
    options = {"keep_api_calls": FLOOR}
    project.sync(mode="update", match=by_number, fields={"LastName": "last"}, options=options)
    project.model([{"id": f"{number:0>60}", "last": "Ash"} for number in range(15_000)])
    watch.start(FLOOR + 45)
    watch.others = 10
    run = project.run()
    assert run.exit == 6, run.said
    assert "lower keep_api_calls" in run.said
    assert watch.below <= 1


@pytest.mark.rule("T11")
def test_a_user_who_may_not_see_the_limits_keeps_the_floor_all_the_same(project: Project, watch: Watch) -> None:
    """The answer that refuses them says how many calls are left, as those of the REST API do."""
    project.emulated.change({"permissions": {"integration@emulator.invalid": {"viewSetup": False}}})
    contacts(project, 300, batch_size=5)
    watch.start(MOST)
    watch.at, watch.then = 30, MOST - FLOOR
    run = project.run()
    assert run.exit == 4, run.said
    assert watch.below <= UNTOLD + UNDER_WAY
    everything_once(project, 300)


@pytest.mark.rule("T11")
def test_two_batches_under_way_are_settled_by_the_next_run(project: Project, watch: Watch) -> None:
    contacts(project, 100, batch_size=20)
    project.emulated.faults({"match": {"path": "*/job/*/batch"}, "do": {"slow": 1}})
    watch.start(MOST)
    watch.at, watch.then = 22, MOST - FLOOR
    run = project.run()
    assert run.exit == 4, run.said
    assert watch.below <= UNTOLD + UNDER_WAY
    assert run.rows["succeeded"] < 100
    project.emulated.faults()
    everything_once(project, 100)


@pytest.mark.rule("T11")
@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
def test_asking_costs_little(project: Project, watch: Watch, api: str) -> None:
    """A small plan asks once, before it begins; a longer one at every tenth call at most, and only where answers do not
    say it.
    """
    contacts(project, 4, batch_size=4, api=api)
    watch.start(MOST)
    assert project.run().exit == 0
    assert watch.looks == 1
    contacts(project, 300, batch_size=5, api=api)
    assert project.run().exit == 0
    assert watch.looks <= (watch.made / UNTOLD if api == "bulk" else 2)


@pytest.mark.rule("T11")
def test_nothing_is_asked_where_no_calls_are_kept(project: Project, watch: Watch) -> None:
    contacts(project, 300, batch_size=5, keep_api_calls=0)
    assert project.run().exit == 0
    assert watch.looks == 1


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def build_quota(left: int, floor: int, clock: Clock | None = None) -> Quota:
    quota = Quota(clock or Clock())
    quota.report_left(left)
    quota.keep(floor)
    return quota


def calls(quota: Quota, ask: Callable[[], int | None], most: int = 10_000) -> int:
    """Return how many calls the quota lets through; none of their answers says how many are left."""
    for number in range(most):
        try:
            quota.take(ask)
        except CallFailed:
            return number
        quota.report_left(None)
        quota.release()
    return most


@pytest.mark.rule("T11")
def test_calls_count_twice_where_neither_answers_nor_the_org_say_how_many_are_left() -> None:
    asked: list[int] = []
    assert 350 <= calls(build_quota(1_500, FLOOR), lambda: asked.append(1)) <= 500
    assert len(asked) <= 100


@pytest.mark.rule("T11")
def test_an_org_that_has_said_nothing_yet_is_asked() -> None:
    quota = Quota(Clock())
    quota.keep(FLOOR)
    assert UNTOLD + 10 <= calls(quota, lambda: FLOOR + 20) <= UNTOLD + 20


@pytest.mark.rule("T11")
def test_a_hundred_threads_ask_once_and_none_makes_a_call_meanwhile() -> None:
    quota, gate, asking = build_quota(700, FLOOR), threading.Barrier(100), threading.Event()
    for _ in range(UNTOLD):
        quota.report_left(None)
    asked: list[tuple[int, int]] = []
    through: list[int] = []

    def ask() -> int:
        before = len(through)
        asking.wait(0.1)
        asked.append((before, len(through)))
        return 550

    def call() -> None:
        gate.wait(10)
        try:
            quota.take(ask)
        except CallFailed:
            return
        through.append(1)

    threads = [threading.Thread(target=call) for _ in range(100)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert asked[0] == (0, 0)
    assert 40 <= len(through) <= 50
    assert len(asked) < 10


@pytest.mark.rule("T11")
def test_what_was_told_long_ago_is_asked_for_again() -> None:
    clock = Clock()
    quota, asked = build_quota(10_000, FLOOR, clock), []
    quota.take(lambda: asked.append(1))
    quota.report_left(None)
    clock.now += 59
    quota.take(lambda: asked.append(1))
    assert asked == []
    clock.now += 2
    quota.take(lambda: asked.append(1))
    assert asked == [1]


@pytest.mark.rule("T11")
def test_calls_that_become_free_in_a_long_run_are_used() -> None:
    """Salesforce counts the last 24 hours, and its figures may be five minutes late."""
    clock = Clock()
    quota = build_quota(FLOOR + 20, FLOOR, clock)
    assert calls(quota, lambda: FLOOR + 1_000) < 20
    clock.now += 301
    assert calls(quota, lambda: FLOOR + 1_000, most=200) == 200
