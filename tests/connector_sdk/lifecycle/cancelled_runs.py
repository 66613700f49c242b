"""Stop runs at random moments, in the threads of one process: `python -m … FOLDER RUNS SEED KINDS`.

Some calls hang when a run stops, before or after they are executed, and come back when it has ended. KINDS are the ways
to stop, separated by commas: `cancel`, `ctrl-c`. Whatever goes wrong ends the process with a traceback; what the
interpreter itself does not survive shows in its exit code.
"""

from __future__ import annotations

import _thread
import faulthandler
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import define, field, frozen

from connector_sdk import (
    ConnectionConfig,
    DeliveryOptions,
    ExitCode,
    FieldMapping,
    Match,
    Mode,
    Model,
    Project,
    ReportState,
    RunReport,
    RunStopped,
    Sync,
    history,
)
from connector_sdk.contract.crashpoint import listen
from connector_sdk.resolve import Decision, Settlement, held_rows, resolve
from connector_sdk.run import FirstRun, run
from connector_sdk.testing.reference import Store

from ..hooks.watched_calls import WAIT, Calls

ROWS, SIZE, PARALLELISM = 24, 2, 8


@frozen
class Target:
    """What a sync writes to, and how; `holds` says whether the destination cannot tell what became of a lost answer."""

    object_name: str
    mode: Mode
    api: str
    holds: bool

    def sync(self, name: str) -> Sync:
        """Return the sync to it."""
        keyed = self.mode is Mode.UPSERT
        fields = ("name", "external_id") if self.object_name == "people" else ("text", "key")
        wanted = [
            FieldMapping(field=fields[0], column="t"),
            *([] if keyed else [FieldMapping(field=fields[1], column="k")]),
        ]
        return Sync(
            name=name, model=name, connection="crm", objects=(self.object_name,), mode=self.mode,
            fields=tuple(wanted),
            match=Match("external_id", "k") if keyed else None,
            delivery=DeliveryOptions(api=self.api, batch_size=SIZE, parallelism=PARALLELISM),
        )  # fmt: skip


TARGETS = {
    "calls": Target("notes", Mode.INSERT, "call", holds=True),
    "jobs": Target("notes", Mode.INSERT, "leased_job", holds=False),
    "upserts": Target("people", Mode.UPSERT, "call", holds=False),
}


