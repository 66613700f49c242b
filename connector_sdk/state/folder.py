"""The state folder: where it is, which files it has, and whether a run may trust it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from shlex import quote

from attrs import frozen

from connector_sdk.contract.errors import ConfigError, RunStopped
from connector_sdk.contract.project import Outline, Project
from connector_sdk.files.private import FOLDER_MODE, close_to_others, make_folder
from connector_sdk.state.inspection import DATABASE, FOLDERS, require_own

VARIABLE = "CONNECTOR_STATE"
_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)


@frozen
class StateFolder:
    """The paths of a project's state.

    Methods raise `ConfigError` for a name of a sync or run that would lead out of the folder.
    """

    path: Path

    @property
    def database(self) -> Path:
        """The journal of all runs."""
        return self.path / DATABASE

    def plan(self, run: str) -> Path:
        """Return the folder with the frozen plan of a run."""
        return self.path / "plans" / one_part(run)

    def snapshot(self, sync: str, run: str) -> Path:
        """Return the file of the snapshot that a run writes when it ends."""
        return self.path / "snapshots" / one_part(sync) / f"{one_part(run)}.parquet"

    def schema(self, sync: str) -> Path:
        """Return the file with the schemas that the last run of a sync was planned with."""
        return self.path / "schemas" / f"{one_part(sync)}.json"

    def ledger(self, run: str) -> Path:
        """Return the ledger file of a run."""
        return self.path / "ledgers" / f"{one_part(run)}.parquet"

    def calls(self, run: str) -> Path:
        """Return the file with the recorded API calls of a run."""
        return self.path / "calls" / f"{one_part(run)}.db"

    def lock(self, sync: str) -> Path:
        """Return the lock file of a sync. One run at a time locks it."""
        return self.path / "locks" / f"{one_part(sync)}.lock"


def one_part(name: str) -> str:
    """Return a name that is safe as one part of a path.

    Raises `ConfigError` if the name is empty, hidden or a path itself. Names in a project file never are.
    """
    if not name or name.startswith(".") or set(name) & set("/\\\0"):
        raise ConfigError(f"{name!r} cannot be a name", hint="take letters, digits, _ and -")
    return name


def state_path(project: Project | Outline, override: Path | None = None) -> Path:
    """Return the path of a project's state, existing or not: `override`, $CONNECTOR_STATE, or `.connector/`.

    A path that the user names may be a link. It is resolved here, and no later code follows links.
    """
    named = _read_override(override)
    return named.resolve() if named else _default(project)


def state_folder(project: Project | Outline, override: Path | None = None) -> StateFolder:
    """Return the state folder of a project (see `state_path`) after creating and checking it.

    Raises `RunStopped` if it cannot be used: it belongs to another user, others can write to it, it is read-only, it is
    on a network file system, or a link inside it leads elsewhere.
    """
    named, path = _read_override(override), state_path(project, override)
    try:
        _check_link(named or path, is_allowed=named is not None)
        make_folder(path)
        _check(path)
        if named is None:
            close_to_others(path, FOLDER_MODE)
        require_own(path)
        for name in FOLDERS:
            make_folder(path / name)
    except OSError as error:
        raise RunStopped(
            f"the state folder {path} cannot be used: {error.strerror or error}",
            hint="make it writable for this user, or choose another one with --state",
        ) from None
    return StateFolder(path)


def _read_override(override: Path | None) -> Path | None:
    chosen = override or os.environ.get(VARIABLE)
    try:
        return Path(chosen).expanduser().absolute() if chosen else None
    except RuntimeError:
        raise ConfigError(
            f"the home in {chosen} is not known", hint="give the whole path of the state folder"
        ) from None


def _default(project: Project | Outline) -> Path:
    return (Path(project.folder) / ".connector").absolute()


def _check_link(path: Path, *, is_allowed: bool) -> None:
    """Refuse a link in place of the folder if another user made it, or if the user did not name it (`is_allowed`)."""
    if not path.is_symlink():
        return
    if path.lstat().st_uid != os.geteuid():
        raise _make_error(path, "belongs to another user", f"remove the link: rm {quote(str(path))}")
    if not is_allowed:
        hint = f"name the folder with --state or {VARIABLE}, or remove the link: rm {quote(str(path))}"
        raise _make_error(path, "is a link", hint)


def _check(path: Path) -> None:
    details = path.stat()
    if details.st_uid != os.geteuid():
        raise _make_error(path, "belongs to another user", f"run as its owner, or: chown -R $(id -u) {path}")
    if details.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _make_error(path, "can be written by others", f"chmod 700 {path}")
    if not os.access(path, os.W_OK | os.X_OK):
        raise _make_error(path, "is read-only", "make it writable, or choose another one with --state")
    if (kind := _file_system(path.resolve())) in _NETWORK_FILE_SYSTEMS:
        raise _make_error(
            path,
            f"is on a network file system ({kind}), where locks cannot be relied on",
            "name a folder on a local disk with --state",
        )


def _make_error(path: Path, reason: str, hint: str) -> RunStopped:
    return RunStopped(f"the state folder {path} {reason}", hint=hint)


def _file_system(path: Path) -> str:
    """Return the type of the file system that holds `path`, as Linux reports it; empty on other systems.

    If several are mounted at one point, as automounters do, the last one counts.
    """
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    found = [line.split()[1:3] for line in mounts]
    holders = [(point, kind) for point, kind in found if path.is_relative_to(point.replace("\\040", " "))]
    return max(reversed(holders), key=lambda holder: len(holder[0]), default=("", ""))[1]
