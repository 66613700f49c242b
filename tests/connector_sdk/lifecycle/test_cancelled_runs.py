"""Runs that are stopped at random moments while calls are under way, in the threads of one process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest


def stop_runs(folder: Path, runs: int, kinds: str, seed: int) -> str:
    """Stop so many runs in a process of its own, and return what it says at the end."""
    command = [
        sys.executable,
        "-m",
        "tests.connector_sdk.lifecycle.cancelled_runs",
        str(folder),
        str(runs),
        str(seed),
        kinds,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ, cwd=Path(__file__).parents[3])
    assert ended.returncode == 0, f"seed {seed}: ended with {ended.returncode}\n{ended.stderr[-8_000:]}"
    return ended.stdout


@pytest.mark.timeout(900)
@pytest.mark.rule("C5")
def test_runs_that_are_cancelled_anywhere_crash_nothing_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    said = stop_runs(tmp_path, 6, "cancel", seed=5)
    assert said.startswith("6 runs stopped")


@pytest.mark.long
@pytest.mark.rule("C5")
@pytest.mark.parametrize("kinds", ["cancel", "ctrl-c"])
def test_two_hundred_runs_that_are_stopped_crash_nothing_lose_nothing_and_double_nothing(
    tmp_path: Path, kinds: str
) -> None:
    said = stop_runs(tmp_path, 200, kinds, seed=random.randrange(1_000_000))
    assert said.startswith("200 runs stopped")
    print(said)
