"""A witness outside of the state folder: it knows how far a sync has come, and so notices a folder from a backup."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from platformdirs import user_state_path

from connector_sdk.state.tokens import APPLICATION


class Witness:
    """Remembers the generation of a sync's state in this user's own state directory.

    Where that directory does not outlive the process (a throw-away container), nothing is witnessed.
    """

    def __init__(self, state: Path, sync: str) -> None:
        name = hashlib.sha256(f"{state.resolve()}\0{sync}".encode()).hexdigest()[:32]
        self._path = user_state_path(APPLICATION) / "witness" / name

    def generation(self) -> int:
        """The latest generation seen, 0 when none was."""
        try:
            return int(self._path.read_text())
        except (OSError, ValueError):
            return 0

    def saw(self, generation: int) -> None:
        """Remember a generation; a directory that cannot be written to is no reason to stop."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.write_text(str(generation))
            fresh.replace(self._path)
        except OSError:
            return
