"""Find the first malformed line of a CSV file, and explain what is wrong with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from connector_sdk.contract.errors import ConfigError
from connector_sdk.engines.csv_files import read_rows
from connector_sdk.engines.csv_text import CsvFile, NotTextError
from connector_sdk.engines.reading import Reading

_REFUSED = re.compile(r"CSV (Error on Line: (?P<line>\d+)|Parser state machine)")
_FILE = re.compile(r"^  file = (.*)$", re.MULTILINE)
_REASONS = {
    "unexpected end of data": "a quote is opened and not closed",
    "expected after": "there is text after a closing quote",
}
_TOO_LONG = "Maximum line size"
_HINT = "correct the line; if the file is written in another way, say so in csv.delimiter or csv.quote"


def explain_malformed_line(reading: Reading, message: str) -> ConfigError | None:
    """Return the error for a malformed line of a CSV file; None if DuckDB's `message` is about something else."""
    refused, found = _REFUSED.search(message), _FILE.search(message)
    file = next((each for each in reading.csv_files if found and each.copy == found[1]), None)
    if refused is None or file is None:
        return None
    if _TOO_LONG in message:
        line, reason = int(refused["line"]), "it is longer than two million bytes"
        return reading.problem(f"{file.text.shown}, line {line}: {reason}", "shorten it, or close a quote before it")
    try:
        file.text.check()
    except NotTextError as error:
        return reading.problem(error.message, error.hint)
    line, reason = next(_find_malformed_lines(file), (int(refused["line"] or 1), "it is not like the lines before it"))
    return reading.problem(f"{file.text.shown}, line {line}: {reason}", _HINT)


def _find_malformed_lines(file: CsvFile) -> Iterator[tuple[int, str]]:
    """Yield malformed lines, counted from 1, with the reason. The caller needs only the first."""
    width, start = len(file.names), 1
    with file.text.open_text() as stream:
        lines = read_rows(stream, file.delimiter, file.quote, strict=True)
        try:
            for cells in lines:
                if cells and len(cells) != width and not _ends_empty(cells, width):
                    cells_ = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                    yield start, f"it has {cells_}, and the first line has {width}"
                start = lines.line_num + 1
        except csv.Error as error:
            reason = next((each for begin, each in _REASONS.items() if begin in str(error)), "")
            if reason:
                yield start, reason
    yield from _other_line_ends(file)


def _ends_empty(cells: Sequence[str], width: int) -> bool:
    """Return whether all cells beyond the header are empty, as after a trailing delimiter. DuckDB reads such rows."""
    return len(cells) > width and not any(cells[width:])


def _other_line_ends(file: CsvFile) -> Iterator[tuple[int, str]]:
    """Yield the first line whose line end differs from that of line 1, with the reason."""
    with file.text.open_text() as stream:
        first = _line_end(next(stream))
        for number, line in enumerate(stream, 2):
            if _line_end(line) not in ("", first):
                yield number, f"it ends with {_line_end(line)!r}, and the lines before it with {first!r}"


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
