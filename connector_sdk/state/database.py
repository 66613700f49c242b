"""Open the journal's SQLite database, check it, and migrate it to this version."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from connector_sdk.contract.errors import RunStopped
from connector_sdk.files.corruption import JOURNAL
from connector_sdk.files.private import make_if_missing

VERSION = 7

_SCHEMA = """
create table schema_version (version integer not null);
create table sync (
    name text primary key, target text not null, fingerprints text not null, snapshot text, run text not null,
    generation integer not null, checksum integer
);
create table run (
    id text primary key, sync text not null, state text not null, created text not null, account text not null,
    config text not null, report text, session text, since text, planned text
);
create index run_by_sync on run (sync, created);
create table batch (
    run text not null references run, number integer not null, parent integer, stage integer not null,
    object text not null, action text not null, shape integer not null, rows text not null, state text not null,
    attempts integer not null default 0, round integer not null default 0, outcomes blob, lane integer, found text,
    submitted integer not null default 0, repeated integer not null default 0, counts text,
    primary key (run, number)
) without rowid;
create table anchor (
    run text not null, batch integer not null, attempt integer not null, seq integer primary key autoincrement,
    step text not null, handle text not null, at text not null
);
create index anchor_by_batch on anchor (run, batch);
create table held (
    sync text not null, key text not null, run text not null, look text not null, rows integer not null default 1,
    primary key (sync, key)
) without rowid;
create table removal (sync text not null, at text not null, rows integer not null, known integer not null);
create table folder (id text not null);
insert into folder values (lower(hex(randomblob(16))));
"""

_COUNTING = """
alter table batch add column submitted integer not null default 0;
alter table batch add column repeated integer not null default 0;
alter table batch add column counts text;
alter table run add column session text;
alter table run add column since text;
alter table run add column planned text;
alter table held add column rows integer not null default 1;
update batch set submitted = attempts + round
"""
"""Version 6 records submissions, counts per batch, the session and the plan of a run, and how many rows are held."""

_IDENTITY = """
create table folder (id text not null);
insert into folder values (lower(hex(randomblob(16))))
"""
"""Version 7 gives the state folder an id that does not depend on its path."""

_LATER = (
    "alter table batch add column lane integer",
    "alter table sync add column checksum integer",
    "alter table batch add column found text",
    "create table removal (sync text not null, at text not null, rows integer not null, known integer not null)",
    _COUNTING,
    _IDENTITY,
)
"""The migrations since version 1: the first entry leads from version 1 to 2, and so on."""

_IN_THE_WAY = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
"""SQLite errors that do not mean a damaged file: a full disk, a lock or missing permissions."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database at `path`. The first use creates it, readable by this user only.

    Raises `RunStopped`, and leaves the file unchanged, if it is lost, damaged, or written by a newer version.
    """
    _require_not_lost(path)
    try:
        with _lock_folder(path.parent):
            make_if_missing(path)
        database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.DatabaseError) as error:
        raise not_usable(path, error) from error
    try:
        database.execute("pragma synchronous = full")
        database.execute("pragma foreign_keys = on")
        with _lock_folder(path.parent):
            database.execute("pragma journal_mode = wal")
            _migrate(database, path)
    except BaseException as error:
        database.close()
        if isinstance(error, OSError | sqlite3.DatabaseError | UnicodeDecodeError):
            raise not_usable(path, error) from error
        raise
    return database


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Lock the state folder against other processes.

    SQLite's own lock is not enough: if several processes switch a new database to WAL at once, some of them fail.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _require_not_lost(path: Path) -> None:
    empty = not path.exists() or not path.stat().st_size
    if empty and any(path.parent.glob("ledgers/*")):
        raise RunStopped(
            f"the journal {path} is lost, and there are ledgers of runs beside it",
            hint="put it back from a backup, or move the whole folder away to start over",
        )


def not_usable(path: Path, error: Exception) -> RunStopped:
    """Return the error for a database that cannot be used. It tells damage from a full disk, a lock or permissions."""
    if isinstance(error, OSError) or getattr(error, "sqlite_errorname", "").startswith(_IN_THE_WAY):
        hint = "see who may write to it, who else uses it, and whether the disk is full, and run again; nothing is lost"
        return RunStopped(f"the journal {path} cannot be used: {error}", hint=hint)
    return JOURNAL.make_error(path, str(error))


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    database.execute("begin immediate")
    try:
        known = database.execute("select name from sqlite_master where name = 'schema_version'").fetchone()
        if known is None:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            database.execute("insert into schema_version values (?)", (VERSION,))
        (found,) = database.execute("select version from schema_version").fetchone() or (None,)
        if not isinstance(found, int):
            raise JOURNAL.make_error(path, "it does not say which version it has")
        if found < VERSION:
            for step in _LATER[found - 1 :]:
                for statement in step.split(";"):
                    database.execute(statement)
            database.execute("update schema_version set version = ?", (VERSION,))
        database.execute("commit")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            database.execute("rollback")
        raise
    if found > VERSION:
        raise RunStopped(
            f"the journal {path} was written by a newer version (state {found}, this program knows {VERSION})",
            hint="update connector-sdk",
        )


def read_folder_id(path: Path) -> str | None:
    """Read the id of the state folder whose database is at `path`, without changing it. Return None if it has no id.

    Raises `sqlite3.Error` if the database cannot be read.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        known = database.execute("select 1 from sqlite_master where name = 'folder'").fetchone()
        (found,) = (database.execute("select id from folder").fetchone() if known else None) or (None,)
    return found
