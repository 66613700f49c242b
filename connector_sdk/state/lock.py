"""One run of a sync at a time: a file lock that a kill releases."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector_sdk.errors import ExitCode, RunStopped


@contextmanager
def locked(path: Path, sync: str) -> Iterator[None]:
    """Hold the lock of a sync; raises `RunStopped` (exit 5) at once when another process holds it."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RunStopped(
                f"another run of {sync} is in progress ({file.read().strip() or 'just started'})",
                hint="wait until it ends, or stop that process",
                exit_code=ExitCode.LOCKED,
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