class Host:
    """A project of three syncs to one store, whose models grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.at(folder / "store.db")
        self.keys: dict[str, list[str]] = {name: [] for name in TARGETS}
        self.held: Counter[str] = Counter()

    def grow(self, name: str) -> None:
        """Add rows to the model of a sync."""
        first = len(self.keys[name])
        self.keys[name] += [f"{name}-{number:05}" for number in range(first, first + ROWS)]

    def project(self) -> Project:
        """Return the project as it is now."""
        models = {
            name: Model(name=name, primary_key=("k",), folder=str(self.folder), data=pa.table({"k": keys, "t": keys}))
            for name, keys in self.keys.items()
        }
        connection = ConnectionConfig("crm", "reference", {"path": str(self.folder / "store.db")})
        syncs = {name: target.sync(name) for name, target in TARGETS.items()}
        return Project(connections={"crm": connection}, models=models, syncs=syncs, folder=str(self.folder))

    def run(self, name: str, calls: Calls, **asked: Any) -> tuple[RunReport, ...]:
        """Run a sync, and check that its reports account for every row."""
        first = FirstRun.SEND if TARGETS[name].mode is Mode.INSERT else None
        asked = {"first_run": first, "destinations": calls.destinations(), **asked}
        reports = run(self.project(), name, **asked)
        for each in reports:
            require_sums(each)
        return reports

    def settle(self, name: str, calls: Calls) -> None:
        """Let the next run finish what is open, ask the store about rows that are held, and compare with it."""
        *_, report = self.run(name, calls)
        assert report.state is ReportState.FINISHED, report
        waiting = held_rows(self.project(), name)
        assert not waiting or TARGETS[name].holds, "rows are held although the destination can tell"
        executed = self.count_executions(name)
        for each in waiting:
            self.held[name] += 1
            decision = Decision.SENT if executed.get(each.key) else Decision.NOT_SENT
            resolve(self.project(), name, Settlement(decision), keys=[each.key])
        *_, report = self.run(name, calls)
        assert (report.exit, report.in_flight, report.held) == (ExitCode.OK, 0, 0), report
        executed = self.count_executions(name)
        lost = [key for key in self.keys[name] if key not in executed]
        twice = [key for key, times in executed.items() if times > 1 and TARGETS[name].mode is Mode.INSERT]
        assert (lost, twice) == ([], []), f"lost {lost}, twice {twice}"
        self.require_one_record(name)

    def count_executions(self, name: str) -> dict[str, int]:
        """Return how often the store executed each row of a sync."""
        found = self.store.execution_counts(TARGETS[name].object_name)
        return {key: times for key, times in found.items() if key.startswith(f"{name}-")}

    def require_one_record(self, name: str) -> None:
        """Check that each row of the model has one record."""
        by = "external_id" if TARGETS[name].object_name == "people" else "key"
        records = Counter(each[by] for each in self.store.records(TARGETS[name].object_name))
        wrong = {key: records[key] for key in self.keys[name] if records[key] != 1}
        assert not wrong, f"records: {wrong}"


def require_sums(report: RunReport) -> None:
    """Check that a report accounts for every row."""
    rows = report.rows
    assert rows.read + rows.removed == rows.unchanged + rows.planned, report
    assert rows.planned == rows.succeeded + rows.rejected + rows.skipped + rows.unprocessed + rows.unknown, report
    assert report.in_flight <= rows.unprocessed, report
    assert rows.rejected == 0, report


@define
class Stop:
    """Stops a run when so many points of it were passed, in whichever thread that is."""

    kind: str
    at: int
    calls: Calls
    cancel: threading.Event = field(factory=threading.Event)
    _passed: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def meet(self, _: str) -> None:
        """Count a point."""
        with self._lock:
            self._passed += 1
            is_due = self._passed == self.at
        if is_due:
            self.calls.stopping.set()
            self.cancel.set() if self.kind == "cancel" else _thread.interrupt_main()

    def disarm(self) -> None:
        """Stop nothing from now on; what was asked for already has come when this returns."""
        with self._lock:
            self.at = -1
        time.sleep(0.001)


def stop_one(host: Host, kinds: Sequence[str]) -> bool:
    """Stop a run somewhere, check what it leaves, and let the next one finish it. Return whether calls were late."""
    name, other = random.sample(list(TARGETS), 2)
    host.grow(name)
    calls = Calls(hang=random.choice((0, 1, 3, PARALLELISM)))
    stop = Stop(random.choice(kinds), random.randint(1, 150), calls)
    listen(stop.meet)
    try:
        try:
            reports = host.run(name, calls, cancel=stop.cancel, drain=0 if calls.hang else 30)
        finally:
            stop.disarm()
    except KeyboardInterrupt:
        reports = ()
    finally:
        listen(None)
    for each in reports:
        assert history.show(host.project(), each.run) == each
    late = writers()
    if late:
        look_while_calls_hang(host, name, other)
    calls.let_go.set()
    until = time.monotonic() + WAIT
    while writers():
        assert time.monotonic() < until, "threads did not end"
        time.sleep(0.001)
    calls.stopping.clear()
    host.settle(name, calls)
    calls.check()
    return bool(late)


def look_while_calls_hang(host: Host, name: str, other: str) -> None:
    """Check that the sync is locked, and that another one runs."""
    calls = Calls()
    with pytest.raises(RunStopped) as refused:
        host.run(name, calls)
    assert refused.value.exit_code is ExitCode.LOCKED
    host.grow(other)
    host.settle(other, calls)
    calls.check()


def writers() -> list[threading.Thread]:
    """Return the threads of runs that have not ended."""
    return [each for each in threading.enumerate() if each.name.startswith("writer-")]


def main(folder: str, runs: str, seed: str, kinds: str) -> None:
    """Stop so many runs."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background processes ignore it
    faulthandler.dump_traceback_later(1_700)
    random.seed(int(seed))
    host = Host(Path(folder))
    late = 0
    for number in range(int(runs)):
        try:
            late += stop_one(host, kinds.split(","))
        except BaseException:
            print(f"in run {number} of seed {seed}", file=sys.stderr)
            raise
    host.store.close()
    print(f"{runs} runs stopped, {late} of them with calls that came later, {sum(host.held.values())} rows held")


if __name__ == "__main__":
    main(*sys.argv[1:])
