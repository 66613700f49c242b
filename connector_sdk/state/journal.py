"""What runs intend, do and learn, committed before it matters: intent, anchors, outcomes, and the end of a run."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from attrs import astuple

from connector_sdk.batch import Action, Anchor
from connector_sdk.crashpoint import crashpoint
from connector_sdk.errors import Cancelled
from connector_sdk.state.entries import BatchState, Held, JournalledBatch, JournalledRun, NewBatch, RunState, SyncState


class Journal:
    """The one writer of the state database; every method that changes something is durable when it returns.

    Safe to use from any thread. After `close` it refuses everything, so that a late worker cannot write.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database: sqlite3.Connection | None = database
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
            database.execute(
                "insert into run (id, sync, state, created, account, config, report) values (?, ?, ?, ?, ?, ?, ?)",
                astuple(begun),
            )
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

    def finish(self, run: JournalledRun, state: RunState, report: str, after: SyncState, held: Sequence[Held]) -> None:
        """End a run: its report, the sync's new snapshot and the held rows, in one transaction."""
        with self._transaction("finish") as database:
            database.execute("update run set state = ?, report = ? where id = ?", (state, report, run.id))
            database.execute(
                "insert or replace into sync (name, target, fingerprints, snapshot, run, generation)"
                " values (?, ?, ?, ?, ?, ?)",
                (
                    run.sync,
                    json.dumps(dict(after.target)),
                    json.dumps(dict(after.fingerprints)),
                    after.snapshot,
                    after.run,
                    after.generation,
                ),
            )
            database.executemany(
                "insert or replace into held (sync, key, run, look) values (?, ?, ?, ?)",
                [(run.sync, each.key, run.id, each.look) for each in held],
            )
            database.execute("update batch set outcomes = null where run = ?", (run.id,))

    def runs(self, sync: str | None = None, limit: int = -1) -> tuple[JournalledRun, ...]:
        """Runs, newest first."""
        where, values = ("where sync = ?", (sync,)) if sync else ("", ())
        found = self._read(
            f"select id, sync, state, created, account, config, report from run {where}"
            " order by created desc, id desc limit ?",
            (*values, limit),
        )
        return tuple(JournalledRun(id_, name, RunState(state), *rest) for id_, name, state, *rest in found)

    def run(self, run: str) -> JournalledRun | None:
        """One run."""
        return next((each for each in self.runs() if each.id == run), None)

    def delete_run(self, run: str) -> None:
        """Forget an ended run and everything the journal holds of it, except rows that are held."""
        with self._transaction("delete run") as database:
            for table in ("anchor", "batch"):
                database.execute(f"delete from {table} where run = ?", (run,))
            database.execute("delete from run where id = ?", (run,))

    # -- syncs and held rows

    def sync(self, name: str) -> SyncState | None:
        """What a sync left behind, None before its first run."""
        found = self._read("select target, fingerprints, snapshot, run, generation from sync where name = ?", (name,))
        for target, fingerprints, snapshot, run, generation in found:
            return SyncState(json.loads(target), json.loads(fingerprints), snapshot, run, generation)
        return None

    def held(self, sync: str, run: str | None = None) -> tuple[Held, ...]:
        """Rows of a sync whose fate is unknown; with `run`, just those that this run left."""
        where, values = ("and run = ?", (run,)) if run else ("", ())
        found = self._read(f"select key, look from held where sync = ? {where} order by key", (sync, *values))
        return tuple(Held(key, look) for key, look in found)

    def release(self, sync: str, keys: Sequence[str], snapshot: str | None) -> None:
        """Settle held rows: they are held no longer, and the sync has the given snapshot."""
        with self._transaction("release") as database:
            database.executemany("delete from held where sync = ? and key = ?", [(sync, key) for key in keys])
            database.execute("update sync set snapshot = ? where name = ?", (snapshot, sync))

    # -- batches

    def batches(self, run: str) -> tuple[JournalledBatch, ...]:
        """All batches of a run, in the order of their numbers."""
        found = self._read(
            "select run, number, stage, object, action, shape, rows, state, attempts, round, lane from batch"
            " where run = ? order by number",
            (run,),
        )
        return tuple(_journalled(row) for row in found)

    def intend(self, batch: JournalledBatch) -> int:
        """Note that a batch is about to be sent, and answer the number of this attempt."""
        with self._transaction("intend") as database:
            database.execute(
                "update batch set state = ?, attempts = attempts + 1 where run = ? and number = ?",
                (BatchState.SENDING, batch.run, batch.number),
            )
            (attempts,) = database.execute(
                "select attempts from batch where run = ? and number = ?", (batch.run, batch.number)
            ).fetchone()
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
        blob = _pack(outcomes)
        with self._transaction("record") as database:
            database.execute(
                "update batch set state = ?, outcomes = ? where run = ? and number = ?",
                (BatchState.DONE, blob, batch.run, batch.number),
            )
            (last,) = database.execute("select max(number) from batch where run = ?", (batch.run,)).fetchone()
            for number, each in enumerate(again, start=last + 1):
                _insert_batch(database, batch.run, number, each, parent=batch.number)
        return tuple(_planned(batch.run, number, each) for number, each in enumerate(again, start=last + 1))

    def outcomes(self, run: str) -> Iterator[pa.Table]:
        """The recorded outcomes of a run, batch by batch."""
        numbers = self._read("select number from batch where run = ? and outcomes is not null order by number", (run,))
        for (number,) in numbers:
            ((blob,),) = self._read("select outcomes from batch where run = ? and number = ?", (run, number))
            yield _unpack(blob)

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
        found = self._read(
            f"select batch, attempt, step, handle, at from anchor where run = ? {where} order by seq", (run, *values)
        )
        return tuple(
            Anchor(number, attempt, step, json.loads(handle), at) for number, attempt, step, handle, at in found
        )

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            database = self._opened()
            database.execute("begin immediate")
            try:
                yield database
                crashpoint(f"before {name} is committed")
                database.execute("commit")
            except BaseException:
                database.execute("rollback")
                raise
        crashpoint(f"after {name} is committed")

    def _read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._opened().execute(statement, tuple(values)).fetchall()

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise Cancelled
        return self._database


def now() -> str:
    """The present moment, ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _insert_batch(database: sqlite3.Connection, run: str, number: int, batch: NewBatch, *, parent: int | None) -> None:
    database.execute(
        "insert into batch (run, number, parent, stage, object, action, shape, rows, state, round, lane)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run, number, parent, batch.stage, batch.object_name, batch.action, batch.shape,
            json.dumps(batch.ranges), BatchState.PLANNED, batch.round, batch.lane,
        ),
    )  # fmt: skip


def _journalled(row: Sequence[Any]) -> JournalledBatch:
    run, number, stage, object_name, action, shape, rows, state, attempts, round_, lane = row
    ranges = tuple((start, stop) for start, stop in json.loads(rows))
    return JournalledBatch(
        run, number, stage, object_name, Action(action), shape, ranges, BatchState(state), attempts, round_, lane
    )


def _planned(run: str, number: int, batch: NewBatch) -> JournalledBatch:
    return JournalledBatch(
        run, number, batch.stage, batch.object_name, batch.action, batch.shape, batch.ranges,
        BatchState.PLANNED, 0, batch.round, batch.lane,
    )  # fmt: skip


def _pack(outcomes: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, outcomes.schema, options=options) as writer:
        writer.write_table(outcomes)
    return bytes(sink.getvalue())


def _unpack(blob: object) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(blob)).read_all()
