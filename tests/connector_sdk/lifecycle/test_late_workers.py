"""A thread that outlives its run: as long as it may still be writing, no other run of the sync begins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from connector_sdk import ExitCode, RunStopped
from connector_sdk.run import run

from ..planning.bench import Bench, people
from .host_runs import WAIT, Gate, join_writers


def test_no_run_begins_while_a_thread_of_an_interrupted_one_is_in_a_call(tmp_path: Path) -> None:
    bench = Bench(tmp_path, people())
    gate, cancel = Gate(threading.Barrier(1 + 1)), threading.Event()
    threading.Thread(target=lambda: (gate.met.wait(WAIT), cancel.set())).start()
    project = bench.project([{"k": "1", "e": "a", "n": "Ann"}])

    (report,) = run(project, "people", destinations=gate.destinations(), cancel=cancel, drain=0.1)
    assert (report.state, report.exit) == ("stopped", ExitCode.INTERRUPTED)
    with pytest.raises(RunStopped, match="another run of people is in progress") as refused:
        bench.run([{"k": "1", "e": "a", "n": "Anna"}])
    assert refused.value.exit_code is ExitCode.LOCKED

    gate.let_go.set()
    join_writers()
    bench.run([{"k": "1", "e": "a", "n": "Anna"}])
    assert bench.names() == {"a": "Anna"}
    bench.store.close()
