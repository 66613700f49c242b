"""Keep the API calls of a run in a file, to watch while it runs and to read afterwards."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import astuple, fields

from connector_sdk.connection import Call
from connector_sdk.hookspecs import hookimpl
from connector_sdk.report import RunStart

_COLUMNS = tuple(attribute.name for attribute in fields(Call))


class CallRecorder:
    """An observer that writes every call of a run to the file that `path_of` names; not durable, nothing depends on it.

    Calls made before the run begins (the login) are kept until it does.
    """

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._lock = threading.Lock()
        self._early: list[Call] = []
        self._database: sqlite3.Connection | None = None

    @hookimpl
    def run_started(self, start: RunStart) -> None:
        """Open the file of the run."""
        self.close()
        with self._lock:
            self._database = _create(self._path_of(start.run))
            self._write(self._early)
            self._early = []

    @hookimpl
    def call_finished(self, call: Call) -> None:
        """Keep one call."""
        with self._lock:
            if self._database is None:
                self._early.append(call)
            else:
                self._write([call])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    def _write(self, calls: Sequence[Call]) -> None:
        assert self._database is not None
        marks = ", ".join("?" for _ in _COLUMNS)
        statement = f"insert into call ({', '.join(_COLUMNS)}) values ({marks})"
        self._database.executemany(statement, [astuple(call) for call in calls])


def _create(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    database.execute(f"create table if not exists call (number integer primary key, {', '.join(_COLUMNS)})")
    return database


def recorded_calls(path: Path) -> Iterator[Call]:
    """The calls of a run in the order in which they ended; none when none were kept."""
    if not path.exists():
        return
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for row in database.execute(f"select {', '.join(_COLUMNS)} from call order by number"):
            yield Call(*row)
    finally:
        database.close()
