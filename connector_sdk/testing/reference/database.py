"""The tables behind the service, which outlive a killed process and so show what was executed."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_TABLES = """
create table if not exists account (id text not null, token text not null default '', calls_left integer);
create table if not exists record (
    number integer primary key autoincrement, object text not null, id text, key text, fields text not null,
    active integer not null default 1, deleted integer not null default 0, merged_into text);
create index if not exists record_by_id on record (id);
create index if not exists record_by_object on record (object, deleted);
create table if not exists identity (
    object text, field text, value text, id text, primary key (object, field, value)) without rowid;
create table if not exists executed (
    object text, key text, action text, times integer, primary key (object, key, action)) without rowid;
create table if not exists version (object text primary key, number integer not null);
create table if not exists batch (
    number integer primary key autoincrement, job text, call text, object text, action text, rows integer,
    answers text not null);
create table if not exists job (
    number integer primary key autoincrement, state text not null default 'open', request text, batch integer);
create table if not exists fault (
    id integer primary key, kind text, call text, object text, key text, code text, times integer, skip integer,
    wait integer);
create table if not exists late (id integer primary key, wait integer, call text, arguments text);
"""


def connect(path: str) -> sqlite3.Connection:
    """Open or create the database at `path`, or in memory if `path` is empty.

    A committed change survives a kill of the process. It may not survive a power failure, which is enough for tests.
    """
    database = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    database.executescript(_TABLES)
    with transaction(database):
        if database.execute("select count(*) from account").fetchone() == (0,):
            database.execute("insert into account (id) values (?)", (f"acc-{secrets.token_hex(4)}",))
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit all changes of the block, or none if it raises."""
    database.execute("begin immediate")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")
