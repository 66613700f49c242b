"""Cut the rows of a plan into batches: ranges of rows, by count and by estimated bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
from attrs import frozen

from connector_sdk.batch import Action
from connector_sdk.engines.embedded import name
from connector_sdk.state.entries import NewBatch

_CELL = 3
"""Bytes that a cell takes beside its text: quotes and a comma."""
_TYPED_CELL = 48
"""Bytes that a number, a date or a boolean takes at the most."""
_SIZES = {"BLOB": "octet_length({}) * 4 // 3 + 4", "VARCHAR": "strlen({})", "JSON": "strlen({})"}
"""SQL for the bytes of a value of those types that have no size of their own."""
_FILLED = 0.9
"""How much of the permitted size a batch is planned to have; the estimate does not know what will be escaped."""


@frozen
class Group:
    """Neighbouring rows of the plan that can travel together: one stage, object, action and list of columns."""

    start: int
    rows: int
    stage: int
    object_name: str
    action: Action
    shape: int


def cut(
    connection: duckdb.DuckDBPyConnection,
    plan: str,
    columns: dict[str, str],
    groups: Sequence[Group],
    batch_size: int,
    bytes_max: int | None,
) -> Iterator[NewBatch]:
    """The batches of a plan. `columns` are the columns that are sent, with their types in DuckDB."""
    size = _row_size(columns)
    for group in groups:
        large = _large(connection, plan, size, group, batch_size, bytes_max) if bytes_max else {}
        for start in range(group.start, group.start + group.rows, batch_size):
            stop = min(start + batch_size, group.start + group.rows)
            for piece in _pieces(start, stop, large.get(start), (bytes_max or 0) * _FILLED):
                yield NewBatch(group.stage, group.object_name, group.action, group.shape, (piece,))


def _row_size(columns: dict[str, str]) -> str:
    """SQL for the bytes that a row will take."""
    fixed = sum(_CELL if type_ in _SIZES else _TYPED_CELL for type_ in columns.values())
    sizes = [_SIZES[type_].format(name(column)) for column, type_ in columns.items() if type_ in _SIZES]
    return " + ".join([str(fixed), *(f"coalesce({each}, 0)" for each in sizes)])


def _large(
    connection: duckdb.DuckDBPyConnection, plan: str, size: str, group: Group, batch_size: int, bytes_max: int
) -> dict[int, list[int]]:
    """The sizes of the rows of each batch that would be too large, by its first row."""
    of_batch = f"{group.start} + ((file_row_number - {group.start}) // {batch_size}) * {batch_size}"
    inside = f"file_row_number >= {group.start} and file_row_number < {group.start + group.rows}"
    found = connection.execute(
        f"select {of_batch} as first from {plan} where {inside}"
        f" group by first having sum({size}) > {int(bytes_max * _FILLED)}"
    ).fetchall()
    sizes: dict[int, list[int]] = {}
    for (first,) in found:
        rows = f"file_row_number >= {first} and file_row_number < {min(first + batch_size, group.start + group.rows)}"
        found_sizes = connection.execute(f"select {size} from {plan} where {rows} order by file_row_number").fetchall()
        sizes[first] = [bytes_ for (bytes_,) in found_sizes]
    return sizes


def _pieces(start: int, stop: int, sizes: list[int] | None, limit: float) -> Iterator[tuple[int, int]]:
    """Rows from `start` to `stop` in pieces that keep below `limit` bytes, a row at least each."""
    if sizes is None:
        yield start, stop
        return
    first, filled = start, 0
    for row, size in enumerate(sizes, start=start):
        if row > first and filled + size > limit:
            yield first, row
            first, filled = row, 0
        filled += size
    yield first, stop
