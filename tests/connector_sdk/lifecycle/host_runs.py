"""A host: three syncs to one store with one state folder, whose calls can be made to wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from connector_sdk import (
    Attempt,
    Batch,
    Connection,
    DeliveryOptions,
    Destination,
    Host,
    Mode,
    Options,
    Project,
    RunReport,
    WriteResult,
)
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.reference import plugin

from ..destinations import reference
from ..planning.bench import Bench, map_fields, people

WAIT = 60
NAMES = ("ants", "bees", "cats")


@define
class Gate:
    """The reference destination, whose writes wait for each other, and then until they are let go.

    It is for the threads of one process; `gated_run` does this for another process.
    """

    met: threading.Barrier
    let_go: threading.Event = field(factory=threading.Event)
    returned: list[str] = field(factory=list)

    def destinations(self) -> dict[str, Destination]:
        """Return the destinations of a run: the reference destination behind the gate."""

        def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
            self.met.wait(WAIT)
            assert self.let_go.wait(WAIT)
            answer = plugin.write_batch(connection, batch, options, attempt)
            self.returned.append(batch.object_name)
            return answer

        return reference(write_batch=write_batch)


def note_close(note: Callable[[], object]) -> Callable[[Any, Host], Connection]:
    """Return a `connect` whose connection calls `note` when it is closed."""

    def connect(config: Any, host: Host) -> Connection:
        live = plugin.connect(config, host)

        def close() -> None:
            note()
            live.close()

        return evolve(live, close=close)

    return connect


def three_syncs(folder: Path) -> Bench:
    """Return three syncs of notes to one store, with one state folder. Each batch has one row; four are under way."""
    notes = people(Mode.INSERT, objects=("notes",), fields=map_fields(key="k", text="n"))
    bench = Bench(folder, notes)
    bench.change(delivery=DeliveryOptions(api="call", batch_size=1, parallelism=4))
    bench.others = {name: evolve(bench.sync, name=name) for name in NAMES}
    return bench


def rows(name: str) -> list[dict[str, str | None]]:
    """Return four rows of a sync."""
    return [{"k": f"{name}{number}", "n": name} for number in range(4)]


def start(project: Project, name: str, **asked: Any) -> tuple[RunReport, ...]:
    """Run a sync to the reference destination."""
    return run(project, name, **{"destinations": reference(), "first_run": FirstRun.SEND, **asked})


def count_executions(bench: Bench, name: str) -> dict[str, int]:
    """Return how often each row of a sync was executed."""
    return {key: times for key, times in bench.store.execution_counts("notes").items() if key.startswith(name)}


@contextmanager
def heed_ctrl_c() -> Iterator[None]:
    """Let this process heed Ctrl-C, also where a shell began it in the background."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def join_writers() -> None:
    """Wait until the threads of all runs have ended."""
    for each in threading.enumerate():
        if each.name.startswith("writer-"):
            each.join(WAIT)
