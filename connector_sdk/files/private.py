"""Make files and folders for this user alone: with modes 0600 and 0700 whatever the umask, and never through a link."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

FILE_MODE = 0o600
FOLDER_MODE = 0o700

SPILL = "spill"
"""The folder to which a computation writes data that do not fit into memory. It remains after a kill."""


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents. A folder that exists is left as it is.

    Raises `OSError` if something else is in its place, such as a link to a folder.
    """
    try:
        path.mkdir(FOLDER_MODE)
    except FileNotFoundError:
        make_folder(path.parent)
        make_folder(path)
    except FileExistsError:
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
    else:
        close_to_others(path, FOLDER_MODE)


def make_file(path: Path) -> None:
    """Make an empty file, for a library to write to. Replace a file or a link in its place."""
    os.close(_create(path))


def write_file(path: Path, text: str) -> None:
    """Write text to a new file. Replace a file or a link in its place."""
    with open(_create(path), "w", encoding="utf-8") as file:
        file.write(text)


def replace_file(path: Path, text: str) -> None:
    """Replace the text of a file. If the process is killed at any time, the file has the former text or this one."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        write_file(fresh, text)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def open_file(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open a file that may exist already, and return its descriptor.

    Raises `OSError` for a link, for a file that has a second name (a hard link), and for anything but a file.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, FILE_MODE)
    try:
        _require_plain(os.fstat(descriptor), path)
        close_to_others(descriptor, FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_if_missing(path: Path) -> None:
    """Make an empty file for SQLite if there is none. Raises `OSError` as `open_file` does.

    A file that exists is not opened: closing it would free the locks that SQLite holds on it in this process.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        _require_plain(path.lstat(), path)
        return
    close_to_others(descriptor, FILE_MODE)
    os.close(descriptor)


@contextmanager
def temporary_file(folder: Path, suffix: str) -> Iterator[IO[bytes]]:
    """Write to a new file with a unique name in `folder`. The file is kept."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
        close_to_others(file.fileno(), FILE_MODE)
        yield file


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Use a folder outside of the state folder, and delete it at the end."""
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        close_to_others(Path(name), FOLDER_MODE)
        yield Path(name)


def close_to_others(place: Path | int, mode: int) -> None:
    """Give a file or folder exactly this mode. If the file system has no modes, do nothing."""
    if stat.S_IMODE(os.stat(place).st_mode) != mode:
        with suppress(PermissionError):
            os.chmod(place, mode)


def remove(path: Path) -> None:
    """Delete a file or a folder if it exists. Of a link, delete only the link."""
    try:
        details = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(details.st_mode):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def on_disk(*paths: Path) -> None:
    """Wait until the content of files, or the list of entries of folders, survives a loss of power.

    A new file survives only if its folder does, and a new folder only if its parent does.
    """
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _require_plain(details: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(details.st_mode) or details.st_nlink > 1:
        raise OSError(errno.ELOOP, "it is not a plain file with one name", str(path))


def _create(path: Path) -> int:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    close_to_others(descriptor, FILE_MODE)
    return descriptor
