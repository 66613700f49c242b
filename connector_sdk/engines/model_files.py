"""Read the files that a model names as relations, whatever their format."""

from __future__ import annotations

from collections.abc import Iterator

from connector_sdk.engines.csv_files import csv_parts
from connector_sdk.engines.files import FileFormat, find_files, format_of
from connector_sdk.engines.json_files import json_parts
from connector_sdk.engines.parquet_files import parquet_parts
from connector_sdk.engines.partitions import path_values
from connector_sdk.engines.reading import Reading
from connector_sdk.engines.relation import Part


def file_parts(reading: Reading, named: str) -> Iterator[Part]:
    """Yield the files that a model names as relations, in the order of their names.

    Raises `ConfigError` for files that are missing, or whose format cannot be determined.
    """
    files = find_files(reading.model, named, reading.key)
    reading.allowed += files
    yield from _READERS[_format(named)](reading, files, path_values(reading, named, files))


def _format(named: str) -> FileFormat:
    found = format_of(named)
    assert found is not None
    return found


_READERS = {
    FileFormat.PARQUET: parquet_parts,
    FileFormat.CSV: csv_parts,
    FileFormat.JSON: json_parts,
}
