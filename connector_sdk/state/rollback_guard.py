"""The rollback guard, which notices a state folder that was restored from a backup, copied or lost.

It keeps its notes outside of state folders, in this user's own state directory:

- `folders/ID/place`: the path of the state folder with this id when it was last seen;
- `folders/ID/SYNC`: how far a sync of this folder had come;
- `places/PLACE-AND-SYNC`: the state folder with which a sync last wrote to each target, by the path of the state folder
  and by that of the project;
- `witness/PLACE-AND-SYNC`: how far a sync had come in a state folder at this path, as earlier versions note it.

A note that cannot be read counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from attrs import asdict, field, frozen
from attrs.converters import optional
from platformdirs import user_state_path

from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.files.private import make_folder, replace_file
from connector_sdk.state.database import read_folder_id
from connector_sdk.state.home import find_own_folder
from connector_sdk.state.inspection import DATABASE

_PLACE = "place"
T = TypeVar("T")


@frozen
class SeenSync:
    """How far a sync was when the guard last saw it.

    `generation` counts the runs that changed its state. `run` is the unfinished run, if any.
    """

    generation: int = field(default=0, converter=int)
    run: str | None = field(default=None, converter=optional(str))


def _copy_targets(targets: Mapping[str, str]) -> Mapping[str, str]:
    return dict(targets)


@frozen
class _SeenPlace:
    """The targets that a sync wrote to from a place, each with the id of the state folder of the last such run."""

    targets: Mapping[str, str] = field(factory=dict, converter=_copy_targets)


class RollbackGuard:
    """The notes about one state folder, by its id. If they cannot be stored, the guard notices nothing."""

    def __init__(self, folder_id: str, folder: Path, project: str) -> None:
        self._root = find_own_folder(user_state_path)
        self._id = folder_id
        self._folder = folder.resolve()
        self._places = (self._folder, Path(project).resolve())

    # -- reading notes

    def find_former_place(self) -> Path | None:
        """Return the path where the folder was last seen; None if it is still there, or was never seen."""
        try:
            place = Path((self._of_folder / _PLACE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not place.is_absolute():
            return None
        with suppress(OSError):
            if place.samefile(self._folder):
                return None
        return place

    def is_also_in(self, place: Path) -> bool:
        """Return whether a folder with this id is at another path, too; true if that path cannot be read."""
        try:
            database = (place / DATABASE).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        try:
            return stat.S_ISREG(database.st_mode) and read_folder_id(place / DATABASE) == self._id
        except sqlite3.Error:
            return True

    def find_sync(self, sync: str) -> SeenSync | None:
        """Return how far a sync of the folder had come; None if it was never seen."""
        return _read(self._of_folder / _name(sync), SeenSync)

    def find_generation_here(self, sync: str) -> int:
        """Return the last generation of a sync in a folder at this path, whatever the folder's id; 0 if never seen.

        State folders of earlier versions, and backups of them, have no id.
        """
        try:
            return int(self._generation_file(sync).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def has_another_writer(self, sync: str, target: str) -> bool:
        """Return whether another folder was at this path when the sync last wrote to a target."""
        return self._writer(self._folder, sync, target) not in (None, self._id)

    def has_other_state(self, sync: str, target: str) -> bool:
        """Return whether a sync wrote to a target from this path, or by this project, with another state folder."""
        return any(self._writer(place, sync, target) not in (None, self._id) for place in self._places)

    def has_run_in_earlier_versions(self, sync: str) -> bool:
        """Return whether only earlier versions, which noted no targets, ran a sync at this path."""
        return _read(self._of_place(self._folder, sync), _SeenPlace) is None and self.find_generation_here(sync) > 0

    # -- writing notes

    def note_place(self) -> str:
        """Note the path of the folder. Return why that failed; empty if it worked."""
        try:
            self._write(self._of_folder / _PLACE, str(self._folder))
        except OSError as error:
            return f"{self._root}: {error.strerror or error}"
        return ""

    def note_begun(self, sync: str, target: str, generation: int, run: str) -> None:
        """Note that a run of a sync is about to write to a target."""
        with suppress(OSError):
            self._write(self._of_folder / _name(sync), _text(SeenSync(generation, run)))
            for place in self._places:
                path = self._of_place(place, sync)
                known = _read(path, _SeenPlace) or _SeenPlace()
                self._write(path, _text(_SeenPlace({**known.targets, target: self._id})))

    def note_ended(self, sync: str, generation: int) -> None:
        """Note the generation of a sync after a run has ended."""
        with suppress(OSError):
            self._write(self._of_folder / _name(sync), _text(SeenSync(generation)))
            self._write(self._generation_file(sync), str(generation))

    def take_over(self, replace_id: Callable[[str, str], str]) -> None:
        """Accept a copied folder as a folder of its own: give it a new id, and copy the notes of the former id to it.

        `replace_id` takes the former and the new id, and returns the id that the folder has afterwards.
        """
        fresh = secrets.token_hex(16)
        copied = self._of_folder.with_name(_name(fresh))
        with suppress(OSError):
            shutil.copytree(self._of_folder, copied)
            self._write(copied / _PLACE, str(self._folder))
        self._id = replace_id(self._id, fresh)

    def _write(self, path: Path, text: str) -> None:
        """Write a text, unless the file has this text already."""
        with suppress(OSError, ValueError):
            if path.read_text(encoding="utf-8") == text:
                return
        make_folder(path.parent)
        replace_file(path, text)
        crashpoint("after the rollback guard is written")

    @property
    def _of_folder(self) -> Path:
        return self._root / "folders" / _name(self._id)

    def _of_place(self, place: Path, sync: str) -> Path:
        return self._root / "places" / _name(str(place), sync)

    def _generation_file(self, sync: str) -> Path:
        return self._root / "witness" / _name(str(self._folder), sync)

    def _writer(self, place: Path, sync: str, target: str) -> str | None:
        known = _read(self._of_place(place, sync), _SeenPlace)
        return known.targets.get(target) if known else None


def _name(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def _text(seen: SeenSync | _SeenPlace) -> str:
    return json.dumps(asdict(seen))


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
