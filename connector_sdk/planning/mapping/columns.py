"""The columns of a model that a sync uses: where the project names them, and what a plan calls them."""

from __future__ import annotations

from attrs import asdict

from connector_sdk.contract.project import Model, Sync
from connector_sdk.contract.spec import DestinationSpec, EmptyText
from connector_sdk.engines.reading import UsedColumns
from connector_sdk.engines.sql import name

Place = tuple[str | int, ...]


def model_column(column: str) -> str:
    """Return the plan's name of a column of the model."""
    return f"model.{column}"


def find_used_columns(model: Model, sync: Sync) -> dict[str, Place]:
    """Return the columns of the model that a sync uses, and the place in the project that first names each."""
    place: Place = ("syncs", sync.name)
    found: dict[str, Place] = {}
    for number, column in enumerate(model.primary_key):
        many = len(model.primary_key) > 1
        found.setdefault(column, ("models", model.name, "primary_key", *((number,) if many else ())))
    if sync.match is not None:
        found.setdefault(sync.match.column, (*place, "match", "column"))
    if sync.merge is not None:
        for word, merging in asdict(sync.merge).items():
            if merging is not None:
                found.setdefault(merging, (*place, "merge", word))
    for mapping in sync.fields:
        at: Place = (*place, "fields", mapping.field)
        if mapping.column is not None:
            found.setdefault(mapping.column, at)
        if mapping.find is not None:
            found.setdefault(mapping.find.equals, (*at, "equals"))
    return found


def make_used_columns(model: Model, sync: Sync) -> UsedColumns:
    """Return the columns of the model that a sync uses; those that identify rows or records are also listed apart."""
    merging = [] if sync.merge is None else [each for each in asdict(sync.merge).values() if each is not None]
    matched = [sync.match.column] if sync.match else []
    found = [each.find.equals for each in sync.fields if each.find]
    return UsedColumns(
        frozenset(find_used_columns(model, sync)), frozenset([*model.primary_key, *matched, *merging, *found])
    )


def normal(column: str, type_: str, spec: DestinationSpec) -> str:
    """Return SQL for a column as it is compared and sent: empty text is null if the destination stores it as null."""
    quoted = name(column)
    if type_ == "VARCHAR" and spec.empty_text is EmptyText.NULL:
        return f"nullif({quoted}, '')"
    return quoted
