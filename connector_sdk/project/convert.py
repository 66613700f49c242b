"""Convert the shape of a project file into the classes of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import asdict

from connector_sdk.contract.project import (
    ConnectionConfig,
    CsvForm,
    DeliveryOptions,
    FieldMapping,
    Find,
    Guards,
    Match,
    Merge,
    Model,
    Sync,
)
from connector_sdk.project.shape import (
    ColumnShape,
    ConnectionShape,
    ConstantShape,
    FindShape,
    GuardsShape,
    ModelShape,
    OnOff,
    OptionsShape,
    SyncShape,
)
from connector_sdk.settings.references import make_paths_absolute


def connection(name: str, shape: ConnectionShape, folder: Path) -> ConnectionConfig:
    """Return a connection. References to secrets stay references until the connection is opened."""
    return ConnectionConfig(name, shape.type, make_paths_absolute(shape.settings, folder))


def model(name: str, shape: ModelShape, folder: Path) -> Model:
    """Return a model whose relative paths start at `folder`."""
    return Model(
        name=name,
        primary_key=_several(shape.primary_key),
        file=shape.file,
        sql=shape.sql,
        types=shape.types,
        folder=str(folder),
        csv=CsvForm(**asdict(shape.csv)),
        partitions=shape.partitions,
    )


def sync(name: str, shape: SyncShape, folder: Path) -> Sync:
    """Return a sync, with the core's own options apart from those of the destination."""
    return Sync(
        name=name,
        model=shape.model,
        connection=shape.connection,
        objects=_several(shape.object),
        mode=shape.mode,
        fields=tuple(_field(field, source) for field, source in shape.fields.items()),
        match=Match(shape.match.field, shape.match.column) if shape.match else None,
        on_removed=shape.on_removed,
        create_in=shape.create_in,
        merge=Merge(**asdict(shape.merge)) if shape.merge else None,
        guards=_guards(shape.guards),
        delivery=_delivery(shape.options),
        options=make_paths_absolute(shape.options.others, folder),
        on_held=shape.on_held,
    )


def _several(one_or_more: str | tuple[str, ...]) -> tuple[str, ...]:
    return (one_or_more,) if isinstance(one_or_more, str) else one_or_more


def _field(field: str, source: str | ColumnShape | ConstantShape | FindShape) -> FieldMapping:
    match source:
        case ColumnShape():
            return FieldMapping(
                field=field, column=source.column, null=source.null, truncate=source.truncate, round=source.round
            )
        case ConstantShape():
            return FieldMapping(field=field, value=source.value, round=source.round)
        case FindShape():
            find = Find(source.find, source.equals, source.where, source.and_)
            return FieldMapping(field=field, find=find, null=source.null)
        case column:
            return FieldMapping(field=field, column=column)


def _guards(shape: GuardsShape) -> Guards:
    limits: dict[str, Any] = asdict(shape)
    return Guards(**{name: None if limit == "none" else limit for name, limit in limits.items()})


def _delivery(shape: OptionsShape) -> DeliveryOptions:
    return DeliveryOptions(
        api=shape.api, batch_size=shape.batch_size, batch_bytes=shape.batch_bytes, parallelism=shape.parallelism,
        split_retries=_is_on(shape.split_retries), retry_codes=shape.retry_codes, lock_aware=_is_on(shape.lock_aware),
    )  # fmt: skip


def _is_on(value: bool | OnOff) -> bool:
    return value is True or value is OnOff.ON
