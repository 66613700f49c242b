"""Show a few lines of each kind that a plan has, with just the values that will be sent for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connector_sdk.batch import Action, OnNull
from connector_sdk.engines.embedded import file, name
from connector_sdk.planning.arranging import Arranged
from connector_sdk.planning.cutting import Group
from connector_sdk.planning.summary import KIND
from connector_sdk.state.plan_file import INTO, Layout

_SAMPLES = 3

Line = Mapping[str, Any]
"""A line of the plan: its place, what is known of it, and the cells of all columns as text."""


def samples(
    connection: duckdb.DuckDBPyConnection, plan: Path, arranged: Arranged, layout: Layout
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return a few lines of each kind: key, record id, message, and the values that are sent, as text by field.

    A field that is emptied has the value None; one that is left alone, or not sent for this line, is missing.
    """
    collected: dict[str, list[Mapping[str, Any]]] = {}
    for line in _chosen(connection, plan, layout):
        known = {word: line[word] for word in ("key", "record_id", "message") if line[word] is not None}
        collected.setdefault(line["kind"], []).append({**known, **_sent(line, arranged.groups, layout)})
    return {kind: tuple(lines) for kind, lines in collected.items()}


def _chosen(connection: duckdb.DuckDBPyConnection, plan: Path, layout: Layout) -> list[Line]:
    """The first lines of each kind. What stays as it is needs no example."""
    lines = f"(select *, {KIND} as kind from {file(plan, numbered=True)})"
    firsts = f"select unnest(min(file_row_number, {_SAMPLES})) as line from {lines} where kind <> 'kept' group by kind"
    cells = ", ".join(f"cast({name(each)} as varchar) as {name(each)}" for each in _cells(layout))
    known = "kind, file_row_number, key, record_id, message, outcome, effect"
    chosen = f"where file_row_number in ({firsts}) order by file_row_number"
    selected = f"select {known}{cells and ', '}{cells} from {lines} {chosen}"
    found: list[Line] = connection.sql(selected).to_arrow_table().to_pylist()
    return found


def _cells(layout: Layout) -> list[str]:
    """The plan's columns that hold values, and those that name the rows whose records are still to be made."""
    found = [*layout.stored.values()]
    for each in layout.references:
        found += [each.stored, each.row]
    return list(dict.fromkeys(found))


def _sent(line: Line, groups: Sequence[Group], layout: Layout) -> dict[str, Any]:
    """What is sent for a line beside its record id. A line that is decided, or leaves a target, has no values."""
    place = line["file_row_number"]
    group = next((each for each in groups if each.start <= place < each.stop), None)
    if group is None or line["outcome"] is not None or (group.action is Action.REPLACE and line["effect"] == "left"):
        return {}
    if group.action is Action.MERGE:
        return {INTO: line[INTO]}
    return dict(_values(line, group, layout))


def _values(line: Line, group: Group, layout: Layout) -> Iterator[tuple[str, str | None]]:
    """The values of the columns that the line travels with."""
    rows = {each.stored: each.row for each in layout.references}
    for column in layout.shapes[group.shape]:
        stored = layout.column(group.object_name, column.field)
        row = line[rows[stored]] if stored in rows else None
        if row is not None:
            yield column.field, f"the record of row {row}"
        elif line[stored] is not None or column.on_null is OnNull.CLEAR:
            yield column.field, line[stored]
