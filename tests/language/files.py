"""Which files are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCOPE = (
    "connector_sdk", "plugins", "bench", "docs", "examples", "tests", "cassettes/README.md",
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
)  # fmt: skip
"""Where `make check` enforces the rules. A folder is added when its last finding is gone."""

_SUFFIXES = frozenset({".py", ".md"})
_SKIPPED = frozenset({"_site", "build", "dist", "node_modules", "__pycache__"})


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the Python and Markdown files at or below the paths, each once and in order."""
    return sorted({file for path in paths for file in find_below(path)})


def find_below(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the files of a folder without hidden and built ones."""
    if path.is_file():
        yield path
        return
    for file in path.rglob("*"):
        if file.suffix in _SUFFIXES and file.is_file() and not is_skipped(file.relative_to(path)):
            yield file


def is_skipped(path: Path) -> bool:
    """Return whether a part of a path is hidden or the name of a folder of built files."""
    return any(part.startswith(".") or part in _SKIPPED for part in path.parts)


def show_path(file: Path) -> str:
    """Return the path of a file as it is printed: relative to the repository where it lies there."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
