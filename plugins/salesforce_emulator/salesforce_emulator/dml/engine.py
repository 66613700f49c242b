"""Executes writes: in chunks of 200, each under the store's lock, counted for the audit, refused by fault rules."""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock

from salesforce_emulator.audit import Audit
from salesforce_emulator.clock import Clock, data_time
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.dml.references import Lookups, shown
from salesforce_emulator.dml.unit import Journal, Unit
from salesforce_emulator.errors import RowFault
from salesforce_emulator.faults import Faults
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.store import Store

CHUNK = 200


class Engine:
    """The only writer of the store."""

    def __init__(self, schemas: Schemas, store: Store, audit: Audit, faults: Faults, clock: Clock) -> None:
        self.lock = RLock()
        self._store = store
        self._audit = audit
        self._faults = faults
        self._clock = clock
        self._lookups = Lookups(schemas, store)

    def execute(self, write: Write, user: str) -> list[RowResult]:
        """One result per row, in order."""
        return [result for chunk in self.chunks(write, user) for result in chunk]

    def chunks(self, write: Write, user: str) -> Iterator[list[RowResult]]:
        """The results of 200 rows at a time; the lock is free between two of them."""
        for start in range(0, len(write.rows), CHUNK):
            rows = write.rows[start : start + CHUNK]
            with self.lock:
                results = self._chunk(write, rows, user, None)
                self._count(write, rows, results)
            yield results

    def execute_together(self, writes: list[Write], user: str, doomed: bool = False) -> list[list[RowResult]]:
        """All or none: one failing row, or a request that is `doomed` anyway, undoes the others."""
        journal: Journal = []
        with self.lock:
            found = [self._chunk(write, write.rows, user, journal) for write in writes]
            if doomed or not all(result.success for results in found for result in results):
                for undo in reversed(journal):
                    undo()
                found = [[_rolled_back(result) for result in results] for results in found]
            for write, results in zip(writes, found, strict=True):
                self._count(write, write.rows, results)
        return found

    def _chunk(self, write: Write, rows: list[RowInput], user: str, journal: Journal | None) -> list[RowResult]:
        moment = data_time(self._clock.now())
        unit = Unit(self._store[write.schema], write, self._lookups, moment, user, journal)
        if self._faults.concern_rows and not write.trusted:
            self._inject(write, rows)
        unit.prepare(rows)
        return [unit.execute(row) for row in rows]

    def _count(self, write: Write, rows: list[RowInput], results: list[RowResult]) -> None:
        if write.trusted:
            return
        table = self._store[write.schema]
        for row, result in zip(rows, results, strict=True):
            record = table.get(result.record_id) if result.success else None
            self._audit.row(write.schema.name, _audit_key(write, row, record), executed=result.success)

    def _inject(self, write: Write, rows: list[RowInput]) -> None:
        for row in rows:
            fault = self._faults.for_row(write.origin, write.schema.name, _keys(write.schema, row))
            if fault is not None:
                row.fault = RowFault(fault.code, fault.message, fault.fields)


def _keys(schema: Schema, row: RowInput) -> list[str]:
    named = [shown(row.values[at]) for at in schema.indexed if row.values.get(at) is not None]
    return [*named, *([row.record_id, row.record_id[:15]] if row.record_id else [])]


def _audit_key(write: Write, row: RowInput, record: Row | None) -> str:
    """The external id value where the row has one, else the record id."""
    schema = write.schema
    for at in ((write.key_at,) if write.key_at else ()) + schema.external_ids:
        value = record[at] if record is not None else row.values.get(at)
        if value is not None:
            return shown(value)
    return str(record[0]) if record is not None else row.record_id or ""


def _rolled_back(result: RowResult) -> RowResult:
    return RowResult(faults=(_ROLLED_BACK,)) if result.success else result


_ROLLED_BACK = RowFault(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
