"""The rollback guard: it lies outside of state folders, and so notices one that went back, was copied, or is lost.

It keeps, in this user's own state directory:

- `folders/ID/place`, where the state folder with this id lay when it was seen last;
- `folders/ID/SYNC`, how far a sync of it had come;
- `places/PLACE-AND-SYNC`, with which state folder a sync was run to a target, from a place or by a project in a place;
- `witness/PLACE-AND-SYNC`, how far a sync had come in a place, as earlier versions note it.

Whatever cannot be read there counts as never seen.
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
    """How far a sync had come: how many runs had changed its state, and the run that was last begun and not ended."""

    generation: int = field(default=0, converter=int)
    run: str | None = field(default=None, converter=optional(str))


def _copy_targets(targets: Mapping[str, str]) -> Mapping[str, str]:
    return dict(targets)


@frozen
class _SeenPlace:
    """The targets that a sync was run to from a place, each with the id of the state folder that it had then."""

    targets: Mapping[str, str] = field(factory=dict, converter=_copy_targets)


class RollbackGuard:
    """What is remembered of one state folder, by its id. Where nothing can be kept, nothing is noticed."""

    def __init__(self, folder_id: str, folder: Path, project: str) -> None:
        self._root = find_own_folder(user_state_path)
        self._id = folder_id
        self._folder = folder.resolve()
        self._places = (self._folder, Path(project).resolve())

    # -- asking

    def find_former_place(self) -> Path | None:
        """Return where the folder lay when it was seen last; None where that is here, or it was never seen."""
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
        """Return whether a folder with this id lies in another place; what cannot be looked at may be there."""
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
        """Return how far a sync of the folder had come; None where it was never seen."""
        return _read(self._of_folder / _name(sync), SeenSync)

    def find_generation_here(self, sync: str) -> int:
        """Return the generation that a sync had come to in this place, whatever the id of the folder; 0 for unseen.

        Folders of earlier versions have no id, and so have backups of them.
        """
        try:
            return int(self._generation_file(sync).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def has_another_writer(self, sync: str, target: str) -> bool:
        """Return whether another folder was in this place when the sync was last run to a target."""
        return self._writer(self._folder, sync, target) not in (None, self._id)

    def has_other_state(self, sync: str, target: str) -> bool:
        """Return whether a sync was run to a target from here, or by this project, with its state in another folder."""
        return any(self._writer(place, sync, target) not in (None, self._id) for place in self._places)

    def has_run_in_earlier_versions(self, sync: str) -> bool:
        """Return whether just versions that noted no targets ran a sync in this place."""
        return _read(self._of_place(self._folder, sync), _SeenPlace) is None and self.find_generation_here(sync) > 0

    # -- noting

    def note_place(self) -> str:
        """Note where the folder lies; return why that cannot be done, empty where it can."""
        try:
            self._write(self._of_folder / _PLACE, str(self._folder))
        except OSError as error:
            return f"{self._root}: {error.strerror or error}"
        return ""

    def note_begun(self, sync: str, target: str, generation: int, run: str) -> None:
        """Note that a run is about to write to a target."""
        with suppress(OSError):
            self._write(self._of_folder / _name(sync), _text(SeenSync(generation, run)))
            for place in self._places:
                path = self._of_place(place, sync)
                known = _read(path, _SeenPlace) or _SeenPlace()
                self._write(path, _text(_SeenPlace({**known.targets, target: self._id})))

    def note_ended(self, sync: str, generation: int) -> None:
        """Note how far a sync has come."""
        with suppress(OSError):
            self._write(self._of_folder / _name(sync), _text(SeenSync(generation)))
            self._write(self._generation_file(sync), str(generation))

    def take_over(self, replace_id: Callable[[str, str], str]) -> None:
        """Let a copy be a folder of its own: under its new id is known what was known of the former one.

        `replace_id` gives the folder another id, and returns the one that it has then.
        """
        fresh = secrets.token_hex(16)
        copied = self._of_folder.with_name(_name(fresh))
        with suppress(OSError):
            shutil.copytree(self._of_folder, copied)
            self._write(copied / _PLACE, str(self._folder))
        self._id = replace_id(self._id, fresh)

    def _write(self, path: Path, text: str) -> None:
        """Write a text unless it is there already."""
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
