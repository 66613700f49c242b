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


@hookimpl
def destination_spec() -> DestinationSpec:
    """Declare one mode through one api."""
    api = Api(name="append", delivery={Mode.INSERT: Delivery.AT_MOST_ONCE}, rows_default=100)
    modes = {Mode.INSERT: frozenset({Removal.NOTHING})}
    return DestinationSpec(name="lines", modes=modes, apis=(api,), config=Config, contract=2)


@hookimpl
def connect(config: Config) -> Connection:
    """Return a connection whose account is the file."""
    return Connection(handle=config.path, account=config.path, label=config.path)


@hookimpl
def list_objects() -> Sequence[ObjectInfo]:
    """List the only object there is."""
    return [ObjectInfo("lines", "Lines", INSERT)]


@hookimpl
def discover_schema(object_name: str) -> ObjectSchema:
    """Describe a line: it has one field."""
    text = Field(name="text", type=FieldType.TEXT)
    return ObjectSchema(name=object_name, label="Lines", fields=(text,), modes=INSERT)


@hookimpl
def write_batch(connection: Connection, batch: Batch) -> WriteResult:
    """Append a line per row."""
    with open(connection.handle, "a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in batch.rows.to_pylist())
    return WriteResult.of(["succeeded"] * batch.rows.num_rows)
