"""The reference destination, which follows a script, and a plan of numbered rows to send to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
from attrs import define, field

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Attempt,
    Batch,
    Classification,
    Column,
    Connection,
    Destination,
    Executed,
    Kind,
    Mode,
    RowError,
    WriteResult,
)
from connector_sdk.delivery.context import Progress, RunContext
from connector_sdk.delivery.error_cache import ErrorCache
from connector_sdk.delivery.retry import Budget, Pace
from connector_sdk.delivery.scheduler import deliver_all
from connector_sdk.delivery.stopping import Stopping
from connector_sdk.hooks.observers import Observers
from connector_sdk.state.journal import Journal
from connector_sdk.state.plan_file import BatchRows
from connector_sdk.state.records import JournalledBatch, NewBatch, RunState
from connector_sdk.testing.reference.writers import Options

from ..destinations import reference

QUICK = Pace(base=0.001, cap=0.002)


class LostError(Exception):
    """An answer that never came."""


@define
class Scripted:
    """The reference destination, whose writes, recoveries and codes follow a script. It keeps no records.

    It is for tests of delivery alone, which need each code and each order of answers, and no store, schema or plan.
    `act` is called with each batch, and `recover` with each batch in doubt. `sent` has the rows of each call.
    """

    act: Callable[[Batch], WriteResult]
    recover: Callable[[Batch], object] = lambda batch: NOT_EXECUTED
    anchors: bool = False
    sent: list[list[str]] = field(factory=list)
    recovered: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(factory=threading.Lock)

    def destination(self) -> Destination:
        """Return the reference destination, which follows the script."""
        return reference(
            write_batch=lambda batch, attempt: self.write_batch(batch, attempt),
            recover_batch=lambda batch: self.recover_batch(batch),
            classify_error=classify,
        )["reference"]

    def write_batch(self, batch: Batch, attempt: Attempt) -> WriteResult:
        """Note the batch, and write it as the script says."""
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self.sent.append(batch.rows.column("name").to_pylist())
        try:
            if self.anchors:
                attempt.anchor("job", job="j1")
            return self.act(batch)
        finally:
            with self.lock:
                self.in_flight -= 1

    def recover_batch(self, batch: Batch) -> object:
        """Count the call, and answer as the script says."""
        self.recovered += 1
        return self.recover(batch)


KNOWN = {
    "locked": Classification(kind=Kind.TRANSIENT, executed=Executed.NO, advice="Fewer at once."),
    "crowded": Classification(kind=Kind.TRANSIENT, executed=Executed.NO, max_retry_rows=8),
    "once": Classification(kind=Kind.TRANSIENT, executed=Executed.NO, attempts=2),
    "quota": Classification(kind=Kind.FATAL, executed=Executed.NO, advice="Wait until tomorrow."),
    "busy": Classification(kind=Kind.THROTTLED, executed=Executed.NO, overloaded=True),
    "gone": Classification(kind=Kind.REJECTED, executed=Executed.NO, record_gone=True),
    "perhaps": Classification(kind=Kind.TRANSIENT, executed=Executed.MAYBE),
    "perhaps_fatal": Classification(kind=Kind.FATAL, executed=Executed.MAYBE),
    "bad": Classification(kind=Kind.REJECTED, executed=Executed.NO, advice="Mend the row."),
    "awaited": Classification(kind=Kind.THROTTLED, executed=Executed.NO, retry_after=0.0, waits=True),
}
"""What the codes of the scripts mean: one code for each way in which a row or a batch can fail."""


def classify(error: RowError | BaseException) -> Classification | None:
    """Classify an error, or return None to leave it to the core."""
    if isinstance(error, RowError):
        return KNOWN.get(error.code)
    if isinstance(error, LostError):
        return Classification(kind=Kind.TRANSIENT, executed=Executed.MAYBE)
    return None


class NumberedRows:
    """A plan whose row 7 is called `row7`."""

    def open_stage(self, batches: Sequence[JournalledBatch]) -> NumberedRows:
        return self

    def read(self, batch: JournalledBatch) -> BatchRows:
        numbers = [row for start, stop in batch.ranges for row in range(start, stop)]
        names = pa.array([f"row{number}" for number in numbers])
        mode = Mode.INSERT if batch.action is Action.CREATE else Mode.UPSERT
        rows = Batch(
            run=batch.run,
            number=batch.number,
            object_name=batch.object_name,
            action=batch.action,
            mode=mode,
            api="call",
            columns=(Column("name"),),
            rows=pa.table({"name": names}),
        )
        nothing = pa.nulls(len(numbers), pa.string())
        return BatchRows(rows, pa.array(numbers), names, nothing, pa.array(["new"] * len(numbers)))


@define
class Bench:
    """Sends rows through the real journal to a scripted destination."""

    folder: Path
    journal: Journal
    cancel: threading.Event = field(factory=threading.Event)

    def make_run(self, plugin: Scripted, **changes: object) -> RunContext:
        destination = plugin.destination()
        values: dict[str, object] = {
            "destination": destination,
            "connection": Connection(handle=None, account="acme", label="acme", production=False, close=lambda: None),
            "options": Options(),
            "journal": self.journal,
            "rows": NumberedRows(),
            "errors": ErrorCache(destination, changes.pop("retry_codes", ())),  # type: ignore[arg-type]
            "observers": Observers(),
            "progress": Progress(1000),
            "pace": QUICK,
            "budget": Budget(500),
            "anchors_first": False,
            "batch_size": 10,
            "split_retries": True,
            "stop": changes.pop("stop", None) or Stopping(self.cancel, changes.pop("drain", None)),  # type: ignore[arg-type]
        }
        return RunContext(**values | changes)  # type: ignore[arg-type]

    def plan(self, action: Action, *ranges: tuple[int, int], lanes: Sequence[int | None] = ()) -> None:
        self.journal.begin_run("r1", "sync", "acme", "hash")
        of_batches = lanes or [None] * len(ranges)
        batches = [
            NewBatch(0, "people", action, 0, (each,), lane=lane) for each, lane in zip(ranges, of_batches, strict=True)
        ]
        self.journal.freeze("r1", batches, RunState.RUNNING)

    def send(self, plugin: Scripted, *, parallelism: int = 1, **changes: object) -> None:
        deliver_all(self.make_run(plugin, **changes), self.journal.batches("r1"), parallelism)

    def outcomes(self) -> dict[str, str]:
        tables = list(self.journal.outcomes("r1"))
        rows = pa.concat_tables(tables).to_pylist() if tables else []
        assert len({row["row"] for row in rows}) == len(rows), "a row has two outcomes"
        return {row["key"]: row["outcome"] for row in rows}

    def lines(self) -> list[dict[str, object]]:
        return pa.concat_tables(list(self.journal.outcomes("r1"))).sort_by("row").to_pylist()


def results(batch: Batch, codes: dict[str, str]) -> WriteResult:
    """Return a result in which the rows with a code fail and all others succeed."""
    names: Sequence[str] = batch.rows.column("name").to_pylist()
    return WriteResult.of(
        ["failed" if name in codes else "succeeded" for name in names],
        record_id=[None if name in codes else f"id-{name}" for name in names],
        created=[None if name in codes else True for name in names],
        code=[codes.get(name) for name in names],
        message=[f"{name} failed" if name in codes else None for name in names],
    )


def fail_first(times: int, error: Exception, codes: dict[str, str] | None = None) -> Callable[[Batch], WriteResult]:
    """Fail the first `times` calls, then succeed."""
    left = [times]

    def act(batch: Batch) -> WriteResult:
        if left[0]:
            left[0] -= 1
            raise error
        return results(batch, codes or {})

    return act


def await_most(plugin: Scripted, wanted: int) -> None:
    """Wait until that many batches were under way at the same time, a minute at most."""
    until = time.monotonic() + 60
    while plugin.most_in_flight < wanted and time.monotonic() < until:
        time.sleep(0.001)
