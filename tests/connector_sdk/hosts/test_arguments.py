"""What a host asks of a run is checked before anything begins, all of it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector_sdk import ConfigError, Destination, FieldMapping, Mode, RunReport, RunStart, hookimpl
from connector_sdk.contract.plan import PlanReport
from connector_sdk.delivery.retry import Pace
from connector_sdk.history import calls, rows, runs, show
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun, plan, run
from connector_sdk.testing.reference import plugin

from .conftest import DESTINATIONS, Host

FIELDS = (FieldMapping(field="name", column="n"),)

Refused = Callable[..., dict[str, str]]

WRONG: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a first run that is none": ({"first_run": "sned"}, {"first_run": "sned is not allowed here"}),
    "a first run as a flag": ({"first_run": True}, {"first_run": "must be nothing or text, not true or false"}),
    "guards as one text": ({"accept": "max_removed"}, {"accept": "must be a list, not text"}),
    "guards as a number": ({"accept": 5}, {"accept": "must be a list, not a number"}),
    "guards as a generator": ({"accept": (each for each in ("model",))}, {"accept": "must be a list, not a generator"}),
    "a guard as a number": ({"accept": [5]}, {"accept.0": "must be text, not a number"}),
    "a flag in words": ({"full": "yes"}, {"full": "must be true or false, not text"}),
    "a flag as a number": ({"abandon": 1}, {"abandon": "must be true or false, not a number"}),
    "a plan as a number": ({"plan_id": 7}, {"plan_id": "must be text or nothing, not a number"}),
    "seconds in words": ({"drain": "3"}, {"drain": "must be a number or nothing, not text"}),
    "a pace as a number": ({"pace": 3}, {"pace": "must be a Pace, not a number"}),
    "a pace in words": ({"pace": Pace(attempts="3")}, {"pace.attempts": "must be a whole number, not text"}),  # type: ignore[arg-type]
    "a cancel that is no event": ({"cancel": False}, {"cancel": "must be an Event, not true or false"}),
    "a state that is no path": ({"state": 5}, {"state": "must be a Path, not a number"}),
    "one observer": ({"observers": object()}, {"observers": "must be a list, not an object"}),
}  # fmt: skip


@pytest.mark.rule("V10")
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_refused_with_its_name(host: Host, refused: Refused, case: str) -> None:
    asked, told = WRONG[case]
    assert refused(host.project(), **asked) == told


@pytest.mark.rule("V10")
def test_a_guard_that_is_none_is_refused_beside_what_else_is_wrong(host: Host, refused: Refused) -> None:
    found = refused(host.of_sync(mode="upsrt"), accept={"max_remove"}, drain=-1)
    assert list(found) == ["syncs.people.mode", ""]
    with pytest.raises(ConfigError) as raised:
        host.run(host.project(), accept={"max_remove"}, drain=-1)
    assert "did you mean --accept max_removed?" in str(raised.value)
    assert "drain is -1.0, and not a number of seconds" in str(raised.value)


def test_destinations_are_of_their_class(host: Host) -> None:
    with pytest.raises(ConfigError, match=r"destinations\.reference: must be a Destination, not a module"):
        run(host.project(), "people", destinations={"reference": plugin})  # type: ignore[dict-item]


def test_the_text_of_a_first_run_means_what_it_says(host: Host) -> None:
    project = host.of_sync(
        mode=Mode.INSERT, match=None, fields=(*FIELDS, FieldMapping(field="external_id", column="k"))
    )
    (report,) = host.run(project, first_run="baseline")
    assert report.rows.succeeded == 0
    assert host.names == []
    assert FirstRun("baseline") is FirstRun.BASELINE


@pytest.mark.parametrize("accept", [{"max_removed"}, ["max_removed"], ("max_removed",), frozenset({"max_removed"})])
def test_guards_are_named_in_any_collection(host: Host, accept: Any) -> None:
    (report,) = host.run(host.project(), accept=accept, cancel=threading.Event(), pace=Pace(), drain=3)
    assert report.rows.succeeded == 2


class Marked:
    @hookimpl
    def run_started(self, start: RunStart) -> None: ...


class Unmarked:
    def run_finished(self, report: RunReport) -> None: ...


class Half(Marked, Unmarked):
    pass


class Misspelt:
    @hookimpl
    def run_finishd(self, report: RunReport) -> None: ...


class Strange:
    @hookimpl
    def run_started(self, begin: RunStart) -> None: ...


NOT_MARKED = "run_finished is named like a hook and is not marked: write @hookimpl above it"


@pytest.mark.rule("V10")
@pytest.mark.parametrize(
    ("observer", "told"),
    [
        (object(), "an object has no hook"),
        (print, "a builtin_function_or_method has no hook"),
        (Unmarked(), NOT_MARKED),
        (Half(), NOT_MARKED),
        (Misspelt(), "run_finishd is marked with @hookimpl, and there is no such hook: did you mean run_finished?"),
        (Strange(), "run_started takes begin, and the hook has no such argument: it has start"),
        (Marked, "Marked is a class, and its functions are called on an object: make one"),
    ],
    ids=["nothing", "a function", "unmarked", "half", "misspelt", "another argument", "a class"],
)
def test_an_observer_that_would_not_be_told_is_refused(
    host: Host, refused: Refused, observer: object, told: str
) -> None:
    assert refused(host.project(), observers=[Marked(), observer]) == {"observers.1": told}


def test_looking_back_refuses_what_is_no_name(host: Host) -> None:
    host.run(host.project())
    project = host.project()
    wrong: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: runs(project, limit="5"), "limit: must be a whole number, not text"),  # type: ignore[arg-type]
        (lambda: runs(project, sync=["people"]), "sync: must be text or nothing, not a list"),  # type: ignore[arg-type]
        (lambda: show(project, 5), "run: must be text, not a number"),  # type: ignore[arg-type]
        (lambda: rows(project, None), "run: must be text, not nothing"),  # type: ignore[arg-type]
        (lambda: calls(project, Path("x").open), "run: must be text"),  # type: ignore[arg-type]
        (lambda: held_rows(project, ["r"]), "run: must be text, not a list"),  # type: ignore[arg-type]
        (lambda: resolve(project, "people", "sent"), "settlement: must be a Settlement, not text"),  # type: ignore[arg-type]
        (
            lambda: resolve(project, "people", Settlement(Decision.SENT), keys="k1"),
            "keys: must be a list, not text",
        ),
        (lambda: plan(project, 5, destinations=DESTINATIONS), "sync: must be text, not a number"),  # type: ignore[arg-type]
    )  # fmt: skip
    for call, told in wrong:
        with pytest.raises(ConfigError, match=told):
            call()


def test_a_plan_takes_what_a_run_takes(host: Host) -> None:
    report = plan(host.project(), "people", destinations=DESTINATIONS, accept={"model"}, state=host.folder / "state")
    assert isinstance(report, PlanReport)
    assert isinstance(DESTINATIONS["reference"], Destination)
