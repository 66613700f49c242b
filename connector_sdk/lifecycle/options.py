"""What is asked of a run, and which wishes make no sense together."""

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
    """What a sync that must not send twice does without a snapshot: send all rows, or take the present ones as sent."""

    SEND = "send"
    BASELINE = "baseline"


@frozen
class Request:
    """What is asked of a run. `drain` is how many seconds batches in flight get when it stops; None for the usual."""

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
        """Whether rows that are there now count as sent."""
        return self.first_run is FirstRun.BASELINE


def request_problems(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """Say what makes no sense in the arguments of a run: unknown guards, and wishes that no saved plan fulfils."""
    yield from _check_guards(asked)
    yield from _too_late(asked)
    drain = asked.get("drain")
    if drain is not None and not drain >= 0:
        yield Problem(f"drain is {drain}, and counts seconds: 0 or more", hint="leave it out")


def _check_guards(asked: Mapping[str, Any]) -> Iterator[Problem]:
    for name in sorted(set(asked.get("accept", ())).difference(GUARDS)):
        near = closest(name, GUARDS)
        hint = f"did you mean --accept {near}?" if near else "leave --accept out, or name one of these"
        yield Problem(f"there is no guard {name}; the guards are {', '.join(GUARDS)}", hint=hint)


def _too_late(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """What had to be said when the plan was saved: it is run as it was shown."""
    if asked.get("plan_id") is None:
        return
    for option in ("--full", "--first-run", "--start-over"):
        if not asked.get(option.removeprefix("--").replace("-", "_")):
            continue
        hint = "run without --plan" if option == "--start-over" else f"plan again with --save {option}"
        yield Problem(f"{option} does not go with --plan: a saved plan is run as it was shown", hint=hint)
