"""Recognize files that can no longer be read by the errors of their readers, and report them with a way out."""

from __future__ import annotations

import errno
import glob
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from attrs import frozen

from connector_sdk.contract.errors import ExitCode, RunStopped

_WRAPPED = re.compile(r'"exception_message":("(?:[^"\\]|\\.)*")')
"""The message of an error that a thread of DuckDB raised, as DuckDB wraps it in JSON."""

_SHORTAGES = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


def unreadable_errors() -> tuple[type[Exception], ...]:
    """Return the types of the errors that reading a damaged file raises.

    It is no constant, because only an error needs it: commands that list runs do not import DuckDB.
    """
    import duckdb

    return duckdb.Error, pa.ArrowException, sqlite3.DatabaseError, OSError, UnicodeDecodeError


def _damage_errors() -> tuple[type[Exception], ...]:
    """Return the types of the errors that reading a damaged file, or interpreting its content, raises."""
    return *unreadable_errors(), LookupError, TypeError, ValueError


def no_room() -> tuple[type[Exception], ...]:
    """Return the types of the errors that the machine causes: no room on the disk, no memory, no permission."""
    import duckdb

    return OSError, duckdb.IOException, duckdb.OutOfMemoryException


@frozen
class StateFile:
    """A kind of file in the state folder: its name in messages, and what to do if such a file cannot be read."""

    what: str
    hint: str
    exit_code: ExitCode = ExitCode.STOPPED

    def make_error(self, path: Path, why: str) -> RunStopped:
        """Return the error for a file of this kind that cannot be read."""
        return RunStopped(f"{self.what} {path} cannot be read: {why}", hint=self.hint, exit_code=self.exit_code)

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Read a file of this kind. Raises `RunStopped` if it is damaged."""
        try:
            yield
        except _damage_errors() as error:
            raise self.make_error(path, first_line(error)) from error


JOURNAL = StateFile(
    "the journal",
    "restore state.db together with its -wal and -shm files from the same backup; nothing is sent until you do",
)
SNAPSHOT = StateFile(
    "the snapshot", "restore it from a backup, or pass --start-over to forget what was sent", ExitCode.GUARD
)
PLAN = StateFile("the frozen plan", "restore it from a backup, or end the run without it: --abandon")
LEDGER = StateFile("the ledger", "restore it from a backup; no sync needs it, but what that run did is lost")
CALLS = StateFile("the record of API calls", "restore it from a backup; nothing depends on it")


def damage(path: Path) -> str:
    """Return why a Parquet file cannot be read by Arrow or by DuckDB.

    Return "" if all of it can be read, or if there is not enough memory, or too few file handles, to find out.
    """
    import duckdb
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(path).iter_batches():
            batch.validate(full=True)
        with duckdb.connect() as connection:
            read = "select max(hash(columns(*))) from read_parquet(?, hive_partitioning = false)"
            connection.execute(read, [glob.escape(str(path))]).fetchall()
    except MemoryError:
        return ""
    except unreadable_errors() as error:
        return "" if _is_resource_shortage(error) else first_line(error)
    return ""


def _is_resource_shortage(error: Exception) -> bool:
    """Return whether an error means that memory or file handles ran out, and not that a file is damaged.

    Arrow raises a plain `ArrowException` if memory is too short to start a thread.
    """
    import duckdb

    if isinstance(error, OSError):
        return error.errno in _SHORTAGES
    return isinstance(error, duckdb.OutOfMemoryException) or type(error) is pa.ArrowException


def checksum(path: Path) -> int:
    """Return a number that changes with the content of a file."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found = zlib.crc32(block, found)
    return found


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the message inside it if DuckDB wrapped it in JSON."""
    lines = (line.strip() for line in str(error).splitlines())
    line = next((line for line in lines if line), type(error).__name__)
    wrapped = _WRAPPED.search(line)
    return str(json.loads(wrapped[1])) if wrapped else line
