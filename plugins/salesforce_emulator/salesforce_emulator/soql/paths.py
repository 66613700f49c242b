"""Find the fields that a statement names, through parents where it says so."""

from __future__ import annotations

from collections.abc import Callable

from salesforce_emulator.errors import NO_COLUMN
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.soql.tokens import SoqlError, located
from salesforce_emulator.soql.tree import Path
from salesforce_emulator.store import Store

_DEEPEST = 5


def masked(value: Value) -> Value:
    """Encrypted text as users see it who lack "View Encrypted Data"."""
    return None if value is None else "*" * len(str(value))


class Paths:
    """Resolves the paths of one statement, which starts at one object."""

    def __init__(self, statement: str, start: Schema, schemas: Schemas, store: Store) -> None:
        self.start = start
        self._statement = statement
        self._schemas = schemas
        self._store = store

    def at(self, schema: Schema) -> Paths:
        """The same statement, seen from another object."""
        return Paths(self._statement, schema, self._schemas, self._store)

    def reader(self, path: Path) -> tuple[Field, Callable[[Row], Value]]:
        """The field at the end of a path, and a function that reads it from a row."""
        schema = self.start
        steps: list[int] = []
        for name in self._names(path)[:-1]:
            at, schema = self.step(schema, name, path)
            steps.append(at)
        field = schema.field(path.names[-1])
        if field is None:
            raise self._no_column(path.names[-1], schema, path)
        last = schema.position[field.name.lower()]
        if not steps:
            return field, lambda row: row[last]
        return field, lambda row: self._far(row, steps, field.name.lower())

    def column(self, path: Path) -> tuple[str, Callable[[Row], Value]]:
        """The canonical spelling of a path, and a function that reads it from a row."""
        schema = self.start
        names: list[str] = []
        for name in self._names(path)[:-1]:
            at, target = self.step(schema, name, path)
            names.append(str(schema.fields[at].relationship_name))
            schema = target
        field, read = self.reader(path)
        name = ".".join([*names, field.name])
        return (name, lambda row: masked(read(row))) if field.masked else (name, read)

    def step(self, schema: Schema, name: str, path: Path) -> tuple[int, Schema]:
        """The reference that a relationship name stands for, and the object it leads to."""
        field = schema.relationships.get(name.lower())
        if field is None:
            message = f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            message += "relationship, be sure to append the '__r' after the custom relationship name. Please reference "
            message += "your WSDL or the describe call for the appropriate names."
            raise located(self._statement, path.at, "INVALID_FIELD", message)
        # What a path may name of a polymorphic parent are the fields of Name; those of User come closest.
        target = "User" if len(field.reference_to) > 1 and "User" in field.reference_to else field.reference_to[0]
        found = self._schemas.find(target)
        assert found is not None, "the org file was checked"
        return schema.position[field.name.lower()], found

    def parent(self, row: Row, at: int) -> tuple[Schema, Row] | None:
        """The record that a reference leads to, deleted or not; None where it is empty."""
        record_id = row[at]
        schema = self._schemas.of_id(str(record_id)) if record_id is not None else None
        found = self._store[schema].get(record_id) if schema is not None else None
        return None if schema is None or found is None else (schema, found)

    def _far(self, row: Row, steps: list[int], name: str) -> Value:
        schema: Schema | None = None
        for at in steps:
            found = self.parent(row, at)
            if found is None:
                return None
            schema, row = found
        last = schema.position.get(name) if schema is not None else None
        return None if last is None else row[last]

    def _names(self, path: Path) -> tuple[str, ...]:
        if len(path.names) > _DEEPEST + 1:
            message = f"cannot have more than {_DEEPEST} levels of relationships"
            raise located(self._statement, path.at, "MALFORMED_QUERY", message)
        return path.names

    def _no_column(self, name: str, schema: Schema, path: Path) -> SoqlError:
        return located(self._statement, path.at, "INVALID_FIELD", NO_COLUMN.format(name, schema.name))
