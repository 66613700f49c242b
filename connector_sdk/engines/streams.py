"""Open data from Python as Arrow streams, and refuse to read an iterator twice: it would be empty then."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from connector_sdk.engines.reading import Reading

_ONCE = "give a table, such as reader.read_all(), or make a new reader for each plan, run and model"


class _Read:
    """The row counts of objects that were read, by identity. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, int] = {}
        self._kept: dict[int, Any] = {}

    def begin(self, data: Any) -> int | None:
        """Record that an object is read. Return how many rows it had at the last reading; None if this is the first."""
        with self._lock:
            before = self._rows.get(id(data))
            self._rows.setdefault(id(data), 0)
            if before is None:
                self._kept[id(data)] = self._keep(data)
            return before

    def end(self, data: Any, rows: int) -> None:
        """Record how many rows the object had."""
        with self._lock:
            self._rows[id(data)] = rows

    def _keep(self, data: Any) -> Any:
        """Return a finalizer that forgets an object at its end, or the object itself if Python allows no finalizer.

        Keeping the object ensures that no other object gets the same identity.
        """
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
    """Open the data of a model. Raises `ConfigError` if they have no Arrow stream, or were an iterator and are used up.

    If the reading needs only the columns, an iterator is not read, and the stream has no rows.
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
    """Record how many rows the data had. Raises `ConfigError` if there are none, perhaps because they are used up."""
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
    """Return whether reading an object uses it up."""
    return isinstance(data, Iterator)
