"""The journal's entries about batches: intents, anchors and outcomes, each committed before a run relies on it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pyarrow as pa
from attrs import astuple, evolve

from connector_sdk.contract.batch import Anchor
from connector_sdk.contract.errors import Cancelled
from connector_sdk.state import serialization
from connector_sdk.state.ledger import with_all_columns
from connector_sdk.state.records import BatchProgress, BatchState, CountedRows, JournalledBatch, NewBatch
from connector_sdk.state.transactions import Transactions


class BatchJournal(Transactions):
    """The part of the journal that delivery writes to. Safe to use from any thread."""

    _sealed = False

    def seal(self) -> None:
        """Refuse every later change to a batch. The next run asks the destination for answers that arrive too late."""
        with self._lock:
            self._sealed = True

    def batches(self, run: str) -> tuple[JournalledBatch, ...]:
        """Return all batches of a run, in the order of their numbers."""
        statement = f"select {serialization.BATCH} from batch where run = ? order by number"
        return self._read(statement, (run,), serialization.load_batch)

    def progress(self, run: str) -> tuple[BatchProgress, ...]:
        """Return the progress of every batch of a run, as of one moment, in the order of their numbers."""
        statement = f"select {serialization.PROGRESS} from batch where run = ? order by number"
        return self._read(statement, (run,), serialization.load_progress)

    def intend(self, batch: JournalledBatch, *, repeated: bool = False) -> JournalledBatch:
        """Record that a batch is about to be sent, and return the updated batch.

        Set `repeated` if an earlier submission of its rows may have been executed.
        """
        with self._change("intend") as database:
            ((attempts, submitted, again),) = database.execute(
                "update batch set state = ?, attempts = attempts + 1, submitted = submitted + 1,"
                " repeated = repeated or ? where run = ? and number = ? returning attempts, submitted, repeated",
                (BatchState.SENDING, repeated, batch.run, batch.number),
            ).fetchall()
        return evolve(batch, state=BatchState.SENDING, attempts=attempts, submitted=submitted, repeated=bool(again))

    def not_executed(self, batch: JournalledBatch) -> JournalledBatch:
        """Record that the last attempt certainly executed nothing of a batch, and return the updated batch."""
        with self._change("not executed") as database:
            ((submitted,),) = database.execute(
                "update batch set state = ?, submitted = submitted - 1 where run = ? and number = ?"
                " returning submitted",
                (BatchState.PLANNED, batch.run, batch.number),
            ).fetchall()
        return evolve(batch, state=BatchState.PLANNED, submitted=submitted)

    def record(
        self,
        batch: JournalledBatch,
        outcomes: pa.Table,
        again: Sequence[NewBatch] = (),
        counts: Sequence[CountedRows] = (),
    ) -> tuple[JournalledBatch, ...]:
        """Record the outcomes of a batch with their `counts`, insert the batches in `again`, and return these.

        The batches in `again` take the rows that have no outcome yet.
        """
        blob = serialization.dump_outcomes(outcomes)
        counted = json.dumps([astuple(each) for each in counts])
        with self._change("record") as database:
            database.execute(
                "update batch set state = ?, outcomes = ?, counts = ? where run = ? and number = ?",
                (BatchState.DONE, blob, counted, batch.run, batch.number),
            )
            numbered = _number_batches(database, batch.run, again) if again else ()
            for number, each in numbered:
                _insert_batch(database, batch.run, number, each, parent=batch.number)
        return tuple(serialization.make_planned_batch(batch.run, number, each) for number, each in numbered)

    def outcomes(self, run: str, batch: int | None = None) -> Iterator[pa.Table]:
        """Yield the recorded outcomes of a run, one table per batch; with `batch`, only those of this batch."""
        where, values = ("and number = ?", (batch,)) if batch is not None else ("", ())
        recorded = f"select number from batch where run = ? and outcomes is not null {where} order by number"
        for (number,) in self._read(recorded, (run, *values), tuple):
            one = "select outcomes from batch where run = ? and number = ?"
            yield from map(with_all_columns, self._read(one, (run, number), serialization.load_outcomes))

    def anchor(self, batch: JournalledBatch, attempt: int, step: str, handle: Mapping[str, str]) -> None:
        """Record an anchor: what identifies a batch at the destination."""
        with self._transaction(f"anchor {step}") as database:
            database.execute(
                "insert into anchor (run, batch, attempt, step, handle, at) values (?, ?, ?, ?, ?, ?)",
                (batch.run, batch.number, attempt, step, json.dumps(dict(handle)), now()),
            )

    def anchors(self, run: str, batch: int | None = None) -> tuple[Anchor, ...]:
        """Return the anchors of a run, oldest first; with `batch`, only those of this batch."""
        where, values = ("and batch = ?", (batch,)) if batch is not None else ("", ())
        statement = f"select {serialization.ANCHOR} from anchor where run = ? {where} order by seq"
        return self._read(statement, (run, *values), serialization.load_anchor)

    @contextmanager
    def _change(self, name: str) -> Iterator[sqlite3.Connection]:
        """Open a transaction that changes a batch. Raises `Cancelled` after `seal`."""
        with self._transaction(name) as database:
            if self._sealed:
                raise Cancelled
            yield database


def now() -> str:
    """Return the current time in the format of `moment`."""
    return moment(datetime.now(UTC))


def moment(when: datetime) -> str:
    """Return a time in ISO 8601, in UTC, to the millisecond. Such texts sort by time."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def insert_batches(database: sqlite3.Connection, run: str, batches: Iterable[NewBatch]) -> None:
    """Insert the batches of a plan, in their order."""
    for number, batch in enumerate(batches, start=1):
        _insert_batch(database, run, number, batch, parent=None)


def _number_batches(
    database: sqlite3.Connection, run: str, batches: Sequence[NewBatch]
) -> Sequence[tuple[int, NewBatch]]:
    """Give new batches the numbers that follow those of the run."""
    (last,) = database.execute("select max(number) from batch where run = ?", (run,)).fetchone()
    return tuple(enumerate(batches, start=last + 1))


def _insert_batch(database: sqlite3.Connection, run: str, number: int, batch: NewBatch, *, parent: int | None) -> None:
    database.execute(
        "insert into batch (run, number, parent, stage, object, action, shape, rows, state, round, lane, found,"
        " submitted, repeated) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run, number, parent, batch.stage, batch.object_name, batch.action, batch.shape,
            json.dumps(batch.ranges), BatchState.PLANNED, batch.round, batch.lane,
            json.dumps(dict(batch.found)) if batch.found else None, batch.submitted, batch.repeated,
        ),
    )  # fmt: skip
