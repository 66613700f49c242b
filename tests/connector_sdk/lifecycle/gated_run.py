"""Run a command in a process of its own that waits where files say so: `python -m … FOLDER PASSED COMMAND…`.

The plan waits until `FOLDER/plan` is there, and writes `planning` before. The first PASSED batches are written at once;
each other one writes `batch-N` and waits until `FOLDER/write` is there.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from connector_sdk import (
    Attempt,
    Batch,
    Connection,
    Destination,
    Finding,
    Options,
    PlanSummary,
    WriteResult,
)
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.testing.reference import plugin

from ..destinations import reference


def await_file(path: Path) -> None:
    """Wait until another process has made a file."""
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} never came"
        time.sleep(0.01)


def make_destinations(folder: Path, passed: int) -> dict[str, Destination]:
    """Return the destinations of a run: the reference destination, which waits for files."""
    numbers = itertools.count()

    def check_plan(connection: Connection, plan: PlanSummary) -> Sequence[Finding]:
        (folder / "planning").touch()
        await_file(folder / "plan")
        return plugin.check_plan(connection, plan)

    def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        number = next(numbers)
        if number >= passed:
            (folder / f"batch-{number}").touch()
            await_file(folder / "write")
        return plugin.write_batch(connection, batch, options, attempt)

    return reference(check_plan=check_plan, write_batch=write_batch)


if __name__ == "__main__":
    _, place, count, *command = sys.argv
    settings = Settings(destinations=make_destinations(Path(place), int(count)))
    connector.main([*command, "--project", place], obj=settings)
