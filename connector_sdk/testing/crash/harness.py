"""The kill-and-audit loops of the crash harness, which run each step of a trial in a forked child.

The parent never runs a scenario, so it has no threads and no open database. A fork is therefore safe and takes
milliseconds. SIGKILL ends the children, so they flush, close and roll back nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from connector_sdk.contract.crashpoint import listen
from connector_sdk.contract.errors import Portable

FAILED = 99
"""The exit code of a child whose scenario raised."""

_RESTARTS = 5


@frozen
class Scenario:
    """The run to kill. Each function receives the trial's folder and runs in its own process.

    `run` does one run, or resumes the killed one, and returns the exit code of the command. The harness starts it again
    until that code is in `done`. `audit` returns a description of each problem that it finds at the end.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], int]
    audit: Callable[[Path], Iterable[str]]
    done: frozenset[int] = frozenset({0, 1, 3})


@frozen
class Failure:
    """A failed trial: where the run was killed, what the audit found, and the command that repeats the trial."""

    kills: str
    problems: tuple[str, ...]
    replay: str


@frozen
class Report:
    """The result of the harness: the number of crash points, trials and kills, and the failed trials."""

    points: int
    trials: int
    kills: int
    seconds: float
    failures: tuple[Failure, ...] = ()

    def __str__(self) -> str:
        head = f"{self.points} crash points, {self.trials} trials, {self.kills} kills, {self.seconds:.1f} s"
        lines = [f"killed at {each.kills}: {'; '.join(each.problems)}\n  {each.replay}" for each in self.failures]
        return "\n".join([head, *lines])


@define
class Harness:
    """The trials of a scenario, in folders below `root`. They stop after `most` failures."""

    name: str
    scenario: Scenario
    root: Path
    most: int = 3
    trials: int = 0
    kills: int = 0
    failures: list[Failure] = field(factory=list)
    _started: float = field(factory=time.monotonic)

    def exhaust(self) -> Report:
        """Kill at the first crash point, then at the second, until a run survives."""
        self._preload()
        point = 0
        while len(self.failures) < self.most:
            point += 1
            if not self.trial([str(point)]):
                break
        return self._report(point - 1)

    def batter(self, trials: int, seed: int, kills: int) -> Report:
        """Kill up to `kills` times per trial, at random crash points and random moments."""
        self._preload()
        points = self._survey()
        for drawn in draw_kills(trials, seed, kills, points):
            if len(self.failures) >= self.most:
                break
            self.trial(drawn)
        return self._report(points)

    def replay(self, kills: Sequence[str]) -> Report:
        """Run one trial with these kills."""
        self.trial(kills)
        return self._report(0)

    def trial(self, kills: Sequence[str]) -> int:
        """Prepare, run and kill as planned, run to the end, and audit. Return how many kills happened."""
        self.trials += 1
        folder = self.root / f"trial-{self.trials}"
        folder.mkdir(parents=True)
        happened, problems = 0, []
        try:
            self._check(folder, "prepare", lambda: self.scenario.prepare(folder))
            for kill in kills:
                happened += self._run_and_kill(folder, kill)
            self._finish(folder)
            problems = self._audit(folder)
        except _TrialError as error:
            problems = [str(error)]
        self.kills += happened
        if problems:
            words = ",".join(kills)
            self.failures.append(Failure(words, tuple(problems), f"{_command(self.name)} --at {words}"))
        return happened

    def _preload(self) -> None:
        """Import into this process what a run imports, so that the children do not import it again and again."""
        folder = self.root / "preload"
        folder.mkdir(parents=True)
        imported = folder / "modules.json"
        self._child(folder, lambda: _run_and_list_modules(self.scenario, folder, imported))
        for name in json.loads(imported.read_text()) if imported.exists() else ():
            with suppress(Exception):
                importlib.import_module(name)

    def _survey(self) -> int:
        """Return how many crash points an undisturbed run passes, or 1 if they were not counted."""
        folder = self.root / "survey"
        folder.mkdir(parents=True)
        counted = folder / "points"
        self._check(folder, "prepare", lambda: self.scenario.prepare(folder))
        self._child(folder, lambda: _run_and_count(self.scenario.run, folder, counted))
        return int(counted.read_text()) if counted.exists() else 1

    def _run_and_kill(self, folder: Path, kill: str) -> bool:
        status = self._child(folder, lambda: _run_until_killed(self.scenario.run, folder, kill))
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True
        self._check_exit(os.waitstatus_to_exitcode(status), folder, anything=True)
        return False

    def _finish(self, folder: Path) -> None:
        for _ in range(_RESTARTS):
            status = self._child(folder, lambda: self.scenario.run(folder))
            if self._check_exit(os.waitstatus_to_exitcode(status), folder):
                return
        raise _TrialError(f"the run was not finished after {_RESTARTS} restarts")

    def _check_exit(self, code: int, folder: Path, *, anything: bool = False) -> bool:
        if code == FAILED or code < 0:
            raise _TrialError(f"the run failed: {_last_line(folder / 'log')}")
        return anything or code in self.scenario.done

    def _audit(self, folder: Path) -> list[str]:
        found = folder / "problems.json"
        self._check(folder, "audit", lambda: found.write_text(json.dumps(list(self.scenario.audit(folder)))))
        problems: list[str] = json.loads(found.read_text())
        return problems

    def _check(self, folder: Path, what: str, act: Callable[[], Any]) -> None:
        def act_silently() -> int:
            act()
            return 0

        if self._child(folder, act_silently) != 0:
            raise _TrialError(f"{what} failed: {_last_line(folder / 'log')}")

    def _child(self, folder: Path, act: Callable[[], int]) -> int:
        """Call `act` in a forked process, and return its wait status."""
        child = os.fork()
        if child == 0:
            _live(folder / "log", act)
        return os.waitpid(child, 0)[1]

    def _report(self, points: int) -> Report:
        seconds = time.monotonic() - self._started
        return Report(points, self.trials, self.kills, seconds, tuple(self.failures))


