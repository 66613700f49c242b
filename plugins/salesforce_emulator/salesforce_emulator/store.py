"""Records in memory: one table per object, rows as lists, and indexes on keys."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from salesforce_emulator.ids import id_series
from salesforce_emulator.keys import index_key
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row, Schema, Schemas

# A single row is stored as itself, several rows as a mapping by id. A list for every key would take a gigabyte for a
# million rows.
_Filed = Row | dict[Value, Row]


class Index:
    """Rows by the value of one field. Rows without a value are left out."""

    def __init__(self, schema: Schema, at: int) -> None:
        self._at = at
        self._field = schema.fields[at]
        self._rows: dict[Value, _Filed] = {}

    def serves(self, schema: Schema, at: int) -> bool:
        """Return whether a changed schema needs the same index."""
        return at in schema.indexed and schema.fields[at].case_sensitive == self._field.case_sensitive

    def find(self, value: Value) -> list[Row]:
        """Return the rows with this value."""
        filed = self._rows.get(index_key(self._field, value))
        if filed is None:
            return []
        return [filed] if isinstance(filed, list) else list(filed.values())

    def add(self, row: Row) -> None:
        """Add a row."""
        if row[self._at] is None:
            return
        key = index_key(self._field, row[self._at])
        filed = self._rows.setdefault(key, row)
        if isinstance(filed, dict):
            filed[row[0]] = row
        elif filed is not row:
            self._rows[key] = {filed[0]: filed, row[0]: row}

    def remove(self, row: Row) -> None:
        """Remove a row by its present value."""
        if row[self._at] is None:
            return
        key = index_key(self._field, row[self._at])
        filed = self._rows.get(key)
        if filed is row:
            del self._rows[key]
        elif isinstance(filed, dict):
            filed.pop(row[0], None)
            if not filed:
                del self._rows[key]


class Table:
    """The records of one object, including deleted records."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rows: dict[Value, Row] = {}
        self.indexes = {at: Index(schema, at) for at in schema.indexed}
        self.next_id: Callable[[], str] = id_series(schema.object.key_prefix)
        self.children: list[tuple[Table, int]] = []
        # Setup objects and events have no such field. Position 0 holds the id, which is never True.
        self._deleted_at = schema.position.get("isdeleted", 0)
        self._numbers = dict.fromkeys(schema.auto_numbers, 0)
        self._binned = 0

    @property
    def count(self) -> int:
        """The number of records outside the recycle bin."""
        return len(self.rows) - self._binned

    def adopt(self, schema: Schema) -> None:
        """Apply a changed schema: extend the rows by the new fields and rebuild indexes."""
        added: Row = [False if field.type == "boolean" else None for field in schema.fields[len(self.schema.blank) :]]
        for row in self.rows.values():
            row.extend(added)
        kept = {at: index for at, index in self.indexes.items() if index.serves(schema, at)}
        self.schema = schema
        self.indexes = kept | {at: self._index(at) for at in schema.indexed if at not in kept}
        self._numbers = dict.fromkeys(schema.auto_numbers, 0) | self._numbers

    def _index(self, at: int) -> Index:
        index = Index(self.schema, at)
        for row in self.live():
            index.add(row)
        return index

    def get(self, record_id: Value) -> Row | None:
        """Return the record with an 18-character id, deleted or not."""
        return self.rows.get(record_id)

    def is_deleted(self, row: Row) -> bool:
        """Return whether the record is in the recycle bin."""
        return row[self._deleted_at] is True

    def live(self) -> Iterable[Row]:
        """Return the records that are not deleted."""
        at = self._deleted_at
        return (row for row in list(self.rows.values()) if row[at] is not True)

    def find_referring(self, at: int, parents: Container[Value]) -> list[Row]:
        """Return the live records whose field at `at` refers to one of the parents."""
        return [row for row in self.live() if row[at] in parents]

    def find_binned(self, at: int, parent: Value) -> list[Row]:
        """Return the deleted records whose field at `at` refers to the parent."""
        return [row for row in self.rows.values() if row[at] == parent and self.is_deleted(row)]

    def add(self, row: Row) -> None:
        """Store a new record."""
        self.rows[row[0]] = row
        for index in self.indexes.values():
            index.add(row)

    def replace(self, row: Row, changes: dict[int, Value]) -> None:
        """Change some values of a record."""
        moved = [self.indexes[at] for at in self.indexes if at in changes and changes[at] != row[at]]
        for index in moved:
            index.remove(row)
        for at, value in changes.items():
            row[at] = value
        for index in moved:
            index.add(row)

    def bin(self, row: Row) -> None:
        """Move a record to the recycle bin. Its keys become free."""
        for index in self.indexes.values():
            index.remove(row)
        row[self._deleted_at] = True
        self._binned += 1

    def restore(self, row: Row) -> None:
        """Restore a record from the recycle bin, or one that `erase` removed."""
        row[self._deleted_at] = False
        self._binned -= row[0] in self.rows
        self.rows[row[0]] = row
        for index in self.indexes.values():
            index.add(row)

    def erase(self, row: Row) -> None:
        """Remove a record permanently."""
        if not self.is_deleted(row):
            self.bin(row)
        if self.rows.pop(row[0], None) is not None:
            self._binned -= 1

    def empty_bin(self, before: str) -> None:
        """Remove permanently the records that were deleted before a moment, given in the format of rows."""
        at = self.schema.position.get("systemmodstamp", 0)
        for row in [row for row in self.rows.values() if self.is_deleted(row) and str(row[at]) < before]:
            self.erase(row)

    def number(self, at: int) -> str:
        """Return the next value of an auto-number field."""
        self._numbers[at] += 1
        before, _, rest = self.schema.fields[at].auto_number_format.partition("{")
        zeros, _, after = rest.partition("}")
        return f"{before}{self._numbers[at]:0{len(zeros)}}{after}"


class Store:
    """All tables of the org."""

    def __init__(self, schemas: Schemas) -> None:
        self.tables: dict[str, Table] = {}
        self.adopt(schemas)

    def adopt(self, schemas: Schemas) -> None:
        """Apply changed objects. New objects get a table."""
        for schema in schemas.all:
            if schema.name in self.tables:
                self.tables[schema.name].adopt(schema)
            else:
                self.tables[schema.name] = Table(schema)
        for parent in schemas.all:
            self.tables[parent.name].children = [
                (self.tables[child.name], child.position[field.name.lower()])
                for child, field in schemas.children(parent)
            ]

    def __getitem__(self, schema: Schema) -> Table:
        return self.tables[schema.name]
