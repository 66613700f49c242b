"""Hosts: several syncs at once in the threads of one process, and what is left of a run that was stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from connector_sdk import (
    Call,
    Connection,
    DeliveryOptions,
    ExitCode,
    FieldMapping,
    Find,
    Mode,
    ReportState,
    RunReport,
    RunStopped,
    history,
    hookimpl,
)
from connector_sdk.lifecycle.session import journal_of
from connector_sdk.run import run
from connector_sdk.testing.reference import plugin

from ..planning.bench import Bench, map_fields, people
from .host_runs import NAMES, WAIT, Gate, count_executions, join_writers, rows, start, three_syncs


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    yield three_syncs(tmp_path)
    join_writers()


@pytest.mark.rule("C5")
def test_cancelling_one_of_several_syncs_of_a_host_leaves_the_others_alone(bench: Bench) -> None:
    gate, cancel = Gate(threading.Barrier(3 * 4 + 1)), threading.Event()
    with ThreadPoolExecutor(3) as pool:
        running = {
            name: pool.submit(
                start, bench.project(rows(name)), name, destinations=gate.destinations(), drain=0,
                cancel=cancel if name == "ants" else threading.Event(),
            )
            for name in NAMES
        }  # fmt: skip
        gate.met.wait(WAIT)  # four calls of each are under way
        cancel.set()
        (stopped,) = running["ants"].result(WAIT)
        assert (stopped.exit, stopped.in_flight, stopped.rows.unprocessed) == (ExitCode.INTERRUPTED, 4, 4)
        assert not running["bees"].done()
        gate.let_go.set()
        for name in ("bees", "cats"):
            (report,) = running[name].result(WAIT)
            assert (report.exit, report.rows.succeeded, report.in_flight) == (ExitCode.OK, 4, 0)
            assert count_executions(bench, name) == dict.fromkeys((f"{name}{number}" for number in range(4)), 1)


@pytest.mark.rule("C5")
def test_syncs_of_different_projects_run_at_once_and_each_is_stopped_by_its_own_event(tmp_path: Path) -> None:
    benches = {}
    for name in NAMES:
        (tmp_path / name).mkdir()
        benches[name] = Bench(tmp_path / name, people(delivery=DeliveryOptions(batch_size=1, parallelism=4)))
    gate, cancels = Gate(threading.Barrier(3 * 4 + 1)), {name: threading.Event() for name in NAMES}
    people_of = {name: [{"k": each["k"], "e": each["k"], "n": name} for each in rows(name)] for name in NAMES}
    with ThreadPoolExecutor(3) as pool:
        running = {
            name: pool.submit(
                run, benches[name].project(people_of[name]), "people", destinations=gate.destinations(), drain=WAIT,
                cancel=cancels[name],
            )
            for name in NAMES
        }  # fmt: skip
        gate.met.wait(WAIT)
        cancels["cats"].set()
        gate.let_go.set()
        reports = {name: each.result(WAIT)[0] for name, each in running.items()}
    assert {name: report.rows.succeeded for name, report in reports.items()} == dict.fromkeys(NAMES, 4)
    assert reports["ants"].exit is ExitCode.OK
    assert all(set(benches[name].names().values()) == {name} for name in NAMES)


@pytest.mark.rule("C5")
def test_a_host_goes_on_while_calls_of_a_run_that_was_stopped_hang(bench: Bench) -> None:
    gate, cancel = Gate(threading.Barrier(4 + 1)), threading.Event()
    threading.Thread(target=lambda: (gate.met.wait(WAIT), cancel.set())).start()
    project = bench.project(rows("ants"))
    (stopped,) = start(project, "ants", destinations=gate.destinations(), cancel=cancel, drain=0)
    assert stopped.in_flight == 4

    with pytest.raises(RunStopped) as refused:
        start(project, "ants")
    assert refused.value.exit_code is ExitCode.LOCKED
    (other,) = start(bench.project(rows("bees")), "bees")
    assert (other.exit, other.rows.succeeded) == (ExitCode.OK, 4)
    assert history.show(project, stopped.run) == stopped

    gate.let_go.set()
    join_writers()
    assert len(gate.returned) == 4
    assert history.show(project, stopped.run) == stopped
    finished, _ = start(project, "ants")
    assert (finished.rows.unknown, finished.held) == (4, 4)
    assert count_executions(bench, "ants") == dict.fromkeys((f"ants{number}" for number in range(4)), 1)


@pytest.mark.rule("C5")
def test_a_run_that_is_cancelled_while_it_looks_records_up_asks_nothing_more_and_begins_nothing(
    tmp_path: Path,
) -> None:
    mentor = FieldMapping(field="mentor", find=Find("people", "m", "external_id"))
    bench = Bench(tmp_path, people(Mode.UPDATE, fields=(*map_fields(name="n"), mentor)))
    bench.store.put("people", external_id="b", name="Bob")
    cancel, asked = threading.Event(), list[str]()

    def match(connection: Connection, objects: Sequence[str], field: str, values: pa.Array) -> pa.Table:
        asked.append(field)
        cancel.set()
        return plugin.match(connection, objects, field, values, False, (), {})

    bench.hooks["match"] = match
    model = [{"k": "1", "e": "a", "n": "Ann", "m": "b"}]
    (report,) = bench.reports(model, cancel=cancel)
    assert (report.state, report.exit) == (ReportState.NOT_BEGUN, ExitCode.INTERRUPTED)
    assert "nothing was sent" in report.message
    assert len(asked) == 1
    assert history.runs(bench.project(model)) == []
    bench.hooks.clear()
    assert bench.run(model).report.rows.planned == 1


@pytest.mark.rule("C5")
def test_calls_that_return_after_the_end_of_a_run_are_told_to_no_observer(bench: Bench) -> None:
    heard: list[str] = []

    class Observer:
        @hookimpl
        def call_finished(self, call: Call) -> None:
            heard.append("call")

        @hookimpl
        def run_finished(self, report: RunReport) -> None:
            heard.append("end")

    gate, cancel = Gate(threading.Barrier(4 + 1)), threading.Event()
    threading.Thread(target=lambda: (gate.met.wait(WAIT), cancel.set())).start()
    start(
        bench.project(rows("ants")), "ants",
        destinations=gate.destinations(), cancel=cancel, drain=0, observers=[Observer()],
    )  # fmt: skip
    gate.let_go.set()
    join_writers()
    assert len(gate.returned) == 4
    assert heard == ["end"]


LOOK = """
import sys
from pathlib import Path
from connector_sdk import Project, history
print(len(history.runs(Project(connections={}, models={}, syncs={}, folder=sys.argv[1]))))
"""


@pytest.mark.rule("C5")
def test_what_one_sync_of_a_host_commits_survives_a_look_from_another_process_after_a_second_began(
    bench: Bench,
) -> None:
    """SQLite's locks belong to the process: a descriptor that the second opening closes would let go of the first's."""

    def look() -> int:
        found = subprocess.run(
            [sys.executable, "-c", LOOK, str(bench.folder)], capture_output=True, text=True, env=os.environ
        )
        assert found.returncode == 0, found.stderr
        return int(found.stdout)

    project = bench.project([])
    with journal_of(project) as (_, first):
        first.begin_run("r1", "ants", "account", "hash")
        with journal_of(project) as (_, second):
            second.begin_run("r2", "bees", "account", "hash")
        assert look() == 2
        first.begin_run("r3", "ants", "account", "hash")
        assert look() == 3
    assert [each.run for each in history.runs(project)] == ["r3", "r2", "r1"]
