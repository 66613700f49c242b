"""A run that is killed, or asked to stop: the next one sends the rest, and nothing twice."""

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
    done = count_executions(project)
    assert ROWS * 9 // 10 <= len(done) < ROWS
    project.emulated.change({"bulk": {"delay": 0}})
    project.emulated.faults()
    run = project.run()
    assert run.exit == 0, run.said
    finished = count_executions(project)
    assert len(finished) == len(project.emulated.records("Contact")) == ROWS
    assert sum(finished.values()) - ROWS <= (3 * BATCH if api == "rest" else 0)
    assert project.run().rows == {"read": ROWS, "unchanged": ROWS}


@pytest.mark.parametrize("api", ["bulk", "bulk2", "rest"])
@pytest.mark.parametrize(
    ("number", "code", "hangs"), [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, True)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_run_that_is_asked_to_stop_ends_within_five_seconds_and_goes_on_later(
    project: Project, api: str, number: signal.Signals, code: int, hangs: bool
) -> None:
    """Whether its calls are answered, or hang."""
    method, path = {
        "bulk": ("POST", "*/job/*/batch"), "bulk2": ("PATCH", "*/jobs/ingest/*"), "rest": ("PATCH", "*/composite/*")
    }[api]  # fmt: skip
    match = {"method": method, "path": path}
    project.emulated.faults({"match": match, "do": {"delay": 0.3}})
    project.sync(options={"api": api, "batch_size": BATCH, "parallelism": 3})
    project.model([{"id": f"k{n:03}", "last": "Ash", "email": None} for n in range(ROWS)])
    with _start_run(project) as process:
        _wait_for(project, process, 2 * BATCH)
        if hangs:
            project.emulated.faults({"match": match, "do": {"delay": 8}})
            time.sleep(0.7)
        asked = time.monotonic()
        process.send_signal(number)
        assert process.wait(20) == code
        assert time.monotonic() - asked < 5
    project.emulated.faults()
    run = project.run()
    assert run.exit == 0, run.said
    finished = count_executions(project)
    assert len(finished) == len(project.emulated.records("Contact")) == ROWS
    assert sum(finished.values()) - ROWS <= (3 * BATCH if api == "rest" else 0)


def count_executions(project: Project) -> dict[str, int]:
    """Return how often each row was executed."""
    found: dict[str, int] = project.emulated.stats()["executed"].get("Contact", {})
    return found


def _kill_at(project: Project, rows: int) -> None:
    """Start a run of its own process, and kill it when so many rows were executed."""
    with _start_run(project) as process:
        try:
            _wait_for(project, process, rows)
        finally:
            process.send_signal(signal.SIGKILL)


def _start_run(project: Project) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("connector")), "run", "contacts", "--project", str(project.folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)


def _wait_for(project: Project, process: subprocess.Popen[bytes], rows: int) -> None:
    """Wait until so many rows were executed."""
    while len(count_executions(project)) < rows and process.poll() is None:
        time.sleep(0.01)
