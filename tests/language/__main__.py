"""Check the language: `python -m tests.language [--all | PATH...]`; see `docs/contributing/language.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.language.check import check_file
from tests.language.files import ROOT, SCOPE, find_files, show_path
from tests.language.report import list_counts, list_findings, summarize


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every finding and a summary, and return 1 if there is a finding."""
    options = parse_arguments(arguments)
    findings = {show_path(file): check_file(file) for file in find_files(choose_paths(options))}
    lines = list_counts(findings) if options.all else list_findings(findings)
    for line in lines:
        print(line)
    print(summarize(findings))
    return 1 if any(findings.values()) else 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.language", description="Check names and sentences.")
    parser.add_argument("paths", nargs="*", type=find_path, metavar="PATH", help="files or folders; default: the scope")
    parser.add_argument("--all", action="store_true", help="count the findings of the whole repository by folder")
    return parser.parse_args(arguments)


def choose_paths(options: argparse.Namespace) -> list[Path]:
    """Return the paths to check: those that were given, the whole repository, or the scope."""
    if options.all:
        return [ROOT]
    return options.paths or [ROOT / path for path in SCOPE]


def find_path(text: str) -> Path:
    """Return the path of a file or folder that exists."""
    path = Path(text).resolve()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no file or folder {text}")
    return path


if __name__ == "__main__":
    sys.exit(main())
