"""The hooks of the destination `notebook`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from uuid import uuid4

import pyarrow as pa
from attrs import frozen

from connector_notebook.book import Answer, Book, Busy, Line
from connector_notebook.codes import CODES
from connector_notebook.objects import OBJECTS
from connector_sdk import (
    MATCH_SCHEMA,
    NOT_EXECUTED,
    Api,
    Attempt,
    Batch,
    Classification,
    ConfigError,
    Connection,
    Delivery,
    DestinationSpec,
    ExitCode,
    FieldType,
    Mode,
    NotExecuted,
    ObjectInfo,
    ObjectSchema,
    OnNull,
    Problem,
    Recovery,
    Removal,
    RowError,
    WriteResult,
    hookimpl,
)


@frozen
class Config:
    """A notebook on this machine."""

    path: Annotated[str, "The file that holds the notebook; it is created if it does not exist."]


MODES = {
    Mode.INSERT: frozenset({Removal.NOTHING}),
    Mode.UPDATE: frozenset({Removal.NOTHING, Removal.CLEAR}),
    Mode.UPSERT: frozenset({Removal.NOTHING, Removal.CLEAR, Removal.DELETE}),
    Mode.ARCHIVE: frozenset({Removal.NOTHING}),
}

PAGE = Api(
    name="page",
    delivery=dict.fromkeys(MODES, Delivery.EXACTLY_ONCE),
    rows_default=500,
    rows_max=5_000,
    bytes_max=1_000_000,
    parallel_default=1,
    parallel_max=4,
)


@hookimpl
def destination_spec() -> DestinationSpec:
    """Declare four modes through one api."""
    return DestinationSpec(name="notebook", modes=MODES, apis=(PAGE,), config=Config, contract=2)


@hookimpl
def connect(config: Config) -> Connection:
    """Open the notebook. Raises `ConfigError` if that cannot be done."""
    try:
        book = Book(config.path)
        account = book.account()
    except sqlite3.Error as error:
        problem = Problem(f"{config.path} is no notebook: {error}", ("path",), "name a notebook, or a file to make")
        raise ConfigError([problem], exit_code=ExitCode.UNREACHABLE) from error
    return Connection(handle=book, account=account, label=f"notebook {config.path}")


@hookimpl
def list_objects() -> Sequence[ObjectInfo]:
    """List contacts and notes."""
    return [ObjectInfo(each.name, each.label, each.modes) for each in OBJECTS.values()]


@hookimpl
def discover_schema(object_name: str) -> ObjectSchema:
    """Return the fields of one of them."""
    if object_name not in OBJECTS:
        raise ConfigError(f"there is no object {object_name}", hint=f"there are {', '.join(OBJECTS)}")
    return OBJECTS[object_name]


@hookimpl
def match(connection: Connection, objects: Sequence[str], field: str, values: pa.Array) -> pa.Table:
    """Find records by their key or their id."""
    positions, names, ids = [], [], []
    for name in objects:
        for position, found in enumerate(connection.handle.find(name, field, values.to_pylist())):
            positions += [position] * len(found)
            names += [name] * len(found)
            ids += found
    return pa.table([positions, names, ids], schema=MATCH_SCHEMA)


@hookimpl
def read_records(connection: Connection, object_name: str, fields: Sequence[str]) -> tuple[pa.RecordBatchReader, str]:
    """Read the present records. The conformance kit looks at them."""
    records, version = connection.handle.records(object_name)
    dates = {each.name for each in OBJECTS[object_name].fields if each.type is FieldType.DATE}
    table = pa.table({name: pa.array([each.get(name) for each in records], pa.string()) for name in fields})
    schema = pa.schema([(name, pa.date32() if name in dates else pa.string()) for name in fields])
    return table.cast(schema).to_reader(), version


@hookimpl
def write_batch(connection: Connection, batch: Batch, attempt: Attempt) -> WriteResult:
    """Write a batch under a token. The token is on disk before the notebook receives it."""
    token = uuid4().hex
    attempt.anchor("writing", token=token)
    try:
        answers = connection.handle.write(batch.object_name, batch.action, _lines(batch), token)
    except Busy as error:
        raise NotExecuted("busy", str(error)) from error
    return _result(answers)


@hookimpl
def recover_batch(connection: Connection, batch: Batch, attempt: Attempt) -> WriteResult | Recovery:
    """Ask the notebook for the receipt of the last token."""
    answers = connection.handle.settle(attempt.anchors[-1].handle["token"])
    return NOT_EXECUTED if answers is None else _result(answers)


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look the code up. None leaves an unknown error to the core."""
    if isinstance(error, Busy):
        return CODES["busy"]
    return CODES.get(error.code) if isinstance(error, RowError) else None


def _lines(batch: Batch) -> Iterator[Line]:
    """Yield the rows of a batch. A null clears in a CLEAR column; in a KEEP column the field is left out."""
    kept = {each.field for each in batch.columns if each.on_null is OnNull.KEEP}
    ids = batch.record_ids.to_pylist() if batch.record_ids is not None else [None] * batch.rows.num_rows
    for record_id, row in zip(ids, batch.rows.to_pylist(), strict=True):
        cells = {name: value for name, value in row.items() if value is not None or name not in kept}
        yield Line(record_id, {name: _text(value) for name, value in cells.items()})


def _text(value: Any) -> str | None:
    """Return a value as the notebook keeps it: text as it is, a date as ISO 8601."""
    return value if value is None or isinstance(value, str) else str(value.isoformat())


def _result(answers: Sequence[Answer]) -> WriteResult:
    names = ("record_id", "created", "code", "message", "fields")
    return WriteResult.of(
        [each["status"] for each in answers], **{name: [each.get(name) for each in answers] for name in names}
    )
