"""The records that a row locks: its own, the parents that it writes, and its present masters and accounts."""

from __future__ import annotations

from salesforce_emulator.dml.model import RowInput, Write
from salesforce_emulator.dml.references import Lookups, find_matching
from salesforce_emulator.ids import read_id
from salesforce_emulator.locks import Claim
from salesforce_emulator.schema import Row, Schema
from salesforce_emulator.store import Table

# All rows of an org share setup records. Salesforce does not lock them for ordinary writes.
_SETUP = frozenset({"User", "Group", "RecordType", "Organization"})


def claim(table: Table, write: Write, row: RowInput, lookups: Lookups) -> Claim:
    """Return the ids of the records that executing a row locks."""
    if row.fault is not None:
        return frozenset()
    record = _find_record(table, write, row)
    wanted = {value for at, value in row.values.items() if at in table.schema.references and _locks(table.schema, at)}
    wanted |= {lookups.find(parent) for parent in row.parents if _locks(table.schema, parent.at)}
    if record is not None:
        wanted |= {record[0], *(record[at] for at in table.schema.references if _follows(table.schema, at))}
    return frozenset(str(one) for one in wanted if one is not None)


def parents(schema: Schema, rows: list[Row], names: tuple[str, ...]) -> Claim:
    """Return the parents that a trigger updates, for some records."""
    places = [schema.position[name.lower()] for name in names]
    return frozenset(str(row[at]) for row in rows for at in places if row[at] is not None)


def _find_record(table: Table, write: Write, row: RowInput) -> Row | None:
    if row.record_id:
        return table.get(read_id(row.record_id))
    value = row.values.get(write.key_at) if write.operation == "upsert" and write.key_at else None
    found = find_matching(table, write.key_at, value) if value is not None else []
    return found[0] if len(found) == 1 else None


def _locks(schema: Schema, at: int) -> bool:
    apex, field = schema.object.apex, schema.fields[at]
    by_trigger = apex is not None and field.name in apex.updates_parents
    return not by_trigger and not _SETUP & set(field.reference_to)


def _follows(schema: Schema, at: int) -> bool:
    field = schema.fields[at]
    return _locks(schema, at) and (field.relationship_order is not None or "Account" in field.reference_to)
