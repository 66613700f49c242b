"""Store the tokens of a connection beyond the end of the process: in a file of this user, or in the keyring."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from connector_sdk.contract.connection import TokenStore
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConfigError
from connector_sdk.files.private import make_folder, on_disk, open_file, write_file
from connector_sdk.state.folder import one_part
from connector_sdk.state.home import APPLICATION, find_own_folder

VARIABLE = "CONNECTOR_TOKENS"


class FileTokenStore:
    """A `TokenStore` in one file with mode 0600, in a folder with mode 0700. Each save replaces the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """Return the last saved text, or None. Raises `ConfigError` if other users could have read or written it."""
        try:
            file = os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            hint = f"check the file, or remove it and log in again: rm {self._path}"
            raise ConfigError(f"the token file {self._path} cannot be read: {error.strerror}", hint=hint) from None
        with file:
            details = os.fstat(file.fileno())
            if not stat.S_ISREG(details.st_mode):
                raise ConfigError(f"the token file {self._path} is not a file", hint=f"remove it: rm {self._path}")
            if details.st_uid != os.geteuid():
                hint = f"remove it and log in again: rm {self._path}"
                raise ConfigError(f"the token file {self._path} belongs to another user", hint=hint)
            if details.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                hint = f"chmod 600 {self._path}"
                raise ConfigError(f"the token file {self._path} can be opened by other users", hint=hint)
            return file.read()

    def save(self, text: str) -> None:
        """Store `text` durably. The old text stays until the new one is on disk."""
        _make_own_folder(self._path)
        fresh = self._path.with_suffix(".new")
        write_file(fresh, text)
        on_disk(fresh)
        fresh.replace(self._path)
        on_disk(self._path.parent)
        crashpoint("after a token is stored")

    def forget(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of this file."""
        with _hold_lock(self._path.with_suffix(".lock")):
            yield


class KeyringTokenStore:
    """A `TokenStore` in this user's keyring, under the name of `path`. Its lock is a file nevertheless."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """Return the last saved text, or None. Raises `ConfigError` if the keyring cannot be read."""
        with _keyring() as keyring:
            text: str | None = keyring.get_password(APPLICATION, self._path.stem)
        return text

    def save(self, text: str) -> None:
        """Store `text` in the keyring."""
        with _keyring() as keyring:
            keyring.set_password(APPLICATION, self._path.stem, text)
        crashpoint("after a token is stored")

    def forget(self) -> None:
        """Delete the entry."""
        if self.load() is not None:
            with _keyring() as keyring:
                keyring.delete_password(APPLICATION, self._path.stem)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of this entry."""
        with _hold_lock(self._path.with_suffix(".lock")):
            yield


def token_store(project_folder: str, connection: str) -> TokenStore:
    """Return the token store of a connection of the project in `project_folder`.

    It is a file, unless $CONNECTOR_TOKENS is `keyring`. Raises `ConfigError` for any other value than these two.
    """
    folder = str(Path(project_folder).resolve())
    project = hashlib.sha256(folder.encode()).hexdigest()[:16]
    path = find_own_folder(user_data_path) / "tokens" / f"{project}-{one_part(connection)}.token"
    chosen = os.environ.get(VARIABLE) or "file"
    if chosen not in ("file", "keyring"):
        raise ConfigError(f"{VARIABLE} is {chosen!r}", hint=f"set {VARIABLE} to file or keyring, or unset it")
    return KeyringTokenStore(path) if chosen == "keyring" else FileTokenStore(path)


def _make_own_folder(path: Path) -> None:
    """Make the folder of a file. Raises `ConfigError` if other users could read it or write to it."""
    folder = path.parent
    try:
        make_folder(folder)
    except OSError as error:
        hint = "make it writable for this user, or set XDG_DATA_HOME to a folder that is"
        raise ConfigError(f"the token folder {folder} cannot be made: {error.strerror}", hint=hint) from None
    details = folder.stat()
    if details.st_uid != os.geteuid():
        hint = "set XDG_DATA_HOME to a folder of this user"
        raise ConfigError(f"the token folder {folder} belongs to another user", hint=hint)
    if details.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"the token folder {folder} can be opened by other users", hint=f"chmod 700 {folder}")


@contextmanager
def _hold_lock(path: Path) -> Iterator[None]:
    """Wait for a file lock, and hold it. The system releases it if the process is killed."""
    _make_own_folder(path)
    try:
        file = os.fdopen(open_file(path), "r+", encoding="utf-8")
    except OSError as error:
        hint = f"remove it: rm {path}"
        raise ConfigError(f"the token lock {path} cannot be opened: {error.strerror}", hint=hint) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _keyring() -> Iterator[Any]:
    """Import the package keyring, and turn its errors into `ConfigError`."""
    try:
        import keyring  # an optional extra
    except ImportError:
        hint = "install it: pip install 'connector-sdk[keyring]'"
        raise ConfigError("keeping tokens in the keyring needs the package keyring", hint=hint) from None
    try:
        yield keyring
    except keyring.errors.KeyringError as error:
        hint = f"unlock it, or unset {VARIABLE}"
        raise ConfigError(f"the keyring cannot be used: {type(error).__name__}", hint=hint) from None
