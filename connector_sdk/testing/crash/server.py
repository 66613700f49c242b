"""Start the harness in a process of its own, which has neither the caller's threads nor its open files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from connector_sdk.contract.errors import Portable
from connector_sdk.testing.crash.harness import Failure, Report


class CrashHarnessError(Portable, Exception):
    """The harness itself did not run; the message is what it said."""


def exhaust(scenario: str, *arguments: str) -> Report:
    """Kill a run at every crash point in turn. `scenario` is `module:function`, `arguments` are given to it."""
    return _harness(scenario, *arguments)


def batter(scenario: str, *arguments: str, trials: int, seed: int, kills: int = 5) -> Report:
    """Kill up to `kills` times in each of `trials` runs, at random; the same `seed` draws the same kills."""
    return _harness(scenario, *arguments, "--trials", str(trials), "--seed", str(seed), "--kills", str(kills))


def replay(scenario: str, *arguments: str, at: str) -> Report:
    """One trial again, with the kills that a failure names."""
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
