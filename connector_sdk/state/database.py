"""Open the journal's SQLite database: durable, checked, and of a version that this program understands."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from connector_sdk.errors import RunStopped

VERSION = 2

_SCHEMA = """
create table schema_version (version integer not null);
create table sync (
    name text primary key, target text not null, fingerprints text not null, snapshot text, run text not null,
    generation integer not null
);
create table run (
    id text primary key, sync text not null, state text not null, created text not null, account text not null,
    config text not null, report text
);
create index run_by_sync on run (sync, created);
create table batch (
    run text not null references run, number integer not null, parent integer, stage integer not null,
    object text not null, action text not null, shape integer not null, rows text not null, state text not null,
    attempts integer not null default 0, round integer not null default 0, outcomes blob, lane integer,
    primary key (run, number)
) without rowid;
create table anchor (
    run text not null, batch integer not null, attempt integer not null, seq integer primary key autoincrement,
    step text not null, handle text not null, at text not null
);
create index anchor_by_batch on anchor (run, batch);
create table held (
    sync text not null, key text not null, run text not null, look text not null, primary key (sync, key)
) without rowid;
"""

_LATER = ("alter table batch add column lane integer",)
"""What has changed since version 1: the statement that makes each version of the one before."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database at `path`, made on first use, readable by this user only.

    Raises `RunStopped` when it is damaged or was written by a newer version; the file is left as it is.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("pragma foreign_keys = on")
        _migrate(database, path)
    except sqlite3.DatabaseError as error:
        raise RunStopped(
            f"the journal {path} cannot be read: {error}",
            hint="restore it from a backup; it is left untouched, and without it nothing is sent",
        ) from None
    return database


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    database.execute("begin immediate")
    try:
        known = database.execute("select name from sqlite_master where name = 'schema_version'").fetchone()
        if known is None:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            database.execute("insert into schema_version values (?)", (VERSION,))
        (found,) = database.execute("select version from schema_version").fetchone()
        if found < VERSION:
            for statement in _LATER[found - 1 :]:
                database.execute(statement)
            database.execute("update schema_version set version = ?", (VERSION,))
        database.execute("commit")
    except BaseException:
        database.execute("rollback")
        raise
    if found > VERSION:
        raise RunStopped(
            f"the journal {path} was written by a newer version (state {found}, this program knows {VERSION})",
            hint="update connector-sdk",
        )
