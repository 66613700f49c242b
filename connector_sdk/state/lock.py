"""The lock of a sync, which lets one run work at a time. The system releases it when the process ends or is killed.

A run holds two locks on one file. `flock` keeps other runs out. An open file description lock (`F_OFD_SETLK`) shows
that the file is in use. Other processes query it with `F_OFD_GETLK`, which takes no lock, so a query never keeps a run
from starting. Both locks end when the file is closed, at the latest when the process ends.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from connector_sdk.contract.errors import ExitCode, RunStopped
from connector_sdk.files.private import open_file
from connector_sdk.state.shared import Shared

_FLOCK = "@hhqqi4x"
"""`struct flock` with offsets of 64 bits: type, whence, start, length, process."""

_LOCKS = "locks"


class Lock(Shared):
    """The lock of a sync, which several threads share. `session` is unique to this holder."""

    def __init__(self, file: TextIO, session: str) -> None:
        super().__init__("the lock", file.close)
        self.session = session


@contextmanager
def hold_lock(path: Path, sync: str) -> Iterator[Lock]:
    """Hold the lock of a sync. Raises `RunStopped` (exit 5) at once if another run holds it."""
    session = secrets.token_hex(8)
    lock = Lock(_take(path, sync, session), session)
    with lock.share():
        yield lock


def session_of_holder(path: Path) -> str | None:
    """Return the session that holds a lock at this moment, or None. The query takes no lock.

    If the holder could not take an open file description lock, the process that the file names must be alive.
    """
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), encoding="utf-8", errors="replace") as file:
            seen = _is_locked(file)
            told = dict(line.split(" ", 1) for line in file.read().splitlines() if " " in line)
    except OSError:
        return None
    is_held = _is_alive(told.get("process", "")) if told.get("without") == _LOCKS else seen
    return told.get("session") if is_held else None


def _take(path: Path, sync: str, session: str) -> TextIO:
    try:
        descriptor = open_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    except OSError as error:
        hint = "see what is there, and who may write to it"
        raise RunStopped(f"the lock {path} cannot be opened: {error.strerror}", hint=hint) from None
    file = os.fdopen(descriptor, "a+", encoding="utf-8", errors="replace")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.readline().strip() or "just started"
        file.close()
        raise RunStopped(
            f"another run of {sync} is in progress ({holder})",
            hint="wait until it ends, or stop that process",
            exit_code=ExitCode.LOCKED,
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}\nsession {session}\n")
    file.flush()
    if not _show(file):
        file.write(f"without {_LOCKS}\n")
        file.flush()
    return file


def _show(file: TextIO) -> bool:
    """Take the lock that other processes can query, and return whether that worked.

    Call it after the file names its holder.
    """
    command = getattr(fcntl, "F_OFD_SETLK", None)
    if command is None:
        return False
    with suppress(OSError):
        fcntl.fcntl(file, command, struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        return True
    return False


def _is_locked(file: TextIO) -> bool:
    """Return whether another open file holds the lock that `_show` takes."""
    command = getattr(fcntl, "F_OFD_GETLK", None)
    if command is None:
        return False
    with suppress(OSError):
        answer = fcntl.fcntl(file, command, struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
        return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)
    return False


def _is_alive(process: str) -> bool:
    if not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
