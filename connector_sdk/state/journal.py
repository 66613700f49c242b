"""What runs intend, do and learn, committed before it matters: intent, anchors, outcomes, and the end of a run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from attrs import astuple

from connector_sdk.files.corruption import JOURNAL
from connector_sdk.state import serialization
from connector_sdk.state.batch_journal import BatchJournal, insert_batches, moment, now
from connector_sdk.state.records import UNNAMED, Held, JournalledRun, NewBatch, RemovedRows, RunState, SyncState

__all__ = ["Journal", "moment", "now"]


class Journal(BatchJournal):
    """The one writer of the state database; every method that changes something is durable when it returns.

    Safe to use from any thread. After `close` it refuses everything, so that a late worker cannot write. Every method
    raises `RunStopped` when the database is damaged or cannot be written to.
    """

    # -- runs

    def begin_run(self, run: str, sync: str, account: str, config: str, session: str | None = None) -> JournalledRun:
        """Note that a run is being planned, and by which session."""
        at = now()
        begun = JournalledRun(run, sync, RunState.PLANNING, at, account, config, None, session, at)
        with self._transaction("begin run") as database:
            marks = ", ".join("?" for _ in astuple(begun))
            database.execute(f"insert into run ({serialization.RUN}) values ({marks})", astuple(begun))
        return begun

    def take_up(self, run: str, session: str | None, state: RunState = RunState.RUNNING) -> None:
        """Note which session works on a run from now on."""
        with self._transaction("take up") as database:
            database.execute(
                "update run set state = ?, session = ?, since = ? where id = ?", (state, session, now(), run)
            )

    def freeze(
        self,
        run: str,
        batches: Iterable[NewBatch],
        state: RunState,
        forgotten: str | None = None,
        planned: str | None = None,
    ) -> None:
        """Note that the plan of a run is frozen, its batches, and what was `planned` (JSON).

        The snapshot and held rows of `forgotten` go.
        """
        with self._transaction("freeze") as database:
            insert_batches(database, run, batches)
            database.execute("update run set state = ?, planned = ? where id = ?", (state, planned, run))
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
            database.execute("update run set report = ?, session = null where id = ?", (report, run))

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
            database.execute(
                "update run set state = ?, report = ?, session = null where id = ?", (state, report, run.id)
            )
            _keep_sync(database, run.sync, after)
            database.execute("delete from held where sync = ? and key = ?", (run.sync, UNNAMED))
            database.executemany(
                "insert or replace into held (sync, key, run, look, rows) values (?, ?, ?, ?, ?)",
                [(run.sync, each.key, run.id, each.look, each.rows) for each in held],
            )
            database.execute("update batch set outcomes = null, counts = null where run = ?", (run.id,))
            if removed is not None:
                yesterday = moment(datetime.now(UTC) - timedelta(hours=24))
                database.execute("delete from removal where at < ?", (yesterday,))
                database.execute("insert into removal values (?, ?, ?, ?)", (run.sync, *astuple(removed)))

    def removed(self, sync: str, since: str) -> tuple[RemovedRows, ...]:
        """Return what runs of a sync removed from a moment on, in the order in which they ended."""
        statement = "select at, rows, known from removal where sync = ? and at >= ? order by rowid"
        return self._read(statement, (sync, since), serialization.load_removed)

    def runs(self, sync: str | None = None, limit: int = -1) -> tuple[JournalledRun, ...]:
        """Runs, newest first: in the order in which they were begun, whatever the clock said then."""
        where, values = ("where sync = ?", (sync,)) if sync else ("", ())
        order = "order by rowid desc limit ?"
        return self._read(
            f"select {serialization.RUN} from run {where} {order}", (*values, limit), serialization.load_run
        )

    def run(self, run: str) -> JournalledRun | None:
        """One run."""
        found = self._read(f"select {serialization.RUN} from run where id = ?", (run,), serialization.load_run)
        return found[0] if found else None

    def delete_run(self, run: str) -> None:
        """Forget an ended run and everything the journal holds of it, except rows that are held."""
        with self._transaction("delete run") as database:
            for table in ("anchor", "batch"):
                database.execute(f"delete from {table} where run = ?", (run,))
            database.execute("delete from run where id = ?", (run,))

    # -- the folder

    def folder_id(self) -> str:
        """Return what the state folder is known by, wherever it lies."""
        with JOURNAL.reading(self._path):
            ((found,),) = self._read("select id from folder", (), tuple)
        return str(found)

    def replace_folder_id(self, former: str, fresh: str) -> str:
        """Give the folder another id, unless somebody else did so meanwhile; return the one that it has then."""
        with self._transaction("replace folder id") as database:
            database.execute("update folder set id = ? where id = ?", (fresh, former))
        return self.folder_id()

    # -- syncs and held rows

    def sync(self, name: str) -> SyncState | None:
        """What a sync left behind, None before its first run."""
        found = self._read(f"select {serialization.SYNC} from sync where name = ?", (name,), serialization.load_sync)
        return found[0] if found else None

    def held(self, sync: str, run: str | None = None) -> tuple[Held, ...]:
        """Rows of a sync whose fate is unknown; with `run`, just those that this run left."""
        where, values = ("and run = ?", (run,)) if run else ("", ())
        statement = f"select key, look, rows from held where sync = ? {where} order by key"
        return self._read(statement, (sync, *values), serialization.load_held)

    def count_held_rows(self, sync: str) -> int:
        """How many rows of a sync are held."""
        return sum(self._read("select rows from held where sync = ?", (sync,), lambda row: int(row[0])))

    def unsettled(self) -> tuple[tuple[str, str, int], ...]:
        """What waits for somebody, of any sync: sync, run, and how many rows it holds, 0 for a run that is open."""
        statement = (
            "select sync, id, 0 from run where state = ?"
            " union all select sync, run, sum(rows) from held group by sync, run order by 1, 2"
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


def _keep_sync(database: sqlite3.Connection, sync: str, after: SyncState) -> None:
    target, fingerprints, *rest = astuple(after)
    database.execute(
        f"insert or replace into sync (name, {serialization.SYNC}) values (?, ?, ?, ?, ?, ?, ?)",
        (sync, json.dumps(dict(target)), json.dumps(dict(fingerprints)), *rest),
    )
