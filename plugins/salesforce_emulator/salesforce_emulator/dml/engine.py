"""Execute writes in transactions of 200 rows, under the store's lock, with auditing and fault rules."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock

import attrs

from salesforce_emulator.audit import Audit
from salesforce_emulator.automation.rules import Rules
from salesforce_emulator.automation.triggers import TOO_MANY, Concurrency, Fired, lock_met, verdict
from salesforce_emulator.clock import Clock, data_time
from salesforce_emulator.dml.claims import claim, parents
from salesforce_emulator.dml.house import House
from salesforce_emulator.dml.model import Interrupted, RowInput, RowResult, Write
from salesforce_emulator.dml.publishing import Publisher, names_of
from salesforce_emulator.dml.references import format_key
from salesforce_emulator.dml.undoing import Journal, Undo, undo
from salesforce_emulator.dml.unit import Unit
from salesforce_emulator.errors import RowFault
from salesforce_emulator.faults import Faults
from salesforce_emulator.ids import read_id
from salesforce_emulator.locks import LockTable, Transaction, unable
from salesforce_emulator.org.model import Org
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.storage import Storage
from salesforce_emulator.store import Store

CHUNK = 200


class Engine:
    """The only writer of the store."""

    def __init__(
        self,
        org: Org,
        schemas: Schemas,
        store: Store,
        audit: Audit,
        faults: Faults,
        clock: Clock,
        locks: LockTable,
        publisher: Publisher,
    ) -> None:
        self.lock = RLock()
        self._schemas = schemas
        self._store = store
        self._audit = audit
        self._faults = faults
        self._clock = clock
        self._locks = locks
        self._publisher = publisher
        self._concurrency = Concurrency()
        self._undoable: Journal | None = None
        self.adopt(org)

    def adopt(self, org: Org) -> None:
        """Apply the rules of a changed org. Raises OrgError."""
        rules = Rules(org, self._schemas, self._store)
        self.storage = Storage(org.limits, self._store)
        self._house = House(self._schemas, self._store, rules, self.storage)
        self._org = org

    def execute(self, write: Write, user: str) -> list[RowResult]:
        """Execute a write. Return one result per row, in order."""
        return [result for chunk in self.chunks(write, user) for result in chunk]

    def chunks(self, write: Write, user: str) -> Iterator[list[RowResult]]:
        """Execute a write. Yield the results of up to 200 rows at a time, each a transaction.

        Raises Interrupted if a fault rule ends the job.
        """
        for start in range(0, len(write.rows), CHUNK):
            part = attrs.evolve(write, rows=write.rows[start : start + CHUNK])
            yield self._transact([part], user)[0]

    def execute_together(self, writes: list[Write], user: str, doomed: bool = False) -> list[list[RowResult]]:
        """Execute writes in one transaction. If a row fails or `doomed` is set, undo all of them."""
        return self._transact(writes, user, together=True, doomed=doomed)

    @contextmanager
    def undoable(self) -> Iterator[Journal]:
        """Collect the undo steps of everything that this thread writes.

        The engine's lock blocks all other writers meanwhile.
        """
        with self.lock:
            journal: Journal = []
            self._undoable = journal
            try:
                yield journal
            finally:
                self._undoable = None

    def _transact(
        self, writes: list[Write], user: str, together: bool = False, doomed: bool = False
    ) -> list[list[RowResult]]:
        limited = any(_fires(write) and not write.terms.asynchronous for write in writes)
        if limited and not self._concurrency.enter(self._org.apex.at_once):
            found = [[RowResult(faults=(TOO_MANY,)) for _ in write.rows] for write in writes]
            with self.lock:
                self._count(writes, found)
            return found
        holder = Transaction()
        try:
            self._claim(writes, holder)
            with self.lock:
                found = self._run(writes, user, holder, together, doomed)
            self._linger(writes)
            return found
        finally:
            self._locks.release(holder)
            if limited:
                self._concurrency.leave()

    def _claim(self, writes: list[Write], holder: Transaction) -> None:
        """Lock the records that the rows need. Refuse rows whose records another transaction holds."""
        with self.lock:
            for write in writes:
                if self._faults.concern_rows and not write.trusted:
                    self._inject(write)
            settings = self._org.locks
            if settings is None or all(write.trusted for write in writes):
                return
            pairs = [(write, row) for write in writes for row in write.rows]
            lookups = self._house.lookups
            claims = [claim(self._store[write.schema], write, row, lookups) for write, row in pairs]
        for (write, row), held in zip(pairs, self._locks.take(holder, claims, settings.wait), strict=True):
            if held:
                row.fault = unable(held)
                self._locks.count_refused(write.schema.name)

    def _run(
        self, writes: list[Write], user: str, holder: Transaction, together: bool, doomed: bool
    ) -> list[list[RowResult]]:
        journal: Journal = []
        keeps = together or self._undoable is not None or any(_fires(write) for write in writes)
        found = [self._chunk(write, user, holder, journal if keeps else None) for write in writes]
        if together and (doomed or not all(result.success for results in found for result in results)):
            undo(journal)
            pairs = zip(writes, found, strict=True)
            found = [
                results if _is_published_at_once(write) else [_roll_back(one) for one in results]
                for write, results in pairs
            ]
        elif self._undoable is not None:
            self._undoable.extend(journal)
        self._count(writes, found)
        return found

    def _chunk(self, write: Write, user: str, holder: Transaction, journal: Journal | None) -> list[RowResult]:
        if write.schema.object.event_type is not None:
            return self._publisher.publish(write, user, journal.append if journal is not None else _forget)
        moment = data_time(self._clock.now())
        start = len(journal) if journal is not None else 0
        unit = Unit(self._store[write.schema], write, self._house, moment, user, journal)
        unit.prepare(write.rows)
        results = [unit.execute(row) for row in write.rows]
        ended = self._fire_trigger(write, unit.touched, results, holder) if _fires(write) and unit.touched else None
        if ended is None or journal is None:
            return results
        undo(journal[start:])
        del journal[start:]
        return [RowResult(faults=(ended,)) if result.success else result for result in results]

    def _fire_trigger(
        self, write: Write, rows: list[Row], results: list[RowResult], holder: Transaction
    ) -> RowFault | None:
        apex = write.schema.object.apex
        assert apex is not None, "the trigger fires"
        operation = write.operation
        if operation == "upsert":
            operation = "insert" if any(result.created for result in results) else "update"
        fired = Fired(apex, operation, rows, write.terms.asynchronous)
        if self._org.locks is not None and apex.updates_parents:
            [held] = self._locks.take(holder, [parents(write.schema, rows, apex.updates_parents)], 0)
            if held:
                self._locks.count_refused(write.schema.name)
                return lock_met(fired, unable(held))
        return verdict(fired, self._org.apex, self._house.rules.of(write.schema))

    def _linger(self, writes: list[Write]) -> None:
        """Wait as long as the org file says. The store is free meanwhile, but the records stay locked."""
        seconds = sum(write.schema.object.apex.seconds for write in writes if write.schema.object.apex is not None)
        if self._org.locks is not None:
            seconds += self._org.locks.hold
        if any(write.terms.asynchronous for write in writes):
            seconds += self._org.bulk.chunk_seconds
        if seconds and not all(write.trusted for write in writes):
            time.sleep(seconds)

    def _count(self, writes: list[Write], found: list[list[RowResult]]) -> None:
        for write, results in zip(writes, found, strict=True):
            if write.trusted:
                continue
            table = self._store[write.schema]
            for row, result in zip(write.rows, results, strict=True):
                record = table.get(result.record_id or read_id(row.record_id or ""))
                key = _audit_key(write, row, record)
                self._audit.row(write.schema.name, key, executed=result.success)
                if result.success and self._undoable is not None and not _is_published_at_once(write):
                    self._undoable.append(partial(self._audit.undo, write.schema.name, key))

    def _inject(self, write: Write) -> None:
        table = self._store[write.schema]
        for row in write.rows:
            keys = _keys(write.schema, row, table.get(read_id(row.record_id or "")))
            content = "" if keys else str(sorted(row.values.items()))
            action = self._faults.for_row(write.origin, write.schema.name, keys, content)
            if action is None:
                continue
            if action.stop is not None and write.terms.asynchronous:
                raise Interrupted(action.stop.code, action.stop.message)
            if action.error is not None:
                row.fault = RowFault(action.error.code, action.error.message, action.error.fields)


def _is_published_at_once(write: Write) -> bool:
    """Return whether the rows are events that a rollback does not withdraw."""
    return write.schema.object.publishes_at_once


def _forget(undo: Undo) -> None:
    """Ignore an undo step, because nothing will be undone."""


def _fires(write: Write) -> bool:
    return write.schema.object.apex is not None and not write.trusted


def _keys(schema: Schema, row: RowInput, record: Row | None) -> list[str]:
    """Return the names that a fault rule may use for a row: its own keys, its id, and its record's keys."""
    if schema.object.event_type is not None:
        return names_of(schema, row)
    named = [format_key(row.values[at]) for at in schema.indexed if row.values.get(at) is not None]
    ids = [row.record_id, row.record_id[:15]] if row.record_id else []
    return [
        *named,
        *ids,
        *(format_key(record[at]) for at in schema.indexed if record is not None and record[at] is not None),
    ]


def _audit_key(write: Write, row: RowInput, record: Row | None) -> str:
    """Return the external id value of a row if it has one, else the record id.

    The key of an event is its first text.
    """
    schema = write.schema
    if schema.object.event_type is not None:
        return next(iter(names_of(schema, row)), "")
    for at in ((write.key_at,) if write.key_at else ()) + schema.external_ids:
        value = record[at] if record is not None else row.values.get(at)
        if value is not None:
            return format_key(value)
    return str(record[0]) if record is not None else row.record_id or ""


def _roll_back(result: RowResult) -> RowResult:
    return RowResult(faults=(ROLLED_BACK,)) if result.success else result


ROLLED_BACK = RowFault(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
