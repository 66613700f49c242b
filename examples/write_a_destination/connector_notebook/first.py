"""The smallest destination: every row becomes a line of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import frozen

from connector_sdk import (
    Api,
    Batch,
    Connection,
    Delivery,
    DestinationSpec,
    Field,
    FieldType,
    Mode,
    ObjectInfo,
    ObjectSchema,
    Removal,
    WriteResult,
    hookimpl,
)

INSERT = frozenset({Mode.INSERT})


@frozen
class Config:
    """A file of lines."""

    path: str


@frozen
class Options:
    """Nothing that a sync could set."""


@hookimpl
def destination_spec() -> DestinationSpec:
    """One mode through one api."""
    api = Api(
        name="append",
        delivery={Mode.INSERT: Delivery.AT_MOST_ONCE},
        rows_default=100,
        rows_max=None,
        bytes_max=None,
        parallel_default=1,
        parallel_max=1,
    )
    return DestinationSpec(
        name="lines",
        modes={Mode.INSERT: frozenset({Removal.NOTHING})},
        apis=(api,),
        config=Config,
        options=Options,
        contract=1,
    )


@hookimpl
def connect(config: Config) -> Connection:
    """The file is the account."""
    return Connection(handle=config.path, account=config.path, label=config.path, production=False, close=lambda: None)


@hookimpl
def list_objects() -> Sequence[ObjectInfo]:
    """There are lines, and nothing else."""
    return [ObjectInfo("lines", "Lines", INSERT)]


@hookimpl
def discover_schema(object_name: str) -> ObjectSchema:
    """A line is a text."""
    return ObjectSchema(
        name=object_name, label="Lines", fields=(Field(name="text", type=FieldType.TEXT),), modes=INSERT
    )


@hookimpl
def write_batch(connection: Connection, batch: Batch) -> WriteResult:
    """Append a line per row."""
    with open(connection.handle, "a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in batch.rows.to_pylist())
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)
