"""The harness as functions: each call starts it in a new process, without the caller's threads and open files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from connector_sdk.contract.errors import Portable
from connector_sdk.testing.crash.harness import Failure, Report


class CrashHarnessError(Portable, Exception):
    """A failure of the harness itself; the message is its error output."""


def exhaust(scenario: str, *arguments: str) -> Report:
    """Kill a run at each crash point in turn. `scenario` is `module:function`, which receives `arguments`."""
    return _harness(scenario, *arguments)


def batter(scenario: str, *arguments: str, trials: int, seed: int, kills: int = 5) -> Report:
    """Kill up to `kills` times in each of `trials` trials, at random. The same `seed` gives the same kills."""
    return _harness(scenario, *arguments, "--trials", str(trials), "--seed", str(seed), "--kills", str(kills))


def replay(scenario: str, *arguments: str, at: str) -> Report:
    """Repeat one trial with the kills that a failure names."""
    return _harness(scenario, *arguments, "--at", at)


def _harness(*arguments: str) -> Report:
    command = [sys.executable, "-m", "connector_sdk.testing.crash", "--json", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_paths(sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
        raise CrashHarnessError(done.stderr or f"the harness ended with {done.returncode}")
    report = json.loads(done.stdout)
    failures = tuple(Failure(each["kills"], tuple(each["problems"]), each["replay"]) for each in report.pop("failures"))
    return Report(**report, failures=failures)


def _paths(paths: Sequence[str]) -> list[str]:
    return [path or os.getcwd() for path in paths]
