"""What becomes of batches, committed before it matters: intent, anchors, outcomes."""

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
    """The part of the journal that those who deliver batches write to, from any thread."""

    _sealed = False

    def seal(self) -> None:
        """Let no batch change any more: an answer that comes later is left to the next run, which asks for it."""
        with self._lock:
            self._sealed = True

    def batches(self, run: str) -> tuple[JournalledBatch, ...]:
        """All batches of a run, in the order of their numbers."""
        statement = f"select {serialization.BATCH} from batch where run = ? order by number"
        return self._read(statement, (run,), serialization.load_batch)

    def progress(self, run: str) -> tuple[BatchProgress, ...]:
        """How far the batches of a run are, all as of one moment."""
        statement = f"select {serialization.PROGRESS} from batch where run = ? order by number"
        return self._read(statement, (run,), serialization.load_progress)

    def intend(self, batch: JournalledBatch, *, repeated: bool = False) -> JournalledBatch:
        """Note that a batch is about to be sent, and answer it as it is then.

        `repeated`: although it may have been executed before.
        """
        with self._change("intend") as database:
            ((attempts, submitted, again),) = database.execute(
                "update batch set state = ?, attempts = attempts + 1, submitted = submitted + 1,"
                " repeated = repeated or ? where run = ? and number = ? returning attempts, submitted, repeated",
                (BatchState.SENDING, repeated, batch.run, batch.number),
            ).fetchall()
        return evolve(batch, state=BatchState.SENDING, attempts=attempts, submitted=submitted, repeated=bool(again))

    def not_executed(self, batch: JournalledBatch) -> JournalledBatch:
        """Note that the last attempt executed nothing of a batch, for certain, and answer it as it is then."""
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
        """Note the outcomes of a batch, what they come to, and the batches that its other rows go into.

        Answers the new batches.
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
        """The recorded outcomes of a run, batch by batch, or those of one batch."""
        where, values = ("and number = ?", (batch,)) if batch is not None else ("", ())
        recorded = f"select number from batch where run = ? and outcomes is not null {where} order by number"
        for (number,) in self._read(recorded, (run, *values), tuple):
            one = "select outcomes from batch where run = ? and number = ?"
            yield from map(with_all_columns, self._read(one, (run, number), serialization.load_outcomes))

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
        statement = f"select {serialization.ANCHOR} from anchor where run = ? {where} order by seq"
        return self._read(statement, (run, *values), serialization.load_anchor)

    @contextmanager
    def _change(self, name: str) -> Iterator[sqlite3.Connection]:
        """A transaction that changes a batch; raises `Cancelled` once batches do not change any more."""
        with self._transaction(name) as database:
            if self._sealed:
                raise Cancelled
            yield database


def now() -> str:
    """Return the present moment, as `moment` writes it."""
    return moment(datetime.now(UTC))


def moment(when: datetime) -> str:
    """Return a moment in ISO 8601, in UTC, to the millisecond: such texts sort by time."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def insert_batches(database: sqlite3.Connection, run: str, batches: Iterable[NewBatch]) -> None:
    """Insert the batches of a plan, in their order."""
    for number, batch in enumerate(batches, start=1):
        _insert_batch(database, run, number, batch, parent=None)


def _number_batches(
    database: sqlite3.Connection, run: str, batches: Sequence[NewBatch]
) -> Sequence[tuple[int, NewBatch]]:
    """New batches with the numbers that follow those of the run."""
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
