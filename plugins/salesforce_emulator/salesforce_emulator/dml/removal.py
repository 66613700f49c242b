"""Delete records, and clear, delete or move the references to them, as their fields say."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from salesforce_emulator.dml import checks
from salesforce_emulator.dml.house import House
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.dml.undoing import Note
from salesforce_emulator.errors import RowRefused
from salesforce_emulator.ids import read_id
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row
from salesforce_emulator.store import Table


class Removal:
    """The deletions of one chunk. `note` records how each change is undone."""

    def __init__(self, table: Table, write: Write, house: House, moment: str, note: Note) -> None:
        self._table = table
        self._write = write
        self._house = house
        self._moment = moment
        self._note = note
        self._orphans: defaultdict[Value, list[tuple[Table, int, Row]]] = defaultdict(list)

    def prepare(self, rows: list[RowInput]) -> None:
        """Find everything that refers to the records, in one pass."""
        doomed = {read_id(row.record_id or "") for row in rows}
        for child, at in self._table.children:
            for orphan in child.find_referring(at, doomed):
                self._orphans[orphan[at]].append((child, at, orphan))

    def execute(self, row: RowInput) -> tuple[Row, RowResult]:
        """Delete one record. Its result names the records that a merge moved. Raises RowRefused."""
        schema = self._table.schema
        if not self._write.schema.object.deletable:
            raise RowRefused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        record = self._find_row(row)
        if not self._write.trusted:
            checks.not_converted(schema, record)
        self._house.spare(self._table, record)
        related = self._release(record) if self._write.master is None else self._hand_over(record, self._write.master)
        if self._write.operation == "hardDelete":
            self._table.erase(record)
        else:
            self._table.bin(record)
            record[schema.position["systemmodstamp"]] = self._moment
        self._note(partial(self._table.restore, record))
        return record, RowResult(str(record[0]), related=related)

    def _find_row(self, row: RowInput) -> Row:
        if self._write.operation == "hardDelete":
            binned = self._table.get(read_id(row.record_id or ""))
            if binned is not None:
                return binned
        return checks.require_record(self._table, row.record_id)

    def _release(self, parent: Row) -> tuple[str, ...]:
        orphans = self._orphans.get(parent[0], [])
        for child, at, _ in orphans:
            if child.schema.fields[at].on_parent_delete == "restrict":
                raise RowRefused(
                    "DELETE_FAILED", _in_use_message(self._table.schema.object.label, child.schema.object.label)
                )
        for child, at, orphan in orphans:
            if child.schema.fields[at].on_parent_delete == "cascade":
                child.bin(orphan)
                self._note(partial(child.restore, orphan))
            else:
                self._point(orphan, at, None)
        return ()

    def _hand_over(self, victim: Row, master_id: str) -> tuple[str, ...]:
        """Point the related records to the master. SOAP API Developer Guide, "merge()"."""
        master = checks.require_record(self._table, master_id)
        if victim is master:
            raise RowRefused("INVALID_MERGE_RECORD", "a record cannot be merged with itself")
        self._no_cycle(victim, master)
        inherited = self._merge_people(victim, master)
        followers = [one for one in self._orphans.get(victim[0], []) if not one[0].is_deleted(one[2])]
        for _, at, follower in followers:
            self._point(follower, at, master_id)
        self._point(victim, self._table.schema.position["masterrecordid"], master_id)
        return (*inherited, *(str(follower[0]) for _, at, follower in followers if follower is not victim))

    def _merge_people(self, victim: Row, master: Row) -> tuple[str, ...]:
        people = self._house.people
        if people is None or self._table.schema.name != "Account":
            return ()
        return people.merge_contacts(victim, master, self._note)

    def _no_cycle(self, victim: Row, master: Row) -> None:
        for child, at in self._table.children:
            if child is not self._table or child.schema.fields[at].name == "MasterRecordId":
                continue
            seen: set[Value] = set()
            above: Value = master[at]
            while above is not None and above not in seen:
                if above == victim[0]:
                    field = child.schema.fields[at].label
                    raise RowRefused("CIRCULAR_DEPENDENCY", f"{field}: the merge would make a record its own parent")
                seen.add(above)
                parent = self._table.get(above)
                above = parent[at] if parent is not None else None

    def _point(self, row: Row, at: int, parent: Value) -> None:
        self._note(partial(row.__setitem__, at, row[at]))
        row[at] = parent


def _in_use_message(parent: str, child: str) -> str:
    return f"Your attempt to delete {parent} could not be completed because it is associated with a {child}."
