"""Every call that a sync makes, spoiled in every way, one at a time: what the org executed is the judge.

The calls are those of a run in which nothing goes wrong. Each of them is spoiled once, in a run of its own. That run is
started again until it is done, and then audited like a run that was killed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve, frozen

from connector_sdk import ConnectorError, ExitCode
from connector_sdk.testing.crash import Scenario

from .emulated import Emulated
from .gateway import Forward, Gateway, Reply, Spoiler, as_bytes, gateway

_HTML = b"<html><head><title>Down</title></head><body><h1>Down for maintenance</h1></body></html>"
_RESTARTS = 5
_BUGS = (ExitCode.BUG, ExitCode.CONFIG)


def _refuse(status: int, *, executed: bool) -> Spoiler:
    """Answer with the error page of a proxy, for a call that was executed or not."""

    def spoil(forward: Forward) -> Reply:
        if executed:
            forward()
        return Reply(status, {"Content-Type": "text/html"}, _HTML)

    return spoil


def _body(change: Callable[[bytes], bytes]) -> Spoiler:
    """Change the body of the answer, under a head that fits it."""

    def spoil(forward: Forward) -> Reply:
        reply = forward()
        return evolve(reply, body=change(reply.body))

    return spoil


def _break_connection(shown: Callable[[Reply], int]) -> Spoiler:
    """Execute the call, and break the connection after so many bytes of the answer."""

    def spoil(forward: Forward) -> bytes:
        reply = forward()
        return as_bytes(reply)[: shown(reply)]

    return spoil


SPOILERS: Mapping[str, Spoiler] = {
    "cut before": lambda _: None,
    "cut after": _break_connection(lambda _: 0),
    "cut in the head": _break_connection(lambda _: 20),
    "cut in the body": _break_connection(lambda reply: len(as_bytes(reply)) - len(reply.body) // 2 - 1),
    "500": _refuse(500, executed=False),
    "502 though executed": _refuse(502, executed=True),
    "503": _refuse(503, executed=False),
    "503 though executed": _refuse(503, executed=True),
    "a page": _refuse(200, executed=True),
    "nothing": _body(lambda _: b""),
    "half": _body(lambda body: body[: len(body) // 2]),
    "without the last bytes": _body(lambda body: body[:-2]),
    "without the last line": _body(lambda body: b"".join(body.splitlines(keepends=True)[:-1])),
}
"""What becomes of an answer, by name."""


@frozen
class Tested:
    """How many runs had a call spoiled, and what was wrong in them."""

    runs: int
    calls: int
    problems: tuple[str, ...]


Crashing = Callable[[str], Scenario]
Step = Callable[[], object]
Call = tuple[str, str]


@frozen
class Met:
    """A call of a run: its method and path, which repetition it is, and its number among all calls."""

    call: Call
    repetition: int
    number: int


Chosen = Callable[[Met], Sequence[str]]
"""The names of the spoilers for a call."""

_WRITING = re.compile("/async/|/jobs/ingest|/composite/sobjects|/Soap/|/tooling/sobjects/|/eventSchema")
_READ_ONLY = [name for name in SPOILERS if name not in ("502 though executed", "503 though executed", "cut before")]


def of_every_kind(met: Met) -> Sequence[str]:
    """Choose every way that makes a difference to the call."""
    return _READ_ONLY if met.call[0] == "GET" else tuple(SPOILERS)


def choose_in_turn(met: Met) -> Sequence[str]:
    """Choose one way for the call, and another one for the next call."""
    kinds = of_every_kind(met)
    return [kinds[5 * met.number % len(kinds)]]


def of_every_kind_at_first(met: Met) -> Sequence[str]:
    """Choose every way for a call, and one way in turn where the same call is met again."""
    return of_every_kind(met) if met.repetition == 1 else choose_in_turn(met)


def of_first(chosen: Chosen) -> Chosen:
    """Choose likewise, but skip a call that was met before."""
    return lambda met: chosen(met) if met.repetition == 1 else ()


def of_writing(chosen: Chosen) -> Chosen:
    """Choose likewise, but only for calls that write or that ask for the outcome of a write."""
    return lambda met: chosen(met) if _WRITING.search(met.call[1]) else ()


def of_beginning(chosen: Chosen) -> Chosen:
    """Choose likewise, but only for the calls that do not write: they are the same for every api."""
    return lambda met: () if _WRITING.search(met.call[1]) else chosen(met)


def spoil_every_call(org: Emulated, crashing: Crashing, root: Path, chosen: Chosen) -> Tested:
    """Spoil the calls of a scenario. `crashing` builds it for an org that is reached through a gateway."""
    with gateway(org) as (spoiling, reached):
        scenario = crashing(json.dumps(dict(reached.ready)))
        calls = _calls(scenario, spoiling, root / "clean")
        trials = [(met, name) for met in calls for name in chosen(met)]
        problems: list[str] = []
        for number, (met, name) in enumerate(trials):
            spoil = partial(spoiling.spoil, met.call, SPOILERS[name], met.repetition)
            found = _trial(scenario, spoiling, root / str(number), spoil)
            problems += [f"{name}, call {met.repetition} of {' '.join(met.call)}: {each}" for each in found]
    return Tested(len(trials), len(calls), tuple(problems))


def _calls(scenario: Scenario, spoiling: Gateway, folder: Path) -> list[Met]:
    """Return the calls of a run in which nothing goes wrong."""
    made: Counter[Call] = Counter()
    problems = _trial(scenario, spoiling, folder, after=lambda: made.update(spoiling.calls))
    assert made
    assert not problems, problems
    repeated = [(call, repetition + 1) for call, times in made.items() for repetition in range(times)]
    return [Met(call, repetition, number) for number, (call, repetition) in enumerate(repeated)]


def _trial(
    scenario: Scenario, spoiling: Gateway, folder: Path, before: Step = lambda: None, after: Step = lambda: None
) -> list[str]:
    """Run until it is done, and audit. Call `before` ahead of the first run and `after` behind the last."""
    folder.mkdir()
    scenario.prepare(folder)
    spoiling.forget()
    before()
    for _ in range(_RESTARTS):
        code = _run(scenario, folder)
        if code in _BUGS:
            return [f"the run ended with {code}"]
        if code in scenario.done:
            after()
            spoiling.forget()
            return list(scenario.audit(folder))
    return [f"the run was not finished after {_RESTARTS} restarts"]


def _run(scenario: Scenario, folder: Path) -> int:
    try:
        return scenario.run(folder)
    except ConnectorError as error:
        return error.exit_code
