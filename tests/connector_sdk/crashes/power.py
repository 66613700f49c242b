"""Runs that end with the power: what was never put on the disk is gone from the state when the next one begins.

Of a file whose content was not put there nothing is left, and so of one whose folder does not know it. The journal is
left as it is: that SQLite keeps what it committed is its own promise, and the folder that it lies in it puts on the
disk itself.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve

from connector_sdk.testing.crash import Scenario

STATE = ".connector"
_fsync = os.fsync

Kept = dict[str, Any]
"""Of each inode what is on the disk: of a file its size and time, of a folder the inodes of its entries by name."""


def crashing(module: str, *words: str) -> Scenario:
    """A scenario of another module by its words, whose processes end with the power."""
    scenario: Scenario = importlib.import_module(f"{__package__}.{module}").crashing(*words)
    return evolve(
        scenario,
        prepare=lambda folder: _noting(folder, scenario.prepare),
        run=lambda folder: _noting(folder, scenario.run),
        audit=lambda folder: _noting(folder, scenario.audit),
    )


def _noting(folder: Path, act: Callable[[Path], Any]) -> Any:
    """Lose what is not on the disk, then act and note what is put there."""
    notes = folder / "on_disk.json"
    kept: Kept = json.loads(notes.read_text()) if notes.exists() else {}
    if (folder / STATE).exists():
        _lose(folder / STATE, kept, top=True)

    def fsync(descriptor: int) -> None:
        _fsync(descriptor)
        details = os.fstat(descriptor)
        kept[str(details.st_ino)] = _entries(descriptor) if stat.S_ISDIR(details.st_mode) else _content(details)
        notes.with_suffix(".new").write_text(json.dumps(kept))
        notes.with_suffix(".new").replace(notes)

    os.fsync = fsync
    return act(folder)


def _lose(folder: Path, kept: Kept, *, top: bool = False) -> None:
    known = kept.get(str(folder.stat().st_ino), {})
    for path in folder.iterdir():
        details = path.lstat()
        if path.name.startswith("state.db"):
            continue
        if path.is_dir() and (top or known.get(path.name) == details.st_ino):
            _lose(path, kept)
        elif path.is_dir():
            shutil.rmtree(path)
        elif not top and known.get(path.name) != details.st_ino:
            path.unlink()
        elif kept.get(str(details.st_ino)) != _content(details):
            path.write_bytes(b"")


def _content(details: os.stat_result) -> list[int]:
    return [details.st_size, details.st_mtime_ns]


def _entries(descriptor: int) -> dict[str, int]:
    return {each.name: each.inode() for each in os.scandir(descriptor)}
