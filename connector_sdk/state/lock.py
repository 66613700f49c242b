"""One run of a sync at a time: a file lock that a kill releases."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from connector_sdk.errors import ExitCode, RunStopped


class Lock:
    """A lock of which several threads hold shares; it is released with the last of them.

    A thread that is stuck in a call outlives the run that was interrupted. Until it ends, nobody else may write.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._shares = 0
        self._changing = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[None]:
        """Hold a share."""
        with self._changing:
            self._shares += 1
        try:
            yield
        finally:
            with self._changing:
                self._shares -= 1
                if not self._shares:
                    self._file.close()


@contextmanager
def locked(path: Path, sync: str) -> Iterator[Lock]:
    """Hold the lock of a sync; raises `RunStopped` (exit 5) at once when another run holds it."""
    lock = Lock(_taken(path, sync))
    with lock.share():
        yield lock


def _taken(path: Path, sync: str) -> TextIO:
    file = path.open("a+", encoding="utf-8", errors="replace")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "just started"
        file.close()
        raise RunStopped(
            f"another run of {sync} is in progress ({holder})",
            hint="wait until it ends, or stop that process",
            exit_code=ExitCode.LOCKED,
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file
