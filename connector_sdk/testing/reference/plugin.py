"""The hooks of the reference destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa
from attrs import frozen

from connector_sdk import (
    CONTRACT,
    MATCH_SCHEMA,
    Api,
    Attempt,
    Batch,
    Classification,
    ConfigError,
    Connection,
    Delivery,
    DestinationSpec,
    EmptyText,
    ExitCode,
    Finding,
    Host,
    Level,
    Mergeable,
    Mode,
    ObjectInfo,
    ObjectSchema,
    PlanSummary,
    Problem,
    Recovery,
    Removal,
    RowError,
    Secret,
    Unknown,
    WriteResult,
    hookimpl,
)
from connector_sdk.testing.arrow import arrow_type
from connector_sdk.testing.reference.client import Client
from connector_sdk.testing.reference.codes import classify
from connector_sdk.testing.reference.shapes import SHAPES, Shape
from connector_sdk.testing.reference.store import Store
from connector_sdk.testing.reference.writers import WRITERS, Handle, Options


@frozen
class Config:
    """The settings of a reference destination, whose records are in a file on this machine."""

    path: Annotated[str, "The file that holds the records, or `:memory:NAME` while the process lives."]
    token: Annotated[Secret | None, "What the account asks for at login, if it does."] = None


_NOTHING = frozenset({Removal.NOTHING})
_KEYED = (Mode.UPDATE, Mode.UPSERT, Mode.ARCHIVE)
_EXACTLY_ONCE: Mapping[Mode, Delivery] = dict.fromkeys((Mode.INSERT, *_KEYED), Delivery.EXACTLY_ONCE)

SPEC = DestinationSpec(
    name="reference",
    contract=CONTRACT,
    modes={
        Mode.INSERT: _NOTHING,
        Mode.UPDATE: frozenset({Removal.NOTHING, Removal.CLEAR}),
        Mode.UPSERT: frozenset(Removal),
        Mode.ARCHIVE: _NOTHING,
        Mode.ALL: _NOTHING,
    },
    apis=(
        Api(
            name="call",
            delivery={Mode.INSERT: Delivery.AT_MOST_ONCE, **dict.fromkeys(_KEYED, Delivery.AT_LEAST_ONCE)},
            rows_default=200, rows_max=1_000, bytes_max=1_000_000, parallel_default=4, parallel_max=8,
        ),
        Api(
            name="two_phase", delivery=_EXACTLY_ONCE,
            rows_default=5_000, rows_max=None, bytes_max=32_000_000, parallel_default=3, parallel_max=10,
        ),
        Api(
            name="leased_job", delivery=_EXACTLY_ONCE,
            rows_default=1_000, rows_max=10_000, bytes_max=10_000_000, parallel_default=4, parallel_max=20,
        ),
        Api(
            name="replace", delivery={Mode.ALL: Delivery.AT_LEAST_ONCE},
            rows_default=100_000, rows_max=None, bytes_max=None, parallel_default=1, parallel_max=1,
        ),
    ),
    config=Config,
    options=Options,
    empty_text=EmptyText.NULL,
    mergeable=Mergeable(max_rows=4),
)  # fmt: skip


@hookimpl
def destination_spec() -> DestinationSpec:
    """Declare five modes and four apis, which differ in how they write and recover."""
    return SPEC


@hookimpl
def connect(config: Config, host: Host) -> Connection:
    """Open the account. Raises `ConfigError` if the account requires another token."""
    token = config.token.reveal() if config.token else ""
    if token:
        host.hide(token)
    store = Store.at(config.path)
    if store.token != token and store.token:
        problem = Problem("the account does not know this token", ("token",), "take the token that the account shows")
        raise ConfigError([problem], exit_code=ExitCode.UNREACHABLE)
    return Connection(
        handle=Handle(Client(store, host)),
        account=store.account,
        label=f"reference {config.path}",
        production=False,
        close=store.close,
    )


@hookimpl
def list_objects() -> Sequence[ObjectInfo]:
    """List the objects, which are the same in each account."""
    return [ObjectInfo(name, each.schema.label, each.schema.modes) for name, each in SHAPES.items()]


@hookimpl
def discover_schema(object_name: str) -> ObjectSchema:
    """Return the fields of an object. Raises `ConfigError` if there is no such object."""
    return _shape(object_name).schema


@hookimpl
def match(
    connection: Connection,
    objects: Sequence[str],
    field: str,
    values: pa.Array,
    is_reference: bool,
    successors: Sequence[str],
    conditions: Mapping[str, Any],
) -> pa.Table:
    """Find records by the field's own equality rules. The line of an id of another object has no record id.

    For a guest that became one of the people, return the person.
    """
    store, wanted = connection.handle.client.store, values.to_pylist()
    lines = []
    for name in objects:
        found = _shape(name).field(field)
        find = store.search if is_reference and found and found.search_equality else store.find
        for position, ids in enumerate(find(name, field, wanted)):
            foreign = field == "id" and not wanted[position].startswith(f"{_shape(name).prefix}-")
            ids = store.filter_ids(name, ids, conditions)
            for id_, became in zip(ids, store.find_successors(ids), strict=True):
                is_other = became is not None and "people" in (*objects, *successors)
                lines.append((position, "people", became) if is_other else (position, name, id_))
            lines += [(position, name, None)] if foreign else []
    columns: list[Any] = [[line[number] for line in lines] for number in range(3)]
    return pa.Table.from_arrays(
        [pa.array(column, each.type) for column, each in zip(columns, MATCH_SCHEMA, strict=True)], schema=MATCH_SCHEMA
    )


@hookimpl
def read_records(connection: Connection, object_name: str, fields: Sequence[str]) -> tuple[pa.RecordBatchReader, str]:
    """Return the current records and their version."""
    shape, store = _shape(object_name), connection.handle.client.store
    version, records = store.version(object_name), store.records(object_name)
    known = [found for name in fields if (found := shape.field(name)) is not None]
    schema = pa.schema([(each.name, arrow_type(each)) for each in known])
    columns = [pa.array([record.get(each.name) for record in records], arrow_type(each)) for each in known]
    return pa.Table.from_arrays(columns, schema=schema).to_reader(), version


@hookimpl
def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Write through the batch's api."""
    return WRITERS[batch.api].write(connection.handle, batch, options, attempt)


@hookimpl
def recover_batch(
    connection: Connection, batch: Batch, options: Options, attempt: Attempt
) -> WriteResult | Recovery | Unknown:
    """Find out through the batch's api whether the batch was executed."""
    return WRITERS[batch.api].recover(connection.handle, batch, options, attempt)


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look up the code of the error."""
    return classify(error)


@hookimpl
def check_plan(connection: Connection, plan: PlanSummary) -> Sequence[Finding]:
    """Stop a plan that needs more calls than the quota allows. Each batch takes at least one call."""
    left = connection.handle.client.store.calls_left
    need = sum(plan.batches.values())
    if left is None or need <= left:
        return []
    return [Finding(Level.STOP, f"{need} calls are needed and {left} are left", "Raise batch_size, or wait.")]


def _shape(object_name: str) -> Shape:
    if object_name not in SHAPES:
        raise ConfigError(f"there is no object {object_name}", hint=f"there are {', '.join(SHAPES)}")
    return SHAPES[object_name]
