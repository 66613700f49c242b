"""One unit of work: up to 200 rows of one object, executed in order.

Every API cuts its rows into chunks of 200. Each chunk is a separate transaction (Bulk API Developer Guide, "How Bulk
API Requests Are Processed").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from salesforce_emulator.dml import checks
from salesforce_emulator.dml.house import House
from salesforce_emulator.dml.model import RowInput, RowResult, Write
from salesforce_emulator.dml.names import compose_name
from salesforce_emulator.dml.references import find_matching, format_key, make_several_error
from salesforce_emulator.dml.removal import Removal
from salesforce_emulator.dml.restoring import restore
from salesforce_emulator.dml.undoing import Journal, Undo
from salesforce_emulator.errors import RowRefused, RulesBroken
from salesforce_emulator.keys import key_of
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row
from salesforce_emulator.store import Table

_SAME_ID_LIMIT = 12


class Unit:
    """The execution of one chunk. `moment` and `user` become the values of the system fields.

    The journal records how each change is undone. It is None if nothing will be undone.
    """

    def __init__(
        self, table: Table, write: Write, house: House, moment: str, user: str, journal: Journal | None
    ) -> None:
        self._table = table
        self._schema = write.schema
        self._house = house
        self._lookups = house.lookups
        self._write = write
        self.touched: list[Row] = []
        self._moment = moment
        self._user = user
        self._journal = journal
        self._repeated: Counter[Value] = Counter()
        self._updated: Counter[Value] = Counter()
        self._room = float("inf") if write.trusted else house.storage.room(table)
        self._removal = Removal(table, write, house, moment, self._note)
        self._execute: Callable[[RowInput], RowResult] = {
            "insert": self._insert,
            "update": self._update,
            "upsert": self._upsert,
            "delete": self._delete,
            "hardDelete": self._delete,
            "undelete": self._undelete,
        }[write.operation]

    def prepare(self, rows: list[RowInput]) -> None:
        """Inspect all rows before the first one is executed. Find repeated keys, whose rows are all refused."""
        if self._write.operation == "upsert" and self._write.key_at:
            at = self._write.key_at
            field = self._schema.fields[at]
            self._repeated = Counter(key_of(field, row.values.get(at)) for row in rows if not row.fault)
        if self._write.operation in ("delete", "hardDelete"):
            self._removal.prepare(rows)

    def execute(self, row: RowInput) -> RowResult:
        """Execute one row. Return its result."""
        if row.fault is not None:
            return RowResult(faults=(row.fault,))
        try:
            return self._execute(row)
        except RowRefused as refusal:
            return RowResult(faults=(refusal.fault,))
        except RulesBroken as broken:
            return RowResult(faults=broken.faults)

    def _note(self, undo: Undo) -> None:
        if self._journal is not None:
            self._journal.append(undo)

    def _insert(self, row: RowInput) -> RowResult:
        if row.record_id:
            raise RowRefused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
        schema, values = self._schema, row.values
        self._permit("createable", "inserted", values, schema.not_createable)
        checks.not_emptied(schema, values)
        self._house.settle_record_type(self._table, self._write, values, None)
        self._lookups.resolve(schema, row)
        checks.complete(schema, values)
        checks.unique(self._table, values, None)
        record = self._new_record(values)
        self._house.inspect(self._table, record, self._write)
        if self._room < 1:
            raise RowRefused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")
        self._room -= 1
        self._table.add(record)
        self.touched.append(record)
        self._note(partial(self._table.erase, record))
        self._mirror(record, values)
        return RowResult(str(record[0]), created=True)

    def _permit(self, able: str, word: str, values: dict[int, Value], closed: frozenset[int]) -> None:
        if self._write.trusted:
            return
        checks.entity(self._schema.object, self._table.schema.object, able, word)
        checks.check_permitted(self._schema, values, closed)

    def _new_record(self, values: dict[int, Value]) -> Row:
        schema = self._schema
        record = self._table.schema.blank.copy()
        for at in schema.stamps_on_create:
            record[at] = self._moment
        for at in schema.users_on_create:
            record[at] = self._user
        for at in schema.auto_numbers:
            record[at] = self._table.number(at)
        for at, value in values.items():
            record[at] = value
        record[0] = self._table.next_id()
        for at in schema.photos:
            record[at] = f"/services/images/photo/{record[0]}"
        if record[schema.name_at] is None and schema.names_itself:
            record[schema.name_at] = str(record[0])[:15]
        name = compose_name(schema, record, values)
        if name is not None:
            record[schema.name_at] = name
        for at, value in self._house.assign_owner(self._write).items():
            record[at] = value
        return record

    def _update(self, row: RowInput) -> RowResult:
        record = checks.require_record(self._table, row.record_id)
        return self._change(record, row)

    def _change(self, record: Row, row: RowInput) -> RowResult:
        schema, values = self._schema, row.values
        self._updated[record[0]] += 1
        if self._updated[record[0]] > _SAME_ID_LIMIT:
            again = f"Attempt to update Id more than once in this Api call: {record[0]}"
            limit = f"Maximum number of duplicate updates in one batch ({_SAME_ID_LIMIT} allowed)."
            raise RowRefused("DUPLICATE_VALUE", f"{limit} {again}", ["Id"])
        if not self._write.trusted:
            checks.not_converted(schema, record)
        self._house.spare(self._table, record)
        self._permit("updateable", "updated", values, schema.not_updateable)
        checks.not_emptied(schema, values)
        self._house.settle_record_type(self._table, self._write, values, record)
        self._lookups.resolve(schema, row)
        checks.unique(self._table, values, record)
        changes = self._add_system_values(record, values)
        self._house.inspect(self._table, _with(record, changes), self._write)
        self._replace(record, changes)
        self.touched.append(record)
        self._mirror(record, values)
        return RowResult(str(record[0]))

    def _mirror(self, record: Row, values: dict[int, Value]) -> None:
        if self._house.people is not None and self._table.schema.name == "Account":
            self._house.people.mirror(record, values, self._moment, self._user, self._note)

    def _add_system_values(self, record: Row, values: dict[int, Value]) -> dict[int, Value]:
        """Return the values of an update with those that the org sets itself: time, user, name and owner."""
        schema = self._schema
        changes = dict(values)
        for at in schema.stamps_on_update:
            changes[at] = self._moment
        changes[schema.position["lastmodifiedbyid"]] = self._user
        name = compose_name(schema, record, values)
        if name is not None:
            changes[schema.name_at] = name
        return changes | self._house.assign_owner(self._write)

    def _replace(self, record: Row, changes: dict[int, Value]) -> None:
        if self._journal is not None:
            self._note(partial(self._table.replace, record, {at: record[at] for at in changes}))
        self._table.replace(record, changes)

    def _upsert(self, row: RowInput) -> RowResult:
        at = self._write.key_at
        if at == 0:
            return self._update(row) if row.record_id else self._insert(row)
        field = self._schema.fields[at]
        value = row.values.get(at)
        if value is None:
            raise RowRefused("MISSING_ARGUMENT", f"{field.name} not specified")
        if self._repeated[key_of(field, value)] > 1:
            raise RowRefused("DUPLICATE_VALUE", f"Duplicate external id specified: {format_key(value)}", [field.name])
        found = find_matching(self._table, at, value)
        if len(found) > 1:
            raise make_several_error(field, found)
        if found:
            if not field.updateable:
                del row.values[at]
            return self._change(found[0], row)
        if self._write.update_only:
            raise RowRefused("NOT_FOUND", "The requested resource does not exist", None)
        return self._insert(row)

    def _undelete(self, row: RowInput) -> RowResult:
        record = restore(self._table, row, self._moment, self._note)
        self.touched.append(record)
        return RowResult(str(record[0]))

    def _delete(self, row: RowInput) -> RowResult:
        record, result = self._removal.execute(row)
        self.touched.append(record)
        return result


def _with(record: Row, changes: dict[int, Value]) -> Row:
    """Return a copy of the record with the changes."""
    after = record.copy()
    for at, value in changes.items():
        after[at] = value
    return after
