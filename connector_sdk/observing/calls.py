"""Record the API calls of a run in a file, to watch during the run and to read afterwards."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from attrs import fields

from connector_sdk.contract.connection import Call
from connector_sdk.contract.hookspecs import hookimpl
from connector_sdk.contract.report import CallCounts, RunStart
from connector_sdk.files.private import make_if_missing

_COLUMNS = tuple(attribute.name for attribute in fields(Call))
_PAUSE = 0.2
"""Seconds between two writes of the calls that have arrived."""


class CallRecorder:
    """The observer that writes every call of a run to the file that `path_of` names.

    Writes are not durable, because no run depends on them. A separate thread writes the calls of `_PAUSE` seconds at
    once, which takes as long as writing one call. Calls before the start of the run, such as the login, wait for it.
    """

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._lock = threading.Lock()
        self._waiting: list[Call] = []
        self._ends = threading.Event()
        self._writer: threading.Thread | None = None
        self._failed: sqlite3.Error | None = None

    @hookimpl
    def run_started(self, start: RunStart) -> None:
        """Open the file of the run."""
        self.close()
        self._ends.clear()
        database = _create(self._path_of(start.run))
        self._writer = threading.Thread(target=self._write_all, args=(database,), name="calls", daemon=True)
        self._writer.start()

    @hookimpl
    def call_finished(self, call: Call) -> None:
        """Queue one call for writing. Raises the error of an earlier write."""
        if self._failed is not None:
            raise self._failed
        with self._lock:
            self._waiting.append(call)

    def close(self) -> None:
        """Write the remaining calls, and close the file."""
        if self._writer is not None:
            self._ends.set()
            self._writer.join()
            self._writer = None

    def _write_all(self, database: sqlite3.Connection) -> None:
        with closing(database):
            try:
                while not self._ends.wait(_PAUSE):
                    self._write(database)
                self._write(database)
            except sqlite3.Error as error:
                self._failed = error

    def _write(self, database: sqlite3.Connection) -> None:
        with self._lock:
            calls, self._waiting = self._waiting, []
        if calls:
            marks = ", ".join("?" for _ in _COLUMNS)
            statement = f"insert into call ({', '.join(_COLUMNS)}) values ({marks})"
            with database:
                database.executemany(statement, [tuple(getattr(call, each) for each in _COLUMNS) for call in calls])


def _create(path: Path) -> sqlite3.Connection:
    make_if_missing(path)
    database = sqlite3.connect(path, check_same_thread=False)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    database.execute(f"create table if not exists call (number integer primary key, {', '.join(_COLUMNS)})")
    return database


def read_calls(path: Path) -> Iterator[Call]:
    """Yield the calls of a run in the order in which they ended; none if there is no file."""
    if not path.exists():
        return
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for row in database.execute(f"select {', '.join(_COLUMNS)} from call order by number"):
            yield Call(**dict(zip(_COLUMNS, row, strict=True)))
    finally:
        database.close()


def count_calls(path: Path) -> CallCounts:
    """Return how many calls of a run are on record, and the remaining quota that the destination last reported."""
    if not path.exists():
        return CallCounts()
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        try:
            (made,) = database.execute("select count(*) from call").fetchone()
            last = "select remaining from call where remaining is not null order by number desc limit 1"
            (remaining,) = database.execute(last).fetchone() or (None,)
        except sqlite3.Error:
            return CallCounts()
    return CallCounts(made, remaining)
