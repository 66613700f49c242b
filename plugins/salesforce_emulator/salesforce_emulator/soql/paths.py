"""Resolve the fields that a statement names, including the fields of parents."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs

from salesforce_emulator.errors import NO_COLUMN
from salesforce_emulator.org.field_types import NUMBERS
from salesforce_emulator.org.model import Field, Value
from salesforce_emulator.schema import Row, Schema, Schemas
from salesforce_emulator.soql.functions import fits, scalar, type_of
from salesforce_emulator.soql.tokens import SoqlError, make_located_error
from salesforce_emulator.soql.tree import Function, Path, Term
from salesforce_emulator.store import Store

_DEEPEST = 5


def mask(value: Value) -> Value:
    """Return encrypted text as users without "View Encrypted Data" see it."""
    return None if value is None else "*" * len(str(value))


def result_field(name: str, field: Field) -> Field:
    """Return a field that describes the result of a function."""
    type_ = type_of(name, field)
    return attrs.evolve(field, type=type_, precision=18 if type_ in NUMBERS else 0, picklist_values=())


class Paths:
    """The terms of one statement, resolved from its object. `now` returns the org's time."""

    def __init__(
        self, statement: str, start: Schema, schemas: Schemas, store: Store, now: Callable[[], float] = time.time
    ) -> None:
        self.start = start
        self._statement = statement
        self._schemas = schemas
        self._store = store
        self._now = now

    def at(self, schema: Schema) -> Paths:
        """Return the paths of the same statement, resolved from another object."""
        return Paths(self._statement, schema, self._schemas, self._store, self._now)

    def today(self) -> date:
        """Return the current day of the org, in UTC."""
        return datetime.fromtimestamp(self._now(), UTC).date()

    def relative(self, path: Path) -> Path:
        """Return a path without the name of the statement's object: `Contact.LastName` becomes `LastName`."""
        first = path.names[0].lower()
        named = len(path.names) > 1 and first == self.start.name.lower() and first not in self.start.relationships
        return Path(path.names[1:], path.at) if named else path

    def reader(self, term: Term) -> tuple[Field, Callable[[Row], Value]]:
        """Return the field of a term, and a function that reads it from a row."""
        return self._path(term) if isinstance(term, Path) else self._function(term)

    def _function(self, function: Function) -> tuple[Field, Callable[[Row], Value]]:
        field, read = self.reader(function.argument)
        if not fits(function.name, field):
            message = f"field {field.name} does not support the function {function.name}"
            raise make_located_error(self._statement, function.at, "MALFORMED_QUERY", message)
        convert = scalar(function.name, field)
        return result_field(function.name, field), lambda row: convert(read(row))

    def _path(self, path: Path) -> tuple[Field, Callable[[Row], Value]]:
        schema, path = self.start, self.relative(path)
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

    def column(self, term: Term) -> tuple[str, Callable[[Row], Value]]:
        """Return the canonical spelling of a term, and a function that reads it from a row."""
        if not isinstance(term, Path):
            return f"{term.name}({self.column(term.argument)[0]})", self.reader(term)[1]
        schema, path = self.start, self.relative(term)
        names: list[str] = []
        for name in self._names(path)[:-1]:
            at, target = self.step(schema, name, path)
            names.append(str(schema.fields[at].relationship_name))
            schema = target
        field, read = self.reader(path)
        name = ".".join([*names, field.name])
        return (name, lambda row: mask(read(row))) if field.masked else (name, read)

    def step(self, schema: Schema, name: str, path: Path) -> tuple[int, Schema]:
        """Return the position of the reference that a relationship name means, and the object it refers to."""
        field = schema.relationships.get(name.lower())
        if field is None:
            message = f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            message += "relationship, be sure to append the '__r' after the custom relationship name. Please reference "
            message += "your WSDL or the describe call for the appropriate names."
            raise make_located_error(self._statement, path.at, "INVALID_FIELD", message)
        # For a polymorphic parent, a path may use the fields of Name. The fields of User are closest to them.
        target = "User" if len(field.reference_to) > 1 and "User" in field.reference_to else field.reference_to[0]
        found = self._schemas.find(target)
        assert found is not None, "the org file was checked"
        return schema.position[field.name.lower()], found

    def parent(self, row: Row, at: int) -> tuple[Schema, Row] | None:
        """Return the record that a reference leads to, deleted or not. Return None if there is none."""
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
            raise make_located_error(self._statement, path.at, "MALFORMED_QUERY", message)
        return path.names

    def _no_column(self, name: str, schema: Schema, path: Path) -> SoqlError:
        return make_located_error(self._statement, path.at, "INVALID_FIELD", NO_COLUMN.format(name, schema.name))
