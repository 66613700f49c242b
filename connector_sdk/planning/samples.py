"""Sample lines of each kind in a plan, with the values that will be sent for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connector_sdk.contract.batch import Action, OnNull
from connector_sdk.contract.plan import Effect
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.sql import file, name
from connector_sdk.planning.batching.cut import Group
from connector_sdk.planning.batching.order import OrderedPlan
from connector_sdk.planning.mapping.identity import canonical
from connector_sdk.planning.mapping.kinds import is_float
from connector_sdk.planning.mapping.text_forms import float_text
from connector_sdk.planning.summary import KIND
from connector_sdk.state.plan_file import MERGE_TARGET, Layout

_SAMPLES = 3

Line = Mapping[str, Any]
"""A line of the plan: its place, what is known of it, and its cells as text by column."""


def collect_samples(
    connection: duckdb.DuckDBPyConnection, plan: Path, arranged: OrderedPlan, layout: Layout
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return a few lines of each kind: key, record id, code, message, and the values that are sent, as text by field.

    A field that is emptied has the value None. A field that is left alone or not sent for this line is missing.
    """
    samples: dict[str, list[Mapping[str, Any]]] = {}
    for line in _read_first_lines(connection, plan, layout):
        known = {word: line[word] for word in ("key", "record_id", "code", "message") if line[word] is not None}
        samples.setdefault(line["kind"], []).append({**known, **_list_values(line, arranged.groups, layout)})
    return {kind: tuple(lines) for kind, lines in samples.items()}


def _read_first_lines(connection: duckdb.DuckDBPyConnection, plan: Path, layout: Layout) -> list[Line]:
    """Return the first lines of each kind, in the order of the plan. Lines that change nothing need no sample."""
    lines = f"(select *, {KIND} as kind from {file(plan, numbered=True)})"
    firsts = f"select unnest(min(file_row_number, {_SAMPLES})) from {lines} where kind <> 'kept' group by kind"
    types = columns_of(connection, file(plan))
    cells = "".join(f", {_as_text(name(each), types[each])} as {name(each)}" for each in _list_columns(layout))
    known = "kind, file_row_number, key, record_id, code, message, outcome, effect"
    chosen = f"where file_row_number in ({firsts}) order by file_row_number"
    found: list[Line] = connection.sql(f"select {known}{cells} from {lines} {chosen}").to_arrow_table().to_pylist()
    return found


def _as_text(value: str, type_: str) -> str:
    return float_text(value) if is_float(type_) else canonical(value, type_)


def _list_columns(layout: Layout) -> list[str]:
    """Return the plan's columns that hold values, and those that name rows whose records are not made yet."""
    columns = [*layout.stored.values()]
    for reference in layout.references:
        columns += [reference.stored, reference.row]
    return list(dict.fromkeys(columns))


def _list_values(line: Line, groups: Sequence[Group], layout: Layout) -> dict[str, Any]:
    """Return what is sent for a line beside its record id: nothing if the line is decided or leaves a list."""
    place = line["file_row_number"]
    group = next((group for group in groups if group.start <= place < group.stop), None)
    if (
        group is None
        or line["outcome"] is not None
        or (group.action is Action.REPLACE and line["effect"] == Effect.LEFT)
    ):
        return {}
    if group.action is Action.MERGE:
        return {MERGE_TARGET: line[MERGE_TARGET]}
    return dict(_read_cells(line, group, layout))


def _read_cells(line: Line, group: Group, layout: Layout) -> Iterator[tuple[str, str | None]]:
    """Yield the values of the columns that a line is sent with, by field."""
    rows = {reference.stored: reference.row for reference in layout.references}
    for column in layout.shapes[group.shape]:
        stored = layout.column(group.object_name, column.field)
        row = line[rows[stored]] if stored in rows else None
        if row is not None:
            yield column.field, f"the record of row {row}"
        elif line[stored] is not None or column.on_null is OnNull.CLEAR:
            yield column.field, line[stored]
