"""Read CSV files that Salesforce wrote, in pieces and only the columns that are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa
from pyarrow import csv

_PIECE = 8_000_000
"""Bytes to read at a time. The longest record, of 400,000 characters, fits."""


class DamagedError(ValueError):
    """A file that is no CSV, or that lacks a column."""


def read(file: IO[bytes], columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """Yield the records of a file as text. A missing `optional` column is null. Raises `DamagedError`."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(0)
    names = [*columns, *optional]
    try:
        reader = csv.open_csv(
            pa.PythonFile(file, "r"),
            read_options=csv.ReadOptions(block_size=_PIECE, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=names,
                include_missing_columns=True,
                strings_can_be_null=False,
            ),
        )
        for piece in reader:
            missing = [name for name in columns if piece.column(name).null_count]
            if missing:
                raise DamagedError(f"the file has no column {', '.join(missing)}")
            yield piece
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise DamagedError(str(error)) from None
