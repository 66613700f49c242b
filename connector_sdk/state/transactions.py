"""Read and change the journal's database: one thread at a time, every change durable, damage reported as such."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import Cancelled
from connector_sdk.files.corruption import JOURNAL
from connector_sdk.state.database import not_usable

T = TypeVar("T")


class Transactions:
    """Transactions on one open database. Safe to use from any thread.

    Every method raises `RunStopped` if the database is damaged or cannot be written to, and `Cancelled` after `close`.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database: sqlite3.Connection | None = database
        self._path = Path(database.execute("pragma database_list").fetchone()[2])
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database, and refuse further use."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    @contextmanager
    def as_of_now(self) -> Iterator[None]:
        """Read everything as of this moment, whatever other processes write meanwhile. Use it in one thread only."""
        with self._use_database() as database:
            database.execute("begin")
        try:
            yield
        finally:
            with self._use_database() as database:
                database.execute("commit")

    @contextmanager
    def _transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        with self._use_database() as database:
            try:
                database.execute("begin immediate")
                yield database
                crashpoint(f"before {name} is committed")
                database.execute("commit")
            except BaseException:
                with suppress(sqlite3.DatabaseError):
                    database.execute("rollback")
                raise
        crashpoint(f"after {name} is committed")

    def _read(self, statement: str, values: Sequence[object], made: Callable[[tuple[Any, ...]], T]) -> tuple[T, ...]:
        """Return the rows of a query, each converted by `made`."""
        with self._use_database() as database:
            rows = database.execute(statement, tuple(values)).fetchall()
        with JOURNAL.reading(self._path):
            return tuple(made(row) for row in rows)

    @contextmanager
    def _use_database(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._database is None:
                raise Cancelled
            try:
                yield self._database
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                raise not_usable(self._path, error) from error
