"""Write records as a table, JSON or CSV. JSON and CSV stream, so that memory does not grow with the records."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from itertools import islice
from typing import Any

from attrs import asdict, has
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from connector_sdk.cli import terminal
from connector_sdk.cli.clean import escape_controls, one_line, printable, spreadsheet_safe

TABLE_ROWS = 200
"""The most records that a table shows. The other formats show all."""

_GAP = 2
"""The blanks between two columns of a table."""

Record = Mapping[str, Any]


class Format(StrEnum):
    """The format of data on stdout."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def write_records(
    format_: Format, columns: Sequence[str], records: Iterable[Record], least: Mapping[str, int] | None = None
) -> None:
    """Write records to stdout as they arrive.

    `least` makes a table fit the terminal, or 100 columns: its columns become narrower, in its order, and keep at least
    the width that it names.
    """
    if format_ is Format.JSON:
        _write_json(records)
    elif format_ is Format.CSV:
        _write_csv(columns, records)
    else:
        _write_table(columns, iter(records), least)


def write_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    terminal.data(f"{to_json(value, indent=2)}\n")


def to_json(value: Any, indent: int | None = None) -> str:
    """Return plain data and attrs instances as JSON, with exact numbers as text.

    Visible characters are not escaped if stdout can encode all of them.
    """
    is_ascii = not terminal.takes_all_characters()
    return escape_controls(json.dumps(value, default=_plain, ensure_ascii=is_ascii, indent=indent))


def _plain(value: Any) -> Any:
    if has(type(value)):
        return asdict(value, recurse=False)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value.value if isinstance(value, Enum) else str(value)


def _write_json(records: Iterable[Record]) -> None:
    separator = "["
    for record in records:
        terminal.data(f"{separator}{to_json(record)}")
        separator = ",\n "
    terminal.data("[]\n" if separator == "[" else "]\n")


def _write_csv(columns: Sequence[str], records: Iterable[Record]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow([_cell(record.get(column)) for column in columns])
        if buffer.tell() > 65_536:
            terminal.data(buffer.getvalue())
            buffer.seek(0)
            buffer.truncate()
    terminal.data(buffer.getvalue())


def _cell(value: Any) -> str:
    """Return a value as a CSV cell. Numbers, dates and our own words stay as they are; other text is made safe."""
    if isinstance(value, int | float | Decimal | date | Enum):
        return _text(value)
    return spreadsheet_safe(printable(_text(value)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(round(value, 3))
    if isinstance(value, str | int | Decimal | date):
        return str(value)
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(_text(each) for each in (sorted(value) if isinstance(value, set | frozenset) else value))
    return to_json(value)


def _write_table(columns: Sequence[str], rows: Iterator[Record], least: Mapping[str, int] | None) -> None:
    shown = [[one_line(_text(record.get(column))) for column in columns] for record in islice(rows, TABLE_ROWS)]
    headers = [column.replace("_", " ") for column in columns]
    widths = {column: max(map(cell_len, cells)) for column, *cells in zip(columns, headers, *shown, strict=True)}
    if least is not None:
        widths = _shrink(widths, least, terminal.columns())
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, header in zip(columns, headers, strict=True):
        table.add_column(header, overflow="fold", width=None if least is None else widths[column])
    for cells in shown:
        table.add_row(*map(Text, cells))
    terminal.show(table, None if least is None else terminal.columns())
    if not shown:
        terminal.note("nothing to show")
    elif next(rows, None) is not None:
        terminal.note(f"only the first {TABLE_ROWS} are shown; --output csv or json writes all")


def _shrink(widths: Mapping[str, int], least: Mapping[str, int], room: int) -> dict[str, int]:
    """Return the widths of columns after making them narrower, in the order of `least`, until a table fits."""
    fitting = dict(widths)
    for column, smallest in least.items():
        excess = sum(fitting.values()) + _GAP * (len(fitting) - 1) - room
        fitting[column] -= max(min(excess, fitting[column] - smallest), 0)
    return fitting
