"""The records of the service: create, update, upsert, delete, merge and replace them, with one answer per row."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import evolve

from connector_sdk import Action, Field, FieldType
from connector_sdk.testing.reference import faults
from connector_sdk.testing.reference.faults import FaultKind
from connector_sdk.testing.reference.shapes import SHAPES, Shape
from connector_sdk.testing.reference.successors import copy_shared_fields, note_successor, redirect, successor
from connector_sdk.testing.reference.values import Wire, from_wire, same
from connector_sdk.testing.reference.wire import Answer, Line, RefusedError, Request


class Records:
    """The records of the service. The caller of each method must have begun a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def execute(self, request: Request, *, partial: bool = False) -> list[Answer]:
        """Execute rows one by one, or only the first half of them if `partial` is true."""
        shape = SHAPES[request.object_name]
        keys = [self._key_of(shape, line) for line in request.lines]
        end = (len(keys) + 1) // 2 if partial else len(keys)
        wrong = faults.take_rows(self._database, request.object_name, [key for key in keys[:end] if key])
        answers = []
        for line, key in zip(request.lines[:end], keys, strict=False):
            answers.append(self._answer(shape, request, line, key, wrong.get(key or "")))
        self.touch(request.object_name)
        return answers + [Answer("not_executed")] * (len(keys) - end)

    def by_hand(self, object_name: str, action: Action, line: Line) -> str:
        """Execute a row as a user of the service would in its own pages, without faults or counting. Return the id.

        Raises `RefusedError`.
        """
        id_, _ = self._act(SHAPES[object_name], Request(object_name, action, [line]), line)
        self.touch(object_name)
        return id_

    def replace(self, request: Request) -> list[Answer]:
        """Make the rows the whole list of the object. Other records become inactive."""
        self._database.execute("update record set active = 0 where object = ?", (request.object_name,))
        answers = self.execute(request)
        for each in answers:
            self._database.execute("update record set active = 1 where id = ?", (each.record_id,))
        return answers

    def version(self, object_name: str) -> str:
        """Return the version of an object, which changes whenever its records change."""
        found = self._database.execute("select number from version where object = ?", (object_name,)).fetchone()
        return str(found[0] if found else 0)

    def touch(self, object_name: str) -> None:
        """Advance the version of the object, because its records change."""
        self._database.execute(
            "insert into version values (?, 1) on conflict do update set number = number + 1", (object_name,)
        )

    def find(self, object_name: str, field: Field, value: Wire) -> list[str]:
        """Find the ids of the records whose field has a value, by the field's own equality rules."""
        if field.name == "id":
            query = "select id from record where object = ? and id = ? and deleted = 0"
            return [each for (each,) in self._database.execute(query, (object_name, value))]
        if field.unique:
            query = "select id from identity where object = ? and field = ? and value = ?"
            return [each for (each,) in self._database.execute(query, (object_name, field.name, same(field, value)))]
        query = "select id from record where object = ? and deleted = 0 and json_extract(fields, ?) = ? order by number"
        return [each for (each,) in self._database.execute(query, (object_name, f'$."{field.name}"', value))]

    def search(self, object_name: str, field: Field, value: Wire) -> list[str]:
        """Find the ids of the records whose field has a value, by the equality rules of reference searches."""
        compared = evolve(field, equality=field.search_equality or frozenset())
        query = "select id, json_extract(fields, ?) from record where object = ? and deleted = 0 order by number"
        found = self._database.execute(query, (f'$."{field.name}"', object_name))
        return [id_ for id_, held in found if held is not None and same(compared, held) == same(compared, value)]

    def fields(self, id_: str | None) -> dict[str, Wire] | None:
        """Return the fields of a record, or None if there is no such record."""
        query = "select fields from record where id = ? and deleted = 0"
        found = self._database.execute(query, (id_,)).fetchone()
        return json.loads(found[0]) if found else None

    def _answer(
        self, shape: Shape, request: Request, line: Line, key: str | None, fault: faults.Fault | None
    ) -> Answer:
        try:
            if fault is not None and fault.kind is FaultKind.CONVERTED:
                self._convert_guest_by_key(shape, key)
            elif fault is not None:
                raise RefusedError(fault.code, f"{fault.code}: told to refuse {key}")
            id_, created = self._act(shape, request, line)
        except RefusedError as refused:
            return Answer("failed", None, None, refused.code, refused.message, refused.field)
        self._count(request, key)
        return Answer(record_id=id_, created=created)

    def _convert_guest_by_key(self, shape: Shape, key: str | None) -> None:
        """Convert the guest with this key, unless there is none or it is already converted."""
        field = shape.field(shape.key)
        for each in self.find(shape.schema.name, field, key) if field else []:
            if successor(self._database, each) is None:
                self.convert_guest(each)

    def _act(self, shape: Shape, request: Request, line: Line) -> tuple[str, bool | None]:
        match request.action:
            case Action.CREATE:
                return self._create(shape, line), True
            case Action.UPDATE:
                return self._update(shape, line["id"], line), None
            case Action.DELETE:
                return self._delete(shape, line["id"]), None
            case Action.MERGE:
                return self._merge(shape, line["id"], line["into"]), None
            case Action.UPSERT | Action.REPLACE:
                return self._upsert(shape, request.match_field or shape.key, line)
        raise RefusedError("bad", f"there is no action {request.action}")

    def _upsert(self, shape: Shape, match_field: str, line: Line) -> tuple[str, bool]:
        field = shape.field(match_field)
        value = line["set"].get(match_field)
        if field is None or value is None:
            raise RefusedError("required_missing", f"{match_field} has no value to match by", match_field)
        found = self.find(shape.schema.name, field, value)
        return (self._update(shape, found[0], line), False) if found else (self._create(shape, line), True)

    def _create(self, shape: Shape, line: Line) -> str:
        values = self._check_values(shape, line, creating=True)
        missing = [each.name for each in shape.schema.fields if each.required and values.get(each.name) in (None, "")]
        if missing:
            raise RefusedError("required_missing", f"{', '.join(missing)} must have a value", ",".join(missing))
        defaults = {each.name: False for each in shape.schema.fields if each.type is FieldType.BOOLEAN}
        values = {**defaults, **values, "created_at": datetime.now(UTC).isoformat()}
        self._unique(shape, values, None)
        added = self._database.execute(
            "insert into record (object, key, fields) values (?, ?, ?)",
            (shape.schema.name, values.get(shape.key), json.dumps(values)),
        )
        id_ = f"{shape.prefix}-{added.lastrowid:06}"
        self._database.execute("update record set id = ? where number = ?", (id_, added.lastrowid))
        self._identify(shape, values, id_)
        return id_

    def _update(self, shape: Shape, id_: str | None, line: Line) -> str:
        id_, before = self._live(id_)
        values = {**before, **self._check_values(shape, line, creating=False)}
        self._unique(shape, values, id_)
        self._database.execute(
            "update record set fields = ?, key = ? where id = ?", (json.dumps(values), values.get(shape.key), id_)
        )
        self._database.execute("delete from identity where id = ? and object = ?", (id_, shape.schema.name))
        self._identify(shape, values, id_)
        return id_

    def _delete(self, shape: Shape, id_: str | None) -> str:
        id_, _ = self._live(id_)
        self._database.execute("update record set deleted = 1 where id = ?", (id_,))
        self._database.execute("delete from identity where id = ? and object = ?", (id_, shape.schema.name))
        return id_

    def _merge(self, shape: Shape, id_: str, into: str) -> str:
        """Merge a record into another: redirect references to it, and delete it. A second merge has no effect."""
        if self.find_successor(id_) == into:
            return into
        if self.fields(into) is None:
            raise RefusedError("reference_not_found", f"there is no record {into} to merge {id_} into")
        self._delete(shape, id_)
        note_successor(self._database, id_, into)
        redirect(self._database, shape, id_, into)
        return into

    def find_successor(self, id_: str) -> str | None:
        """Return the record that a record was merged into or became, or None if there is none."""
        return successor(self._database, id_)

    def convert_guest(self, guest: str) -> str:
        """Convert a guest to a person, and return the id of the new record. The guest stays, but is read-only.

        Raises `RefusedError` if the guest cannot be changed.
        """
        (guest, values), people = self._live(guest), SHAPES["people"]
        made = self._create(people, {"set": copy_shared_fields(values, people), "by": {}})
        note_successor(self._database, guest, made)
        return made

    def _live(self, id_: str | None) -> tuple[str, dict[str, Wire]]:
        """Return the id and the fields of a record that can be changed. Raises `RefusedError` if it cannot."""
        found = self.fields(id_)
        if found is None or id_ is None:
            raise RefusedError("gone", f"there is no record {id_}")
        if successor(self._database, id_) is not None:
            raise RefusedError("converted", f"{id_} became {successor(self._database, id_)}")
        return id_, found

    def _check_values(self, shape: Shape, line: Line, *, creating: bool) -> dict[str, Wire]:
        """Return the values of a line, with empty text as null and references as ids.

        Raises `RefusedError` if a field cannot hold its value.
        """
        values: dict[str, Wire] = {}
        for name, value in line["set"].items():
            field = shape.field(name)
            if field is None:
                raise RefusedError("unknown_field", f"{shape.schema.name} has no field {name}", name)
            if not (field.creatable if creating else field.updatable):
                raise RefusedError("not_writable", f"{name} cannot be {'set' if creating else 'changed'}", name)
            key_field = line["by"].get(name)
            known = value if key_field is None else self._find_reference(field, key_field, value)
            values[name] = None if known == "" else known
            self._check(field, values[name])
        return values

    def _check(self, field: Field, value: Wire) -> None:
        if value is None:
            if not field.nullable or field.required:
                raise RefusedError("required_missing", f"{field.name} must have a value", field.name)
            return
        try:
            from_wire(field, value)
        except (ValueError, ArithmeticError):
            raise RefusedError("bad_value", f"{field.name} cannot be {value!r}", field.name) from None
        text = str(value)
        if field.length is not None and len(text) > field.length:
            message = f"{field.name} has {len(text)} characters, {field.length} are allowed"
            raise RefusedError("too_long", message, field.name)
        if field.restricted and text not in field.values:
            raise RefusedError("bad_value", f"{field.name} must be one of {', '.join(field.values)}", field.name)
        if field.pattern and not re.fullmatch(field.pattern, text):
            raise RefusedError("bad_value", f"{text!r} is not {field.pattern_name}", field.name)
        if field.references and not any(self.find(name, _ID, value) for name in field.references):
            raise RefusedError("reference_not_found", f"{field.name}: there is no record {value}", field.name)

    def _find_reference(self, field: Field, key_field: str, value: Wire) -> Wire:
        if value is None:
            return None
        for each in field.reference_keys:
            target = SHAPES[each.object_name].field(each.field)
            if each.field == key_field and target is not None:
                found = self.find(each.object_name, target, value)
                if found:
                    return found[0]
        raise RefusedError("reference_not_found", f"{field.name}: nothing has the {key_field} {value!r}", field.name)

    def _unique(self, shape: Shape, values: Mapping[str, Wire], id_: str | None) -> None:
        for field in shape.unique:
            value = values.get(field.name)
            others = [] if value is None else self.find(shape.schema.name, field, value)
            if any(each != id_ for each in others):
                raise RefusedError("duplicate", f"{field.name} {value!r} belongs to {others[0]}", field.name)

    def _identify(self, shape: Shape, values: Mapping[str, Wire], id_: str) -> None:
        for field in shape.unique:
            value = values.get(field.name)
            if value is not None:
                entry = (shape.schema.name, field.name, same(field, value), id_)
                self._database.execute("insert into identity values (?, ?, ?, ?)", entry)

    def _key_of(self, shape: Shape, line: Line) -> str | None:
        value = line["set"].get(shape.key)
        if value is None and line["id"] is not None:
            found = self._database.execute("select key from record where id = ?", (line["id"],)).fetchone()
            value = found[0] if found else line["id"]
        return None if value is None else str(value)

    def _count(self, request: Request, key: str | None) -> None:
        self._database.execute(
            "insert into executed values (?, ?, ?, 1) on conflict do update set times = times + 1",
            (request.object_name, key or "", request.action),
        )


_ID = Field(name="id", type=FieldType.TEXT)
