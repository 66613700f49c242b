"""Records in memory: one table per object, rows as lists, indexes on keys."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from salesforce_emulator.ids import id_series
from salesforce_emulator.keys import index_key
from salesforce_emulator.org.model import Value
from salesforce_emulator.schema import Row, Schema, Schemas

# One row is filed as itself, several as a mapping by id: a list per key would cost a million rows a gigabyte.
_Filed = Row | dict[Value, Row]


class Index:
    """Rows by the value of one field, without those that have none."""

    def __init__(self, schema: Schema, at: int) -> None:
        self._at = at
        self._field = schema.fields[at]
        self._rows: dict[Value, _Filed] = {}

    def serves(self, schema: Schema, at: int) -> bool:
        """Whether a changed schema needs the same index."""
        return at in schema.indexed and schema.fields[at].case_sensitive == self._field.case_sensitive

    def find(self, value: Value) -> list[Row]:
        """The rows filed under a value."""
        filed = self._rows.get(index_key(self._field, value))
        if filed is None:
            return []
        return [filed] if isinstance(filed, list) else list(filed.values())

    def add(self, row: Row) -> None:
        """File a row."""
        if row[self._at] is None:
            return
        key = index_key(self._field, row[self._at])
        filed = self._rows.setdefault(key, row)
        if isinstance(filed, dict):
            filed[row[0]] = row
        elif filed is not row:
            self._rows[key] = {filed[0]: filed, row[0]: row}

    def remove(self, row: Row) -> None:
        """Forget a row, under the value it has now."""
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
    """The records of one object, deleted ones included."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rows: dict[Value, Row] = {}
        self.indexes = {at: Index(schema, at) for at in schema.indexed}
        self.next_id: Callable[[], str] = id_series(schema.object.key_prefix)
        self.children: list[tuple[Table, int]] = []
        # What Setup lists, and events, have no such field; an id is not True.
        self._deleted_at = schema.position.get("isdeleted", 0)
        self._numbers = dict.fromkeys(schema.auto_numbers, 0)
        self._binned = 0

    @property
    def count(self) -> int:
        """How many records there are beside those in the recycle bin."""
        return len(self.rows) - self._binned

    def adopt(self, schema: Schema) -> None:
        """Go on with a changed schema: rows get a place for every new field, indexes follow."""
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
        """The record of an 18-character id, whether deleted or not."""
        return self.rows.get(record_id)

    def is_deleted(self, row: Row) -> bool:
        """Whether the record lies in the recycle bin."""
        return row[self._deleted_at] is True

    def live(self) -> Iterable[Row]:
        """The records that are not deleted."""
        at = self._deleted_at
        return (row for row in list(self.rows.values()) if row[at] is not True)

    def find_referring(self, at: int, parents: Container[Value]) -> list[Row]:
        """The live records that point to one of some parents."""
        return [row for row in self.live() if row[at] in parents]

    def find_binned(self, at: int, parent: Value) -> list[Row]:
        """The deleted records that point to a parent."""
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
        """Move a record to the recycle bin: its keys are free again."""
        for index in self.indexes.values():
            index.remove(row)
        row[self._deleted_at] = True
        self._binned += 1

    def restore(self, row: Row) -> None:
        """Take a record out of the recycle bin, or from where `erase` left it."""
        row[self._deleted_at] = False
        self._binned -= row[0] in self.rows
        self.rows[row[0]] = row
        for index in self.indexes.values():
            index.add(row)

    def erase(self, row: Row) -> None:
        """Remove a record for good."""
        if not self.is_deleted(row):
            self.bin(row)
        if self.rows.pop(row[0], None) is not None:
            self._binned -= 1

    def empty_bin(self, before: str) -> None:
        """Remove for good what was deleted before a moment, given as rows hold it."""
        at = self.schema.position.get("systemmodstamp", 0)
        for row in [row for row in self.rows.values() if self.is_deleted(row) and str(row[at]) < before]:
            self.erase(row)

    def number(self, at: int) -> str:
        """The next value of an auto-number field."""
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
        """Go on with changed objects: new ones get a table."""
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
