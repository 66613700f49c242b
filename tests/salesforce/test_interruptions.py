"""A run that is killed almost at its end: the next one sends the rest, and nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .projects import Project

ROWS, BATCH = 600, 20


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
def test_a_run_that_was_killed_at_nine_tenths_sends_the_rest_alone(project: Project, api: str) -> None:
    project.emulated.change({"bulk": {"delay": 0.1}})
    project.emulated.faults({"match": {"path": "/services/data/*/composite/*"}, "do": {"delay": 0.2}})
    project.sync(options={"api": api, "batch_size": BATCH, "parallelism": 3})
    project.model([{"id": f"k{n:03}", "last": "Ash", "email": None} for n in range(ROWS)])
    _kill_at(project, ROWS * 9 // 10)
    done = executed(project)
    assert ROWS * 9 // 10 <= len(done) < ROWS
    project.emulated.change({"bulk": {"delay": 0}})
    project.emulated.faults()
    run = project.run()
    assert run.exit == 0, run.said
    finished = executed(project)
    assert len(finished) == len(project.emulated.records("Contact")) == ROWS
    assert sum(finished.values()) - ROWS <= (3 * BATCH if api == "rest" else 0)
    assert project.run().rows == {"read": ROWS, "unchanged": ROWS}


def executed(project: Project) -> dict[str, int]:
    """How often each row was executed."""
    found: dict[str, int] = project.emulated.stats()["executed"].get("Contact", {})
    return found


def _kill_at(project: Project, rows: int) -> None:
    """Start a run of its own process, and kill it when so many rows were executed."""
    command = [str(Path(sys.executable).with_name("connector")), "run", "contacts", "--project", str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ) as process:
        try:
            while len(executed(project)) < rows and process.poll() is None:
                time.sleep(0.01)
        finally:
            process.send_signal(signal.SIGKILL)
