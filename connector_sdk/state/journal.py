"""The journal: what each run intends, does and learns, committed before the run relies on it.

Batches and their outcomes: `batch_journal.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from attrs import astuple

from connector_sdk.files.corruption import JOURNAL
from connector_sdk.state import serialization
from connector_sdk.state.batch_journal import BatchJournal, insert_batches, moment, now
from connector_sdk.state.records import UNKNOWN_KEY, HeldRow, JournalledRun, NewBatch, RemovedRows, RunState, SyncState

__all__ = ["Journal", "moment", "now"]


class Journal(BatchJournal):
    """The only writer of the state database. Every change is durable when its method returns.

    Safe to use from any thread. After `close` every method raises `Cancelled`, so that a late worker cannot write.
    Every method raises `RunStopped` if the database is damaged or cannot be written to.
    """

    # -- runs

    def begin_run(self, run: str, sync: str, account: str, config: str, session: str | None = None) -> JournalledRun:
        """Record that a session has begun to plan a run."""
        at = now()
        begun = JournalledRun(run, sync, RunState.PLANNING, at, account, config, None, session, at)
        with self._transaction("begin run") as database:
            marks = ", ".join("?" for _ in astuple(begun))
            database.execute(f"insert into run ({serialization.RUN}) values ({marks})", astuple(begun))
        return begun

    def take_up(self, run: str, session: str | None, state: RunState = RunState.RUNNING) -> None:
        """Record which session works on a run from now on."""
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
        """Record that the plan of a run is frozen, with its batches and its `planned` counts (JSON).

        `forgotten` names a sync whose snapshot and held rows are deleted.
        """
        with self._transaction("freeze") as database:
            insert_batches(database, run, batches)
            database.execute("update run set state = ?, planned = ? where id = ?", (state, planned, run))
            if forgotten is not None:
                database.execute("update sync set snapshot = null where name = ?", (forgotten,))
                database.execute("delete from held where sync = ?", (forgotten,))

    def set_state(self, run: str, state: RunState) -> None:
        """Set the state of a run."""
        with self._transaction("run state") as database:
            database.execute("update run set state = ? where id = ?", (state, run))

    def forget_run(self, run: str) -> None:
        """Delete a run that never had a plan."""
        with self._transaction("forget run") as database:
            database.execute("delete from run where id = ?", (run,))

    def report(self, run: str, report: str) -> None:
        """Store the report of a run that stopped and can be resumed."""
        with self._transaction("report") as database:
            database.execute("update run set report = ?, session = null where id = ?", (report, run))

    def finish(
        self,
        run: JournalledRun,
        state: RunState,
        report: str,
        after: SyncState,
        held: Sequence[HeldRow],
        removed: RemovedRows | None = None,
    ) -> None:
        """End a run in one transaction: store its report, the sync's new state, the held rows and what it removed.

        Rows held under `UNKNOWN_KEY` are deleted: the user has settled them, or this run could not have begun.
        """
        with self._transaction("finish") as database:
            database.execute(
                "update run set state = ?, report = ?, session = null where id = ?", (state, report, run.id)
            )
            _keep_sync(database, run.sync, after)
            database.execute("delete from held where sync = ? and key = ?", (run.sync, UNKNOWN_KEY))
            database.executemany(
                "insert or replace into held (sync, key, run, look, rows) values (?, ?, ?, ?, ?)",
                [(run.sync, each.key, run.id, each.hint, each.rows) for each in held],
            )
            database.execute("update batch set outcomes = null, counts = null where run = ?", (run.id,))
            if removed is not None:
                yesterday = moment(datetime.now(UTC) - timedelta(hours=24))
                database.execute("delete from removal where at < ?", (yesterday,))
                database.execute("insert into removal values (?, ?, ?, ?)", (run.sync, *astuple(removed)))

    def list_removed(self, sync: str, since: str) -> tuple[RemovedRows, ...]:
        """Return what each run of a sync removed since a time, in the order in which the runs ended."""
        statement = "select at, rows, known from removal where sync = ? and at >= ? order by rowid"
        return self._read(statement, (sync, since), serialization.load_removed)

    def runs(self, sync: str | None = None, limit: int = -1) -> tuple[JournalledRun, ...]:
        """Return runs, the last begun first. The order does not depend on the clock."""
        where, values = ("where sync = ?", (sync,)) if sync else ("", ())
        order = "order by rowid desc limit ?"
        return self._read(
            f"select {serialization.RUN} from run {where} {order}", (*values, limit), serialization.load_run
        )

    def run(self, run: str) -> JournalledRun | None:
        """Return a run by its id; None if there is none."""
        found = self._read(f"select {serialization.RUN} from run where id = ?", (run,), serialization.load_run)
        return found[0] if found else None

    def delete_run(self, run: str) -> None:
        """Delete an ended run with its batches and anchors. Its held rows stay."""
        with self._transaction("delete run") as database:
            for table in ("anchor", "batch"):
                database.execute(f"delete from {table} where run = ?", (run,))
            database.execute("delete from run where id = ?", (run,))

    # -- the folder

    def folder_id(self) -> str:
        """Return the id of the state folder, which does not depend on its path."""
        with JOURNAL.reading(self._path):
            ((found,),) = self._read("select id from folder", (), tuple)
        return str(found)

    def replace_folder_id(self, former: str, fresh: str) -> str:
        """Replace the folder's id, unless another process did so meanwhile. Return the id that it has afterwards."""
        with self._transaction("replace folder id") as database:
            database.execute("update folder set id = ? where id = ?", (fresh, former))
        return self.folder_id()

    # -- syncs and held rows

    def sync(self, name: str) -> SyncState | None:
        """Return the state of a sync after its last run; None before its first run."""
        found = self._read(f"select {serialization.SYNC} from sync where name = ?", (name,), serialization.load_sync)
        return found[0] if found else None

    def held_rows(self, sync: str, run: str | None = None) -> tuple[HeldRow, ...]:
        """Return the held rows of a sync; with `run`, only those that this run left."""
        where, values = ("and run = ?", (run,)) if run else ("", ())
        statement = f"select key, look, rows from held where sync = ? {where} order by key"
        return self._read(statement, (sync, *values), serialization.load_held)

    def count_held_rows(self, sync: str) -> int:
        """Return how many rows of a sync are held."""
        return sum(self._read("select rows from held where sync = ?", (sync,), lambda row: int(row[0])))

    def list_unsettled(self) -> tuple[tuple[str, str, int], ...]:
        """Return what the user has to settle, over all syncs: sync, run, and number of held rows; 0 for an open run."""
        statement = (
            "select sync, id, 0 from run where state = ?"
            " union all select sync, run, sum(rows) from held group by sync, run order by 1, 2"
        )
        return self._read(statement, (RunState.RUNNING,), tuple)

    def release(self, sync: str, keys: Sequence[str], after: SyncState) -> None:
        """Settle held rows: delete them from the held ones, and store the sync's state `after` the decision."""
        with self._transaction("release") as database:
            database.executemany("delete from held where sync = ? and key = ?", [(sync, key) for key in keys])
            _keep_sync(database, sync, after)

    def respell(self, sync: str, keys: Mapping[str, str], after: SyncState) -> None:
        """Replace the keys of held rows, former by present spelling, and store a sync's state with the new spelling."""
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
