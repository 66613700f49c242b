"""A notebook: records in a SQLite file, in place of the application that a destination writes to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from attrs import frozen

from connector_notebook.objects import OBJECTS
from connector_sdk import Action

Values = Mapping[str, str | None]
Answer = dict[str, Any]

_PATIENCE = 5.0
"""Seconds to wait for another writer."""

_TABLES = """
create table if not exists cover (account text not null);
insert into cover select lower(hex(randomblob(8))) where not exists (select 1 from cover);
create table if not exists record (
    id integer primary key autoincrement, object text, key text, fields text, unique (object, key)
);
create table if not exists receipt (token text primary key, answers text);
"""


class Busy(Exception):
    """The notebook is busy because another program is writing. Nothing was done."""


class Refused(Exception):
    """A line that the notebook refuses."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


@frozen
class Line:
    """The change of one record: its id, if known, and the values to set."""

    record_id: str | None
    values: Values


class Book:
    """A notebook on disk, safe to use from any thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as database:
            database.executescript(_TABLES)

    def account(self) -> str:
        """Return the id that distinguishes this notebook from every other."""
        with self._transaction() as database:
            return str(database.execute("select account from cover").fetchone()[0])

    def write(self, object_name: str, action: Action, lines: Iterable[Line], token: str) -> list[Answer]:
        """Act on every line and leave the answers under `token`: all in one transaction."""
        with self._transaction() as database:
            answers = [_answer(database, object_name, action, line) for line in lines]
            database.execute("insert into receipt values (?, ?)", (token, json.dumps(answers)))
        return answers

    def settle(self, token: str) -> list[Answer] | None:
        """Return the answers left under `token`. None: there are none, and from now on there can be none."""
        with self._transaction() as database:
            database.execute("insert or ignore into receipt (token) values (?)", (token,))
            (answers,) = database.execute("select answers from receipt where token = ?", (token,)).fetchone()
        return json.loads(answers) if answers else None

    def find(self, object_name: str, field: str, values: Sequence[str]) -> list[list[str]]:
        """Return, for each of `values`, the ids of the records that have it."""
        column = {"id": "id", "key": "key"}[field]
        query = f"select id from record where object = ? and {column} = ?"
        with self._transaction() as database:
            found = [database.execute(query, (object_name, value)).fetchall() for value in values]
        return [[str(id_) for (id_,) in each] for each in found]

    def records(self, object_name: str) -> tuple[list[Values], str]:
        """Return all records, and the current version of the notebook."""
        query = "select id, fields from record where object = ? order by id"
        with self._transaction() as database:
            rows = database.execute(query, (object_name,)).fetchall()
            (version,) = database.execute("select count(*) from receipt").fetchone()
        return [{"id": str(id_), **json.loads(fields)} for id_, fields in rows], str(version)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all changes of the block, or none if it raises. Raises `Busy` if another program is writing."""
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as database:
            try:
                database.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise Busy("another program is writing to the notebook") from error
            with database:
                yield database


def _answer(database: sqlite3.Connection, object_name: str, action: Action, line: Line) -> Answer:
    try:
        record_id, created = _act(database, object_name, action, line)
    except Refused as refused:
        return {"status": "failed", "code": refused.code, "message": str(refused), "fields": refused.field}
    return {"status": "succeeded", "record_id": record_id, "created": created}


def _act(database: sqlite3.Connection, object_name: str, action: Action, line: Line) -> tuple[str, bool]:
    match action:
        case Action.CREATE:
            return _create(database, object_name, line.values), True
        case Action.UPDATE:
            return _update(database, object_name, line.record_id, line.values), False
        case Action.DELETE:
            return _delete(database, object_name, line.record_id), False
        case Action.UPSERT:
            query = "select id from record where object = ? and key = ?"
            found = database.execute(query, (object_name, line.values.get("key"))).fetchone()
            if found is None:
                return _create(database, object_name, line.values), True
            return _update(database, object_name, str(found[0]), line.values), False
    raise ValueError(f"a notebook cannot {action}")


def _create(database: sqlite3.Connection, object_name: str, values: Values) -> str:
    _check(object_name, values)
    insert = "insert into record (object, key, fields) values (?, ?, ?)"
    return str(database.execute(insert, (object_name, values.get("key"), json.dumps(values))).lastrowid)


def _update(database: sqlite3.Connection, object_name: str, record_id: str | None, values: Values) -> str:
    query = "select id, fields from record where object = ? and id = ?"
    found = database.execute(query, (object_name, record_id)).fetchone()
    if found is None:
        raise Refused("gone", f"there is no record {record_id}")
    merged = {**json.loads(found[1]), **values}
    _check(object_name, merged)
    try:
        update = "update record set key = ?, fields = ? where id = ?"
        database.execute(update, (merged.get("key"), json.dumps(merged), found[0]))
    except sqlite3.IntegrityError:
        raise Refused("duplicate", f"another record has the key {merged['key']}", "key") from None
    return str(found[0])


def _delete(database: sqlite3.Connection, object_name: str, record_id: str | None) -> str:
    deleted = database.execute("delete from record where object = ? and id = ?", (object_name, record_id))
    if not deleted.rowcount:
        raise Refused("gone", f"there is no record {record_id}")
    return str(record_id)


def _check(object_name: str, values: Values) -> None:
    for field in OBJECTS[object_name].fields:
        value = values.get(field.name) or ""
        if field.required and not value:
            raise Refused("missing", f"{field.name} must have a value", field.name)
        if field.length is not None and len(value) > field.length:
            message = f"{field.name} has {len(value)} characters, {field.length} are allowed"
            raise Refused("too_long", message, field.name)
