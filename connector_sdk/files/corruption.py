"""Files that cannot be read any more: recognised by what reading them raises, and told with a way out."""

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
"""What DuckDB wraps in JSON when a thread of its own met it."""

_NO_MEMORY = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


def unreadable() -> tuple[type[Exception], ...]:
    """What reading a damaged file raises. Asked when something was raised, so that a list of runs needs no DuckDB."""
    import duckdb

    return duckdb.Error, pa.ArrowException, sqlite3.DatabaseError, OSError, UnicodeDecodeError


def _damage_errors() -> tuple[type[Exception], ...]:
    """What is raised by reading a damaged file, or by making words of what it says."""
    return *unreadable(), LookupError, TypeError, ValueError


def no_room() -> tuple[type[Exception], ...]:
    """What is raised where the machine is in the way: no room on the disk, no memory, no permission."""
    import duckdb

    return OSError, duckdb.IOException, duckdb.OutOfMemoryException


@frozen
class Kept:
    """A kind of file in the state folder: what it is called, and what to do when one cannot be read."""

    what: str
    hint: str
    exit_code: ExitCode = ExitCode.STOPPED

    def unreadable(self, path: Path, why: str) -> RunStopped:
        """The error that says so of a file."""
        return RunStopped(f"{self.what} {path} cannot be read: {why}", hint=self.hint, exit_code=self.exit_code)

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Read a file of this kind; raises `RunStopped` when it is damaged."""
        try:
            yield
        except _damage_errors() as error:
            raise self.unreadable(path, first_line(error)) from error


JOURNAL = Kept(
    "the journal",
    "restore state.db together with its -wal and -shm files from the same backup; nothing is sent until you do",
)
SNAPSHOT = Kept("the snapshot", "restore it from a backup, or forget what was sent with --start-over", ExitCode.GUARD)
PLAN = Kept("the frozen plan", "restore it from a backup; a run can be ended without it by --abandon")
LEDGER = Kept("the ledger", "restore it from a backup; no sync needs it, but what that run did is lost")
CALLS = Kept("the record of API calls", "restore it from a backup; nothing depends on it")


def damage(path: Path) -> str:
    """Why a Parquet file cannot be read; both of its readers are asked.

    Empty when all of it can be read, and when there is not enough memory to tell.
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
    except unreadable() as error:
        return "" if _lacks_memory(error) else first_line(error)
    return ""


def _lacks_memory(error: Exception) -> bool:
    """Whether an error tells of the machine and not of a file; for a thread that found no room Arrow has no class."""
    import duckdb

    if isinstance(error, OSError):
        return error.errno in _NO_MEMORY
    return isinstance(error, duckdb.OutOfMemoryException) or type(error) is pa.ArrowException


def checksum(path: Path) -> int:
    """A number that changes with the content of a file."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found = zlib.crc32(block, found)
    return found


def first_line(error: BaseException) -> str:
    """What an error says, on one line."""
    lines = (line.strip() for line in str(error).splitlines())
    line = next((line for line in lines if line), type(error).__name__)
    wrapped = _WRAPPED.search(line)
    return str(json.loads(wrapped[1])) if wrapped else line
