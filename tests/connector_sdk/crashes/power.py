"""Runs that end with the power: what was never put on the disk is gone from the state when the next one begins.

A file is lost if its content was not put on the disk, or if its folder was not put there after the file was made. The
journal stays as it is: SQLite promises to keep what it committed, and puts the folder of its file on the disk itself.
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


def make_scenario(module: str, *words: str) -> Scenario:
    """Return the scenario of another module, made from its words, whose processes end with the power."""
    scenario: Scenario = importlib.import_module(f"{__package__}.{module}").make_scenario(*words)
    return evolve(
        scenario,
        prepare=lambda folder: _act_after_power_cut(folder, scenario.prepare),
        run=lambda folder: _act_after_power_cut(folder, scenario.run),
        audit=lambda folder: _act_after_power_cut(folder, scenario.audit),
    )


def _act_after_power_cut(folder: Path, act: Callable[[Path], Any]) -> Any:
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
