"""Where a connection keeps tokens that must survive the process: a file of this user's, outside of the project."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from platformdirs import user_data_path

from connector_sdk.errors import ConfigError

APPLICATION = "connector-sdk"


class FileTokenStore:
    """A `TokenStore` in one file, 0600 in a folder 0700, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """The text stored last; raises `ConfigError` when others could have read it."""
        try:
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            return None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"the token file {self._path} is open to others", hint=f"chmod 600 {self._path}")
        return self._path.read_text()

    def save(self, text: str) -> None:
        """Store `text` durably: the old text stays until the new one is on disk."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def token_store(project_folder: str, connection: str) -> FileTokenStore:
    """The token file of a connection of the project in `project_folder`."""
    folder = str(Path(project_folder).resolve())
    project = hashlib.sha256(folder.encode()).hexdigest()[:16]
    return FileTokenStore(user_data_path(APPLICATION) / "tokens" / f"{project}-{connection}.token")