class _TrialError(Portable, Exception):
    """A trial that cannot continue."""


def _live(log: Path, act: Callable[[], int]) -> None:
    """Call `act` in the child with its output in `log`, then end the process without cleanup."""
    code = FAILED
    try:
        with log.open("a") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        code = int(act())
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run_until_killed(run: Callable[[Path], int], folder: Path, kill: str) -> int:
    if kill.endswith("s"):
        timer = threading.Timer(float(kill[:-1]), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()
    else:
        _kill_at(int(kill))
    return run(folder)


def _kill_at(point: int) -> None:
    """Kill this process at crash point number `point`, counted across all threads."""
    left = iter(range(point - 1, -1, -1))
    lock = threading.Lock()

    def meet(_name: str) -> None:
        with lock:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    listen(meet)


def _run_and_list_modules(scenario: Scenario, folder: Path, imported: Path) -> int:
    """Prepare and run, and write the names of the modules that this imported."""
    before = set(sys.modules)
    scenario.prepare(folder)
    code = scenario.run(folder)
    imported.write_text(json.dumps(sorted(set(sys.modules) - before)))
    return code


def _run_and_count(run: Callable[[Path], int], folder: Path, counted: Path) -> int:
    met: list[str] = []
    listen(met.append)
    code = run(folder)
    counted.write_text(str(len(met)))
    return code


def draw_kills(trials: int, seed: int, kills: int, points: int) -> Iterator[list[str]]:
    """Yield the kills of each trial, at most `kills`: the number of a crash point, or a moment in seconds."""
    chance = random.Random(seed)
    for _ in range(trials):
        yield [_random_kill(chance, points) for _ in range(chance.randint(0, kills))]


def _random_kill(chance: random.Random, points: int) -> str:
    if chance.random() < 0.25:
        return f"{chance.uniform(0, 0.3):.3f}s"
    return str(chance.randint(1, max(1, points)))


def _last_line(log: Path) -> str:
    lines: Iterator[str] = (line for line in reversed(log.read_text().splitlines()) if line.strip())
    return next(lines, "no output")


def _command(name: str) -> str:
    return f"python -m connector_sdk.testing.crash {shlex.join(shlex.split(name))}"
