"""Show records in the form of a query answer: attributes, fields, nested parents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from salesforce_emulator.schema import COMPUTED, Row, Schema
from salesforce_emulator.soql.paths import Paths
from salesforce_emulator.soql.tree import Path

Show = Callable[[Row], Any]


def attributes(schema: Schema, row: Row, version: str) -> dict[str, str]:
    """The type and address of a record."""
    return {"type": schema.name, "url": f"/services/data/v{version}/sobjects/{schema.name}/{row[0]}"}


def field_shower(schema: Schema, at: int) -> Show:
    """A function that shows one field of a row; compound addresses are made of their components."""
    field = schema.fields[at]
    if field.type not in COMPUTED:
        return lambda row: row[at]
    parts = schema.parts(field.name)

    def compound(row: Row) -> Any:
        values = {name: row[place] for name, place in parts.items()}
        return values if any(value is not None for value in values.values()) else None

    return compound


class Selection:
    """The SELECT list of one statement."""

    def __init__(self, paths: Paths, selected: tuple[Path, ...], version: str) -> None:
        self._paths = paths
        self._version = version
        self._show = self._object(paths.start, [(path.names, path) for path in selected])

    def show(self, row: Row) -> dict[str, Any]:
        """One record of the answer."""
        shown: dict[str, Any] = self._show(self._paths.start, row)
        return shown

    def _object(self, schema: Schema, wanted: list[tuple[tuple[str, ...], Path]]) -> Callable[[Schema, Row], Any]:
        columns: dict[str, Show] = {}
        nested: dict[str, list[tuple[tuple[str, ...], Path]]] = {}
        for names, path in wanted:
            if len(names) > 1:
                nested.setdefault(names[0].lower(), []).append((names[1:], path))
                columns.setdefault(f"{names[0].lower()}.", lambda row: None)
                continue
            field, _ = self._paths.at(schema).reader(Path(names, path.at))
            columns[field.name] = field_shower(schema, schema.position[field.name.lower()])
        for name, inner in nested.items():
            relationship, show = self._parent(schema, name, inner)
            columns = {relationship if key == f"{name}." else key: shower for key, shower in columns.items()}
            columns[relationship] = show
        return lambda actual, row: {
            "attributes": attributes(actual, row, self._version),
            **{name: show(row) for name, show in columns.items()},
        }

    def _parent(self, schema: Schema, name: str, inner: list[tuple[tuple[str, ...], Path]]) -> tuple[str, Show]:
        at, target = self._paths.step(schema, name, inner[0][1])
        show_parent = self._object(target, inner)

        def show(row: Row) -> Any:
            found = self._paths.parent(row, at)
            return None if found is None else self._shown_parent(found, target, show_parent, inner)

        return str(schema.fields[at].relationship_name), show

    def _shown_parent(
        self,
        found: tuple[Schema, Row],
        expected: Schema,
        show: Callable[[Schema, Row], Any],
        inner: list[tuple[tuple[str, ...], Path]],
    ) -> Any:
        schema, row = found
        if schema is expected:
            return show(schema, row)
        values = {names[0]: row[at] for names, _ in inner if (at := schema.at(names[0])) is not None}
        return {"attributes": attributes(schema, row, self._version), **values}
