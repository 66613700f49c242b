"""Keep the API calls of a run in a file, to watch while it runs and to read afterwards."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from attrs import astuple, fields

from connector_sdk.connection import Call
from connector_sdk.hookspecs import hookimpl

_COLUMNS = tuple(attribute.name for attribute in fields(Call))


class CallRecorder:
    """An observer that writes every call to `path`; not durable, for nothing depends on it."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = off")
        self._database.execute(f"create table if not exists call (number integer primary key, {', '.join(_COLUMNS)})")

    @hookimpl
    def call_finished(self, call: Call) -> None:
        """Keep one call."""
        marks = ", ".join("?" for _ in _COLUMNS)
        with self._lock:
            self._database.execute(f"insert into call ({', '.join(_COLUMNS)}) values ({marks})", astuple(call))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()


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
