"""Publish rows as events, or refuse them.

Platform Events Developer Guide, "Publish Event Messages with Salesforce APIs" and "Platform Event Allocations".
"""

from __future__ import annotations

import json
from functools import partial

from salesforce_emulator.allocations import Allocations
from salesforce_emulator.clock import Clock
from salesforce_emulator.dml import checks
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.dml.references import format_key
from salesforce_emulator.dml.undoing import Note
from salesforce_emulator.errors import RowFault, RowRefused
from salesforce_emulator.event_bus import Bus, Published
from salesforce_emulator.schema import Schema, Schemas

_LARGEST = 1_048_576
_ALLOCATIONS = {
    "HighVolume": "HourlyPublishedPlatformEvents",
    "StandardVolume": "HourlyPublishedStandardVolumePlatformEvents",
}
_DONE = {"insert": "inserted", "update": "updated", "upsert": "updated", "delete": "deleted", "hardDelete": "deleted"}


def names_of(schema: Schema, row: RowInput) -> list[str]:
    """Return the names of an event for fault rules and the audit: its text values. The first one is its key."""
    texts = [at for at in schema.visible if schema.fields[at].custom and schema.fields[at].type == "string"]
    return [format_key(row.values[at]) for at in texts if row.values.get(at) is not None]


class Publisher:
    """The publisher of rows as events. `schemas` are the objects without the restrictions of any user."""

    def __init__(self, schemas: Schemas, bus: Bus, allocations: Allocations, clock: Clock) -> None:
        self._schemas = schemas
        self._bus = bus
        self._allocations = allocations
        self._clock = clock

    def publish(self, write: Write, user: str, note: Note) -> list[RowResult]:
        """Publish rows. Return one result per row, in order.

        `note` records how to withdraw an event if its transaction is rolled back.
        """
        return [self._result(write, row, user, note) for row in write.rows]

    def _result(self, write: Write, row: RowInput, user: str, note: Note) -> RowResult:
        if row.fault is not None:
            return RowResult(faults=(row.fault,))
        try:
            event = self._publish(write, row, user)
        except RowRefused as refusal:
            return RowResult(faults=(refusal.fault,))
        thing = write.schema.object
        if not thing.publishes_at_once:
            note(partial(self._bus.take_back, event))
        notices = (RowFault("OPERATION_ENQUEUED", event.event_uuid),) if thing.event_type == "HighVolume" else ()
        return RowResult(f"{thing.key_prefix}xx0000000001AAA", created=True, notices=notices)

    def _publish(self, write: Write, row: RowInput, user: str) -> Published:
        schema = write.schema
        self._check(write, row)
        values = {**dict(enumerate(schema.blank)), **row.values}
        payload = {schema.fields[at].name: values[at] for at in schema.visible if schema.fields[at].custom}
        size = len(json.dumps(payload, ensure_ascii=False).encode())
        if size > _LARGEST:
            raise RowRefused("LIMIT_EXCEEDED", f"The event message is larger than 1 MB: {size} bytes")
        allocation = _ALLOCATIONS[str(schema.object.event_type)]
        if not write.trusted and not self._allocations.take(allocation):
            raise RowRefused("LIMIT_EXCEEDED", f"{allocation} Limit exceeded.")
        key = next(iter(names_of(schema, row)), "")
        return self._bus.publish(schema.name, key, payload, self._clock.now(), user)

    def _check(self, write: Write, row: RowInput) -> None:
        schema, values = write.schema, row.values
        whole = self._schemas.get(schema.name).object
        able = "createable" if write.operation == "insert" else "updateable"
        checks.entity(schema.object, whole, able, _DONE[write.operation])
        if row.record_id:
            raise RowRefused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
        written = values | {parent.at: None for parent in row.parents}
        checks.check_permitted(schema, written, schema.not_createable)
        checks.not_emptied(schema, values)
        checks.complete(schema, values)
