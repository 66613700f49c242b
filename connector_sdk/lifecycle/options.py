"""The options of a run, and the check that they make sense together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from connector_sdk.contract.errors import Problem
from connector_sdk.delivery.retry import Pace
from connector_sdk.planning.guards import GUARDS
from connector_sdk.settings.suggest import closest


class FirstRun(StrEnum):
    """How a sync without a snapshot begins if it must not send a row twice: send all rows, or mark them as sent."""

    SEND = "send"
    BASELINE = "baseline"


@frozen
class Request:
    """The options of a run. `drain` is how many seconds batches in flight get when it stops (None: the default)."""

    first_run: FirstRun | None = None
    accept: frozenset[str] = frozenset()
    full: bool = False
    abandon: bool = False
    start_over: bool = False
    plan_id: str | None = None
    pace: Pace = field(factory=Pace)
    cancel: threading.Event = field(factory=threading.Event)
    drain: float | None = None

    @property
    def baseline(self) -> bool:
        """Whether the rows that the model has now count as sent."""
        return self.first_run is FirstRun.BASELINE


def request_problems(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what makes no sense in the options of a run, such as unknown guards or options that a saved plan fixed."""
    yield from _check_guards(asked)
    yield from _check_saved_plan(asked)
    drain = asked.get("drain")
    if drain is not None and not drain >= 0:
        yield Problem(f"drain is {drain}, and not a number of seconds, 0 or more", hint="leave it out, or correct it")


def _check_guards(asked: Mapping[str, Any]) -> Iterator[Problem]:
    for name in sorted(set(asked.get("accept", ())).difference(GUARDS)):
        near = closest(name, GUARDS)
        hint = f"did you mean --accept {near}?" if near else "leave --accept out, or name one of these"
        yield Problem(f"there is no guard {name}; the guards are {', '.join(GUARDS)}", hint=hint)


def _check_saved_plan(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield options that belong to the moment when the plan was saved, because it runs as it was shown."""
    if asked.get("plan_id") is None:
        return
    for option in ("--full", "--first-run", "--start-over"):
        if not asked.get(option.removeprefix("--").replace("-", "_")):
            continue
        hint = "run without --plan" if option == "--start-over" else f"plan again with --save {option}"
        yield Problem(f"{option} does not go with --plan: a saved plan is run as it was shown", hint=hint)
