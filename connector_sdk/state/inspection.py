"""Check that everything in the state folder is a file or folder of ours, before any of it is opened or removed.

A project from another author can bring a state folder with links to files of this user. Writing a lock would empty such
a file, and deleting old files would delete the user's own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from attrs import frozen

from connector_sdk.contract.errors import RunStopped
from connector_sdk.files.private import FILE_MODE, FOLDER_MODE, SPILL, close_to_others

FOLDERS = ("plans", "snapshots", "schemas", "ledgers", "calls", "locks")
"""The folders in a state folder."""

DATABASE = "state.db"

_NESTED = frozenset({"plans", "snapshots"})
"""The folders with one level of folders in them, which hold the files."""

_KINDS = {
    stat.S_IFLNK: "a link", stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


@frozen
class _Intruder:
    """An entry of the wrong kind for its place, and the command that repairs it."""

    what: str
    place: str
    hint: str

    def __str__(self) -> str:
        return f"{self.what} in the place of {self.place}"


def require_own(folder: Path) -> None:
    """Raise `RunStopped` if an entry of a state folder is not a plain file or folder in its place, and name all such.

    A file with a second name elsewhere (a hard link) is refused, too: writing to it would change the other file.
    Our files lose their permissions for other users. Other files beside ours are left alone, unless they are links.
    """
    found = list(_intruders(folder, ()))
    if found:
        what, hint = " and ".join(map(str, found)), "; ".join(each.hint for each in found)
        raise RunStopped(f"the state folder {folder} has {what}", hint=hint)


def _intruders(folder: Path, above: tuple[str, ...]) -> Iterator[_Intruder]:
    for entry in sorted(os.listdir(folder)):
        path, parts = folder / entry, (*above, entry)
        try:
            details = path.lstat()
        except FileNotFoundError:  # another run has removed it meanwhile
            continue
        expected = _find_expected_kind(parts)
        intruder = _find_fault(path, details, expected, "/".join(parts))
        if intruder is not None:
            yield intruder
        elif expected is not None:
            yield from _close(path, parts, expected)


def _close(path: Path, parts: tuple[str, ...], kind: int) -> Iterator[_Intruder]:
    """Remove the permissions of other users from an entry of ours, and yield what is wrong inside of a folder."""
    try:
        close_to_others(path, FOLDER_MODE if kind == stat.S_IFDIR else FILE_MODE)
        if kind == stat.S_IFDIR:
            yield from _intruders(path, parts)
    except FileNotFoundError:  # another run has removed it meanwhile
        return


def _find_expected_kind(parts: tuple[str, ...]) -> int | None:
    """Return which kind of file belongs in a place, as in `stat.S_IFMT`; None if the entry is not ours."""
    name, depth = parts[-1], len(parts)
    if depth == 1:
        if name in FOLDERS:
            return stat.S_IFDIR
        return stat.S_IFREG if name.startswith(DATABASE) else None
    is_folder = parts[0] in _NESTED if depth == 2 else (depth, name) == (3, SPILL)
    return stat.S_IFDIR if is_folder else stat.S_IFREG


def _find_fault(path: Path, details: os.stat_result, expected: int | None, place: str) -> _Intruder | None:
    kind = stat.S_IFMT(details.st_mode)
    if kind == stat.S_IFLNK or (expected is not None and kind != expected):
        remove = "rm -r" if kind == stat.S_IFDIR else "rm"
        return _Intruder(_KINDS.get(kind, "something else"), place, f"{remove} {quote(str(path))}")
    if kind == stat.S_IFREG and expected is not None and details.st_nlink > 1:
        own, copy = quote(str(path)), quote(f"{path}.copy")
        return _Intruder("a file with a second name elsewhere", place, f"cp -p {own} {copy} && mv {copy} {own}")
    return None
