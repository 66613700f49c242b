"""What runs intend, do and learn, committed before it matters: intent, anchors, outcomes, and the end of a run."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from attrs import astuple

from connector_sdk.batch import Anchor
from connector_sdk.crashpoint import crashpoint
from connector_sdk.damage import JOURNAL
from connector_sdk.errors import Cancelled
from connector_sdk.state import stored
from connector_sdk.state.database import not_usable
from connector_sdk.state.entries import (
    UNNAMED,
    BatchState,
    Held,
    JournalledBatch,
    JournalledRun,
    NewBatch,
    RemovedRows,
    RunState,
    SyncState,
)

T = TypeVar("T")


class Journal:
    """The one writer of the state database; every method that changes something is durable when it returns.

    Safe to use from any thread. After `close` it refuses everything, so that a late worker cannot write. Every method
    raises `RunStopped` when the database is damaged or cannot be written to.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database: sqlite3.Connection | None = database
        self._path = Path(database.execute("pragma database_list").fetchone()[2])
        self._lock = threading.Lock()

    def close(self) -> None:
        """Refuse further use."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    # -- runs

    def begin_run(self, run: str, sync: str, account: str, config: str) -> JournalledRun:
        """Note that a run is being planned."""
        begun = JournalledRun(run, sync, RunState.PLANNING, now(), account, config, None)
        with self._transaction("begin run") as database:
            database.execute(f"insert into run ({stored.RUN}) values (?, ?, ?, ?, ?, ?, ?)", astuple(begun))
        return begun

    def freeze(self, run: str, batches: Iterable[NewBatch], state: RunState, forgotten: str | None = None) -> None:
        """Note that the plan of a run is frozen, and its batches. The snapshot and held rows of `forgotten` go."""
        with self._transaction("freeze") as database:
            for number, batch in enumerate(batches, start=1):
                _insert_batch(database, run, number, batch, parent=None)
            database.execute("update run set state = ? where id = ?", (state, run))
            if forgotten is not None:
                database.execute("update sync set snapshot = null where name = ?", (forgotten,))
                database.execute("delete from held where sync = ?", (forgotten,))

    def set_state(self, run: str, state: RunState) -> None:
        """Move a run to another state."""
        with self._transaction("run state") as database:
            database.execute("update run set state = ? where id = ?", (state, run))

    def forget_run(self, run: str) -> None:
        """Forget a run that never had a plan."""
        with self._transaction("forget run") as database:
            database.execute("delete from run where id = ?", (run,))

    def report(self, run: str, report: str) -> None:
        """Keep the report of a run that stopped and can be resumed."""
        with self._transaction("report") as database:
            database.execute("update run set report = ? where id = ?", (report, run))

    def finish(
        self,
        run: JournalledRun,
        state: RunState,
        report: str,
        after: SyncState,
        held: Sequence[Held],
        removed: RemovedRows | None = None,
    ) -> None:
        """End a run: its report, the sync's new snapshot, the held rows and what it removed, in one transaction.

        Rows that were held without a name go: a run begins only when somebody has said what becomes of them.
        """
        with self._transaction("finish") as database:
            database.execute("update run set state = ?, report = ? where id = ?", (state, report, run.id))
            _keep_sync(database, run.sync, after)
            database.execute("delete from held where sync = ? and key = ?", (run.sync, UNNAMED))
            database.executemany(
                "insert or replace into held (sync, key, run, look) values (?, ?, ?, ?)",
                [(run.sync, each.key, run.id, each.look) for each in held],
            )
            database.execute("update batch set outcomes = null where run = ?", (run.id,))
            if removed is not None:
                yesterday = moment(datetime.now(UTC) - timedelta(hours=24))
                database.execute("delete from removal where at < ?", (yesterday,))
                database.execute("insert into removal values (?, ?, ?, ?)", (run.sync, *astuple(removed)))

    def removed(self, sync: str, since: str) -> tuple[RemovedRows, ...]:
        """Return what runs of a sync removed from a moment on, in the order in which they ended."""
        statement = "select at, rows, known from removal where sync = ? and at >= ? order by rowid"
        return self._read(statement, (sync, since), stored.stored_removed)

    def runs(self, sync: str | None = None, limit: int = -1) -> tuple[JournalledRun, ...]:
        """Runs, newest first: in the order in which they were begun, whatever the clock said then."""
        where, values = ("where sync = ?", (sync,)) if sync else ("", ())
        order = "order by rowid desc limit ?"
        return self._read(f"select {stored.RUN} from run {where} {order}", (*values, limit), stored.stored_run)

    def run(self, run: str) -> JournalledRun | None:
        """One run."""
        found = self._read(f"select {stored.RUN} from run where id = ?", (run,), stored.stored_run)
        return found[0] if found else None

    def delete_run(self, run: str) -> None:
        """Forget an ended run and everything the journal holds of it, except rows that are held."""
        with self._transaction("delete run") as database:
            for table in ("anchor", "batch"):
                database.execute(f"delete from {table} where run = ?", (run,))
            database.execute("delete from run where id = ?", (run,))

    # -- syncs and held rows

    def sync(self, name: str) -> SyncState | None:
        """What a sync left behind, None before its first run."""
        found = self._read(f"select {stored.SYNC} from sync where name = ?", (name,), stored.stored_sync)
        return found[0] if found else None

    def held(self, sync: str, run: str | None = None) -> tuple[Held, ...]:
        """Rows of a sync whose fate is unknown; with `run`, just those that this run left."""
        where, values = ("and run = ?", (run,)) if run else ("", ())
        statement = f"select key, look from held where sync = ? {where} order by key"
        return self._read(statement, (sync, *values), stored.stored_held)

    def unsettled(self) -> tuple[tuple[str, str, int], ...]:
        """What waits for somebody, of any sync: sync, run, and how many rows it holds, 0 for a run that is open."""
        statement = (
            "select sync, id, 0 from run where state = ?"
            " union all select sync, run, count(*) from held group by sync, run order by 1, 2"
        )
        return self._read(statement, (RunState.RUNNING,), tuple)

    def release(self, sync: str, keys: Sequence[str], after: SyncState) -> None:
        """Settle held rows: they are held no longer, and this is what the sync left behind."""
        with self._transaction("release") as database:
            database.executemany("delete from held where sync = ? and key = ?", [(sync, key) for key in keys])
            _keep_sync(database, sync, after)

    def respell(self, sync: str, keys: Mapping[str, str], after: SyncState) -> None:
        """Give held rows the keys that stand for their former ones, together with a state that is spelled like them."""
        with self._transaction("respell") as database:
            database.executemany(
                "update or replace held set key = ? where sync = ? and key = ?",
                [(present, sync, former) for former, present in keys.items()],
            )
            _keep_sync(database, sync, after)

    # -- batches

    def batches(self, run: str) -> tuple[JournalledBatch, ...]:
        """All batches of a run, in the order of their numbers."""
        statement = f"select {stored.BATCH} from batch where run = ? order by number"
        return self._read(statement, (run,), stored.stored_batch)

    def intend(self, batch: JournalledBatch) -> int:
        """Note that a batch is about to be sent, and answer the number of this attempt."""
        with self._transaction("intend") as database:
            ((attempts,),) = database.execute(
                "update batch set state = ?, attempts = attempts + 1 where run = ? and number = ? returning attempts",
                (BatchState.SENDING, batch.run, batch.number),
            ).fetchall()
        return int(attempts)

    def not_executed(self, batch: JournalledBatch) -> None:
        """Note that a batch was not executed, for certain."""
        with self._transaction("not executed") as database:
            database.execute(
                "update batch set state = ? where run = ? and number = ?",
                (BatchState.PLANNED, batch.run, batch.number),
            )

    def record(
        self, batch: JournalledBatch, outcomes: pa.Table, again: Sequence[NewBatch] = ()
    ) -> tuple[JournalledBatch, ...]:
        """Note the outcomes of a batch, and the batches that its other rows go into. Answers the new batches."""
        blob = stored.packed(outcomes)
        with self._transaction("record") as database:
            database.execute(
                "update batch set state = ?, outcomes = ? where run = ? and number = ?",
                (BatchState.DONE, blob, batch.run, batch.number),
            )
            numbered = _numbered(database, batch.run, again) if again else ()
            for number, each in numbered:
                _insert_batch(database, batch.run, number, each, parent=batch.number)
        return tuple(stored.planned_batch(batch.run, number, each) for number, each in numbered)

    def outcomes(self, run: str) -> Iterator[pa.Table]:
        """The recorded outcomes of a run, batch by batch."""
        recorded = "select number from batch where run = ? and outcomes is not null order by number"
        for (number,) in self._read(recorded, (run,), tuple):
            one = "select outcomes from batch where run = ? and number = ?"
            yield from self._read(one, (run, number), stored.stored_outcomes)

    # -- anchors

    def anchor(self, batch: JournalledBatch, attempt: int, step: str, handle: Mapping[str, str]) -> None:
        """Note what identifies a batch at the destination."""
        with self._transaction(f"anchor {step}") as database:
            database.execute(
                "insert into anchor (run, batch, attempt, step, handle, at) values (?, ?, ?, ?, ?, ?)",
                (batch.run, batch.number, attempt, step, json.dumps(dict(handle)), now()),
            )

    def anchors(self, run: str, batch: int | None = None) -> tuple[Anchor, ...]:
        """The anchors of a batch, or of a whole run, oldest first."""
        where, values = ("and batch = ?", (batch,)) if batch is not None else ("", ())
        statement = f"select {stored.ANCHOR} from anchor where run = ? {where} order by seq"
        return self._read(statement, (run, *values), stored.stored_anchor)

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        with self._using() as database:
            database.execute("begin immediate")
            try:
                yield database
                crashpoint(f"before {name} is committed")
                database.execute("commit")
            except BaseException:
                with suppress(sqlite3.DatabaseError):
                    database.execute("rollback")
                raise
        crashpoint(f"after {name} is committed")

    def _read(self, statement: str, values: Sequence[object], made: Callable[[tuple[Any, ...]], T]) -> tuple[T, ...]:
        """Rows of the database, each as what is made of it."""
        with self._using() as database:
            rows = database.execute(statement, tuple(values)).fetchall()
        with JOURNAL.reading(self._path):
            return tuple(made(row) for row in rows)

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._database is None:
                raise Cancelled
            try:
                yield self._database
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                raise not_usable(self._path, error) from error


def now() -> str:
    """Return the present moment, as `moment` writes it."""
    return moment(datetime.now(UTC))


def moment(when: datetime) -> str:
    """Return a moment in ISO 8601, in UTC, to the millisecond: such texts sort by time."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def _keep_sync(database: sqlite3.Connection, sync: str, after: SyncState) -> None:
    target, fingerprints, *rest = astuple(after)
    database.execute(
        f"insert or replace into sync (name, {stored.SYNC}) values (?, ?, ?, ?, ?, ?, ?)",
        (sync, json.dumps(dict(target)), json.dumps(dict(fingerprints)), *rest),
    )


def _numbered(database: sqlite3.Connection, run: str, batches: Sequence[NewBatch]) -> Sequence[tuple[int, NewBatch]]:
    """New batches with the numbers that follow those of the run."""
    (last,) = database.execute("select max(number) from batch where run = ?", (run,)).fetchone()
    return tuple(enumerate(batches, start=last + 1))


def _insert_batch(database: sqlite3.Connection, run: str, number: int, batch: NewBatch, *, parent: int | None) -> None:
    database.execute(
        "insert into batch (run, number, parent, stage, object, action, shape, rows, state, round, lane, found)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run, number, parent, batch.stage, batch.object_name, batch.action, batch.shape,
            json.dumps(batch.ranges), BatchState.PLANNED, batch.round, batch.lane,
            json.dumps(dict(batch.found)) if batch.found else None,
        ),
    )  # fmt: skip
