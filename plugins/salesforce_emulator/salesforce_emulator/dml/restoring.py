"""Restore records from the recycle bin. SOAP API Developer Guide, "undelete()"."""

from __future__ import annotations

from functools import partial

from salesforce_emulator.dml import checks
from salesforce_emulator.dml.model import RowInput
from salesforce_emulator.dml.undoing import Note
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row
from salesforce_emulator.store import Table


def restore(table: Table, row: RowInput, moment: str, note: Note) -> Row:
    """Restore a record and the children that were deleted with it. Raises RowRefused."""
    record = table.get(checks.check_id(table.schema, row.record_id))
    if record is None:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if not table.is_deleted(record):
        raise RowRefused("UNDELETE_FAILED", "Entity is not in the recycle bin")
    checks.unique(table, {at: record[at] for at in table.indexes}, None)
    _put_back(table, record, moment, note)
    for child, at in table.children:
        if child.schema.fields[at].on_parent_delete == "cascade":
            for orphan in child.find_binned(at, record[0]):
                _put_back(child, orphan, moment, note)
    return record


def _put_back(table: Table, record: Row, moment: Value, note: Note) -> None:
    stamped = table.schema.position["systemmodstamp"]
    table.restore(record)
    note(partial(table.bin, record))
    note(partial(record.__setitem__, stamped, record[stamped]))
    record[stamped] = moment
