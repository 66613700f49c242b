"""A thread that outlives its run: as long as it may still be writing, no other run of the sync begins."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import define, field

from connector_sdk import Attempt, Batch, Connection, Destination, ExitCode, Options, RunStopped, WriteResult, hookimpl
from connector_sdk.run import run
from connector_sdk.testing.reference import plugin

from ..planning.bench import Bench, people


@define
class Stuck:
    """The reference destination, whose first call hangs until it is let go."""

    reached: threading.Event = field(factory=threading.Event)
    let_go: threading.Event = field(factory=threading.Event)

    def destination(self) -> Destination:
        @hookimpl
        def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
            self.reached.set()
            self.let_go.wait(30)
            return plugin.write_batch(connection, batch, options, attempt)

        return Destination("reference", SimpleNamespace(**{**vars(plugin), "write_batch": write_batch}))


def test_no_run_begins_while_a_thread_of_an_interrupted_one_is_in_a_call(tmp_path: Path) -> None:
    bench = Bench(tmp_path, people())
    stuck, cancel = Stuck(), threading.Event()
    threading.Thread(target=lambda: (stuck.reached.wait(), cancel.set())).start()
    project = bench.project([{"k": "1", "e": "a", "n": "Ann"}])

    (report,) = run(project, "people", destinations={"reference": stuck.destination()}, cancel=cancel, drain=0.1)
    assert (report.state, report.exit) == ("stopped", ExitCode.INTERRUPTED)
    with pytest.raises(RunStopped, match="another run of people is in progress") as refused:
        bench.run([{"k": "1", "e": "a", "n": "Anna"}])
    assert refused.value.exit_code is ExitCode.LOCKED

    stuck.let_go.set()
    _await_end("writer-0")
    bench.run([{"k": "1", "e": "a", "n": "Anna"}])
    assert bench.names() == {"a": "Anna"}
    bench.store.close()


def _await_end(name: str) -> None:
    while any(each.name == name for each in threading.enumerate()):
        time.sleep(0.01)
