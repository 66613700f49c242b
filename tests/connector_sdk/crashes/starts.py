"""Many starts of one sync at the same moment, each in a process of its own: `python -m` this COUNT, in an empty folder.

The destination takes its time until all but one of the processes have ended. Prints how each ended and how often each
row was executed, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb  # noqa: F401 - imported before the first fork, so that no child pays for it
import pyarrow.compute
import pyarrow.parquet
from click.testing import CliRunner

from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.testing.reference import Fault, FaultKind, Store

from .scenarios import CASES, DESTINATIONS, project


def main() -> None:
    """Start the processes, let them run at the same moment, and wait for all of them."""
    folder, case = Path.cwd(), CASES["insert-two_phase"]
    os.environ["XDG_STATE_HOME"] = str(folder / "home")
    pyarrow.parquet.write_table(pyarrow.table({"key": ["a", "b"], "text": ["1", "2"]}), folder / "model.parquet")
    if prepared := os.fork():
        os.waitpid(prepared, 0)
    else:
        Store.at(folder / "store.db").add_fault(Fault(FaultKind.SLOW, times=600))
        os._exit(0)
    gate, opener = os.pipe()
    waiting = {_start(folder, gate, opener) for _ in range(int(sys.argv[1]))}
    os.close(opener)
    ended = [_next(waiting) for _ in range(len(waiting) - 1)]
    store = Store.at(folder / "store.db")
    store.clear_faults()
    ended.append(_next(waiting))
    print(json.dumps({"ended": ended, "executed": store.execution_counts(case.object_name)}))


def _start(folder: Path, gate: int, opener: int) -> int:
    """Start a process that runs the sync as soon as the other end of the gate is closed, and return its id."""
    if child := os.fork():
        return child
    os.close(opener)
    os.read(gate, 1)
    settings = Settings(path=folder, destinations=DESTINATIONS)
    settings.project = project(CASES["insert-two_phase"], folder)
    result = CliRunner().invoke(connector, ["run", "sync", "--first-run", "send"], obj=settings)
    sys.stderr.write(result.output)
    os._exit(result.exit_code)


def _next(waiting: set[int]) -> int:
    """Wait for one of the processes, and return its exit code."""
    child, status = os.wait()
    waiting.remove(child)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
