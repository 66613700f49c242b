"""A state folder with every kind of file that there can be, made by runs, and the messages that refuse it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from connector_sdk import Removal, RunStopped, history
from connector_sdk.resolve import held_rows
from connector_sdk.run import plan, run
from connector_sdk.testing.reference import Fault, FaultKind

from ..planning.bench import Bench, people

ANN, BOB = {"k": "1", "e": "a", "n": "Ann"}, {"k": "2", "e": "b", "n": "Bob"}
CARL = {"k": "3", "e": "c", "n": "Carl"}

FILES = (
    "state.db", "state.db-wal", "state.db-shm", "state.db-journal",
    "plans/RUN/plan.parquet", "plans/RUN/plan.json", "plans/RUN/schema.json", "plans/RUN/stage.parquet",
    "plans/RUN/spill/duckdb_temp.tmp", "snapshots/people/RUN.parquet", "snapshots/people/RUN.new",
    "snapshots/people/spill/duckdb_temp.tmp", "schemas/people.json", "ledgers/RUN.parquet", "ledgers/RUN.new",
    "calls/RUN.db", "calls/RUN.db-wal", "calls/RUN.db-shm", "calls/RUN.db-journal", "locks/people.lock",
)  # fmt: skip
FOLDERS = (
    "plans", "plans/RUN", "plans/RUN/spill", "snapshots", "snapshots/people", "snapshots/people/spill", "schemas",
    "ledgers", "calls", "locks",
)  # fmt: skip


def fill(folder: Path) -> None:
    """Run a sync to a store in `folder`, save a plan of it, and stop a run of it midway."""
    bench = Bench(folder, evolve(people(), on_removed=Removal.DELETE))
    bench.run([ANN, BOB])
    bench.run([ANN, CARL])
    bench.plan([ANN], save=True)
    bench.store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    assert bench.run_open([ANN, {**CARL, "n": "Karl"}]).state == "stopped"
    bench.store.close()


def place_of(folder: Path, part: str) -> Path:
    """Return the path of a part of the state in `folder`: one that exists, if there is one of its kind."""
    pattern = folder / ".connector" / part
    found = sorted((folder / ".connector").glob(part.replace("RUN", "2*", 1)))
    if found:
        return found[0]
    run = next((folder / ".connector" / "plans").iterdir()).name
    return Path(str(pattern).replace("RUN", run))


def put(path: Path, make: Callable[[Path], object]) -> None:
    """Put something in the place of a part."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    make(path)


def refusals(folder: Path) -> Iterator[str]:
    """Yield the messages of commands that are refused because of the state of the sync in `folder`."""
    bench = Bench(folder, people())
    project = bench.project([ANN])
    try:
        for command in (
            lambda: run(project, "people", destinations=bench.destinations),
            lambda: plan(project, "people", destinations=bench.destinations),
            lambda: history.runs(project),
            lambda: held_rows(project, "people"),
        ):
            with pytest.raises(RunStopped) as stopped:
                command()
            yield str(stopped.value)
    finally:
        bench.store.close()
