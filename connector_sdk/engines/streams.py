"""Data from Python as Arrow streams. What can be read only once is read once: the next time it would be empty."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from connector_sdk.engines.reading import Reading

_ONCE = "give a table, such as reader.read_all(), or make a new reader for each plan, run and model"


class _Read:
    """Remembers by its identity how many rows each object had when it was read; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, int] = {}
        self._kept: dict[int, Any] = {}

    def begin(self, data: Any) -> int | None:
        """Note that an object is read, and return how many rows it had before; None where it was not read."""
        with self._lock:
            before = self._rows.get(id(data))
            self._rows.setdefault(id(data), 0)
            if before is None:
                self._kept[id(data)] = self._keep(data)
            return before

    def end(self, data: Any, rows: int) -> None:
        """Note how many rows there were."""
        with self._lock:
            self._rows[id(data)] = rows

    def _keep(self, data: Any) -> Any:
        """What says when the identity of an object is free: its end, or never where that cannot be known."""
        try:
            return weakref.finalize(data, self._forget, id(data))
        except TypeError:
            return data

    def _forget(self, identity: int) -> None:
        with self._lock:
            self._rows.pop(identity, None)
            self._kept.pop(identity, None)


_READ = _Read()


def open_stream(reading: Reading) -> pa.RecordBatchReader:
    """Open the data of a model to be read. Raises `ConfigError` for what has no Arrow stream, or no longer one.

    Where just the columns are looked at, what can be read only once has no rows, and is not read.
    """
    data, name = reading.model.data, reading.model.name
    if not hasattr(data, "__arrow_c_stream__"):
        message = f"the data of model {name} is a {type(data).__name__} and has no Arrow stream"
        hint = "give an object with __arrow_c_stream__, such as a table of pyarrow, polars or duckdb"
        raise reading.problem(message, hint)
    looks_only = reading.only_columns and _is_once(data)
    if not looks_only and _READ.begin(data) is not None and _is_once(data):
        message = f"the data of model {name} is a {type(data).__name__}, which can be read only once, and it was read"
        raise reading.problem(message, _ONCE)
    try:
        stream = pa.RecordBatchReader.from_stream(data)
    except Exception as error:
        raise reading.problem(f"the data of model {name} gives no Arrow stream: {error}", _ONCE) from error
    return pa.RecordBatchReader.from_batches(stream.schema, []) if looks_only else stream


def note_rows(reading: Reading, rows: int) -> None:
    """Note how many rows the data had. Raises `ConfigError` where that is none, and may be none only by now."""
    data, name = reading.model.data, reading.model.name
    if reading.only_columns and _is_once(data):
        return
    before = _READ.begin(data) or 0
    if not rows and _is_once(data):
        message = f"the data of model {name} is a {type(data).__name__} without rows: one that was read has none left"
        raise reading.problem(message, f"{_ONCE}; an empty table says that there are no rows")
    if not rows and before:
        message = f"the data of model {name} had {before:,} rows when they were read before, and have none now"
        raise reading.problem(message, f"{_ONCE}; an empty table says that there are no rows")
    _READ.end(data, rows)


def _is_once(data: Any) -> bool:
    """Whether reading an object uses it up."""
    return isinstance(data, Iterator)
