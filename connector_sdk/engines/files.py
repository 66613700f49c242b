"""Find the files that a model names, and tell their formats."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Model
from connector_sdk.settings.paths import explain_path
from connector_sdk.settings.suggest import closest


class FileFormat(Enum):
    """The format of a file with rows."""

    PARQUET = "Parquet"
    CSV = "CSV"
    JSON = "JSON"


_FORMATS = {
    ".parquet": FileFormat.PARQUET,
    ".csv": FileFormat.CSV, ".tsv": FileFormat.CSV, ".txt": FileFormat.CSV,
    ".json": FileFormat.JSON, ".jsonl": FileFormat.JSON, ".ndjson": FileFormat.JSON,
}  # fmt: skip
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_ENDINGS = (
    f"its name must end in {', '.join(_FORMATS)}; CSV and JSON may end in {' or '.join(_COMPRESSIONS)} after that"
)


def format_of(path: str) -> FileFormat | None:
    """Return the format of a file by its suffix; None for a file that no model can read."""
    compressed = compression_of(path) is not None
    found = _FORMATS.get(Path(Path(path).stem if compressed else path).suffix.lower())
    return None if compressed and found is FileFormat.PARQUET else found


def compression_of(path: str) -> str | None:
    """Return the compression of a text file by its last suffix; None for an uncompressed file."""
    return _COMPRESSIONS.get(Path(path).suffix.lower())


def find_files(model: Model, path: str, key: str) -> list[str]:
    """Return the absolute paths of the files that `path`, a path or a pattern, means, in the order of their names.

    Raises `ConfigError` for files that are missing, empty, hidden, or of an unknown format.
    """
    place = ("models", model.name, key)
    folder = Path(model.folder).absolute()
    full = folder / path
    found = [full] if full.exists() else sorted(folder / each for each in glob.glob(path, root_dir=folder))
    if not found and (explained := explain_path(path)):
        message, hint = explained
        raise ConfigError([Problem(message, place, hint)])
    if format_of(path) is None:
        raise ConfigError([Problem(f"{path} is not a Parquet, CSV or JSON file", place, hint=_ENDINGS)])
    if any(_is_hidden(each, folder) for each in (full, *found)):
        raise ConfigError([Problem(f"{path} is hidden and not read", place, hint="put it into a visible folder")])
    if not found:
        raise ConfigError([Problem(f"there is no file {full}", place, hint=_suggest_path(full))])
    if empty := [each for each in found if not each.stat().st_size]:
        raise ConfigError([empty_file(str(each), place) for each in empty])
    return [str(each) for each in found]


def empty_file(path: str, place: tuple[str, ...]) -> Problem:
    """Return the problem of an empty file, which lacks even a header."""
    hint = "write it again with its header; a model without rows still has its columns"
    return Problem(f"the file {path} is empty", place, hint=hint)


def display_path(model: Model, path: str) -> str:
    """Return the path of a file as messages name it: relative to the project's folder, if the file is in there."""
    relative = os.path.relpath(path, Path(model.folder).absolute())
    return path if relative.startswith("..") else relative


def _is_hidden(path: Path, folder: Path) -> bool:
    """Return whether a file, or the target of its link, is hidden below the project's folder.

    The project's folder itself may be in a hidden folder.
    """
    seen = (os.path.relpath(path, folder), os.path.relpath(os.path.realpath(path), os.path.realpath(folder)))
    return any(part.startswith(".") and part != ".." for each in seen for part in Path(each).parts)


def _suggest_path(path: Path) -> str:
    beside: Iterable[str] = (each.name for each in path.parent.iterdir()) if path.parent.is_dir() else ()
    near = closest(path.name, list(beside))
    return f"did you mean {near}?" if near else "paths start at the project's folder"
