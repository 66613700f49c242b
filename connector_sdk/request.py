"""What is asked of a run, and which wishes make no sense together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from enum import StrEnum

from attrs import field, frozen

from connector_sdk.errors import ConfigError, Problem
from connector_sdk.planning.guards import GUARDS
from connector_sdk.project.suggest import closest
from connector_sdk.writing.retry import Pace


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


def require_sense(request: Request) -> None:
    """Raise `ConfigError` with every guard that does not exist and every wish that a saved plan cannot fulfil."""
    problems = [*_unknown_guards(request), *_too_late(request)]
    if request.drain is not None and not request.drain >= 0:
        problems.append(Problem(f"drain is {request.drain}, and counts seconds: 0 or more", hint="leave it out"))
    if problems:
        raise ConfigError(problems)


def _unknown_guards(request: Request) -> Iterator[Problem]:
    for name in sorted(request.accept.difference(GUARDS)):
        near = closest(name, GUARDS)
        hint = f"did you mean --accept {near}?" if near else "leave --accept out, or name one of these"
        yield Problem(f"there is no guard {name}; the guards are {', '.join(GUARDS)}", hint=hint)


def _too_late(request: Request) -> Iterator[Problem]:
    """What had to be said when the plan was saved: it is run as it was shown."""
    if request.plan_id is None:
        return
    wishes = {
        "--full": request.full,
        "--first-run": request.first_run is not None,
        "--start-over": request.start_over,
    }
    for option in (option for option, wished in wishes.items() if wished):
        hint = "run without --plan" if option == "--start-over" else f"plan again with --save {option}"
        yield Problem(f"{option} does not go with --plan: a saved plan is run as it was shown", hint=hint)
