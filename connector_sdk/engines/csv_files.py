"""Read CSV files. Only the header and the delimiter are detected; nothing else is guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.engines.csv_text import CsvFile, NotTextError, TextFile, readable_copy, text_file
from connector_sdk.engines.files import display_path, empty_file
from connector_sdk.engines.partitions import Values, add_partitions
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Column, Part, find_doubled
from connector_sdk.engines.sql import list_paths, text
from connector_sdk.settings.suggest import closest

Rows = Any
"""A reader of the module csv: an iterator of rows, whose `line_num` is the number of the last line it read."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""The delimiters that are detected if the model names none, each with its name."""


_SHOWN = 10
"""How many names of a header a hint shows."""


def csv_parts(reading: Reading, files: Sequence[str], values: Mapping[str, Values]) -> Iterator[Part]:
    """Yield CSV files as relations whose columns are text. Consecutive files of one form become one relation.

    Raises `ConfigError` for a file whose format cannot be determined.
    """
    _check_form(reading)
    opened = {each: _open(reading, each) for each in files}
    reading.csv_files += opened.values()
    reading.allowed += [each.copy for each in opened.values()]
    for (_, partitions), group in groupby(files, lambda each: (opened[each].form, values[each])):
        members = [opened[each] for each in group]
        first = members[0]
        doubled = find_doubled(first.names, f"the header of {first.text.shown}")
        columns = {
            each: Column(f"c{place}", "VARCHAR") for place, each in enumerate(first.names) if each not in doubled
        }
        part = Part(first.text.shown, _relation(members), columns, doubled)
        yield add_partitions(reading, part, partitions)


def _open(reading: Reading, path: str) -> CsvFile:
    form = reading.model.csv
    try:
        text = _text(reading, path)
        head = text.read_head()
        if not head.strip("\r\n"):
            raise ConfigError([empty_file(path, ("models", reading.model.name, reading.key))])
        splits = {each: _split(head, each, form.quote) for each in _candidates(form.delimiter, form.quote)}
        headers = {each: _names(cells, header=form.header) for each, (cells, _) in splits.items()}
        delimiter = _choose(reading, text.shown, headers)
        copy = readable_copy(text, reading.folder, ".csv")
    except NotTextError as error:
        raise reading.problem(error.message, error.hint) from None
    names, skipped = headers[delimiter], splits[delimiter][1]
    return CsvFile(text, copy, delimiter, form.quote, form.header, tuple(names), skipped)


def _text(reading: Reading, path: str) -> TextFile:
    """Return a file as text in the model's encoding. Raises `ConfigError` for an unknown encoding."""
    encoding = reading.model.csv.encoding
    try:
        return text_file(path, display_path(reading.model, path), encoding)
    except LookupError:
        message = f"there is no encoding {encoding}"
        raise reading.problem(message, "such as utf-8, utf-16, latin-1, windows-1252", "csv", "encoding") from None


def _check_form(reading: Reading) -> None:
    """Raise `ConfigError` for an invalid delimiter or quote."""
    form, place = reading.model.csv, ("models", reading.model.name, "csv")
    problems = []
    if form.delimiter is not None and (len(form.delimiter) != 1 or form.delimiter in f"\r\n{form.quote}"):
        hint = "use one character, such as ; or a tab, that is neither the quote nor a line end"
        problems.append(Problem(f"{form.delimiter!r} cannot separate cells", (*place, "delimiter"), hint))
    if len(form.quote) > 1 or form.quote in ("\r", "\n"):
        problems.append(
            Problem(f"{form.quote!r} cannot enclose cells", (*place, "quote"), "use one character, or none")
        )
    if problems:
        raise ConfigError(problems)


def read_rows(lines: Iterable[str], delimiter: str, quote: str, *, strict: bool = False) -> Rows:
    """Return a reader of the rows of a CSV text, which also knows the line of each row's end."""
    if not quote:
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=strict)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=strict)


def _candidates(given: str | None, quote: str) -> Sequence[str]:
    return (given,) if given is not None else [each for each in DELIMITERS if each != quote]


def _split(head: str, delimiter: str, quote: str) -> tuple[list[str], int]:
    """Return the cells of the first line that is not empty, and the number of empty lines before it."""
    lines = read_rows(io.StringIO(head, newline=""), delimiter, quote)
    try:
        return next((cells, number) for number, cells in enumerate(lines) if cells)
    except csv.Error:
        return [head.splitlines()[0]], 0


def _names(cells: Sequence[str], *, header: bool) -> list[str]:
    """Return the names of the columns. A column without a name, or without a header, is named by its number."""
    if not header:
        return [f"column{number}" for number in range(len(cells))]
    width = len(str(len(cells) - 1))
    return [cell.strip() or f"column{number:0{width}}" for number, cell in enumerate(cells)]


def _choose(reading: Reading, said: str, headers: Mapping[str, Sequence[str]]) -> str:
    """Return the delimiter that splits the header into most of the used columns.

    If the used columns are unknown, return the one that splits it into several columns. Raises `ConfigError` if the
    header has none of the used columns, or if several delimiters split it differently.
    """
    first, *others = headers
    if not others:
        return first
    wanted = reading.wanted
    yielding = list(headers) if wanted is None else _find_best_delimiters(headers, wanted)
    if not yielding:
        named = ", ".join(sorted(wanted or ()))
        message = f"the header of {said} has none of the columns {named}, whichever of , ; tab | separates them"
        raise reading.problem(message, _header_hint(max(headers.values(), key=len), wanted or ()))
    found = [each for each in yielding if len(headers[each]) > 1]
    if len({tuple(headers[each]) for each in found}) > 1:
        signs = " and by ".join(DELIMITERS[each] for each in found)
        raise reading.problem(f"the header of {said} can be split by {signs}", "set csv.delimiter to one of them")
    return found[0] if found else first


def _header_hint(names: Sequence[str], wanted: Collection[str]) -> str:
    """Return a hint: similar columns of the header, or its first columns."""
    meant = list(dict.fromkeys(each for each in (closest(column, names) for column in sorted(wanted)) if each))
    if meant:
        return f"did you mean {', '.join(meant[:_SHOWN])}?"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"set csv.delimiter, or correct the columns; it has: {', '.join(each[:60] for each in names[:_SHOWN])}{more}"


def _find_best_delimiters(headers: Mapping[str, Sequence[str]], wanted: Collection[str]) -> list[str]:
    """Return the delimiters that find most of the wanted columns; none if no delimiter finds one."""
    counts = {each: len(set(wanted) & set(names)) for each, names in headers.items()}
    most = max(counts.values())
    return [each for each, count in counts.items() if count == most and most]


def _relation(files: Sequence[CsvFile]) -> str:
    file = files[0]
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(file.names)))
    options = {
        "columns": f"{{{columns}}}",
        "auto_detect": "false",
        "header": str(file.header).lower(),
        "delim": text(file.delimiter),
        "quote": text(file.quote),
        "escape": text(file.quote),
        "comment": "''",
        "skip": str(file.skipped),
        "strict_mode": "true",
        "null_padding": "false",
        "hive_partitioning": "false",
    }
    given = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f"read_csv({list_paths(each.copy for each in files)}, {given})"
