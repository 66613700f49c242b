"""The hooks of the Salesforce destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from connector_salesforce.auth import login
from connector_salesforce.auth.commands import login_commands
from connector_salesforce.config import Config, Options
from connector_salesforce.errors import codes
from connector_salesforce.hook_errors import as_not_executed, as_run_stopped
from connector_salesforce.org import describe
from connector_salesforce.org import match as matching
from connector_salesforce.org.org import Org
from connector_salesforce.preflight import check
from connector_salesforce.preflight.version_needs import check_version
from connector_salesforce.write import bulk, bulk2, merge, reference_errors, rest, written_ids
from connector_sdk import (
    Action,
    Api,
    Attempt,
    Batch,
    Classification,
    Connection,
    Delivery,
    DestinationSpec,
    EmptyText,
    Finding,
    Host,
    Mergeable,
    Mode,
    ObjectInfo,
    ObjectSchema,
    PlanSummary,
    Problem,
    Recovery,
    Removal,
    RowError,
    Sync,
    Unknown,
    WriteResult,
    hookimpl,
)

if TYPE_CHECKING:
    import click

_NOTHING = frozenset({Removal.NOTHING})
_KEYED = (Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE)
_BULK: Mapping[Mode, Delivery] = dict.fromkeys((*_KEYED, Mode.INSERT), Delivery.EXACTLY_ONCE)
_REST = {**dict.fromkeys(_KEYED, Delivery.AT_LEAST_ONCE), Mode.INSERT: Delivery.AT_MOST_ONCE}

SPEC = DestinationSpec(
    name="salesforce",
    contract=2,
    modes={
        Mode.UPSERT: frozenset(Removal),
        Mode.INSERT: _NOTHING,
        Mode.UPDATE: frozenset({Removal.NOTHING, Removal.CLEAR}),
        Mode.ARCHIVE: _NOTHING,
    },
    apis=(
        Api(
            name="bulk", delivery=_BULK,
            rows_default=1_000, rows_max=10_000, bytes_max=bulk.BYTES_MAX, parallel_default=10, parallel_max=50,
        ),
        Api(
            name="bulk2", delivery=dict.fromkeys(_KEYED, Delivery.EXACTLY_ONCE),
            rows_default=100_000, rows_max=None, bytes_max=bulk2.BYTES_MAX, parallel_default=3, parallel_max=10,
            bytes_default=bulk2.BYTES_DEFAULT,
            unsupported_modes={Mode.INSERT: "its results come in no order, and new rows have no key to tell them by"},
        ),
        Api(
            name="rest", delivery=_REST,
            rows_default=200, rows_max=200, bytes_max=rest.BYTES_MAX, parallel_default=10, parallel_max=50,
        ),
    ),
    config=Config,
    options=Options,
    empty_text=EmptyText.NULL,
    mergeable=Mergeable(max_rows=merge.ROWS_MAX),
)  # fmt: skip


class _Writer(Protocol):
    """A module that writes batches in one way, with these two functions."""

    def write(self, org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch."""
        ...

    def recover(self, org: Org, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery | Unknown:
        """Find out what became of a batch."""
        ...


_WRITERS: Mapping[str, _Writer] = {"bulk": bulk, "bulk2": bulk2, "rest": rest}


def _writer(batch: Batch) -> _Writer:
    return merge if batch.action is Action.MERGE else _WRITERS[batch.api]


@hookimpl
def destination_spec() -> DestinationSpec:
    """Return what this destination can do: four modes through three APIs."""
    return SPEC


@hookimpl
def connect(config: Config, host: Host) -> Connection:
    """Log in to the org, and return the open connection."""
    return login.connect(config, host)


@hookimpl
def list_objects(connection: Connection) -> Sequence[ObjectInfo]:
    """Return the objects whose records the user may write."""
    with as_run_stopped():
        return describe.list_objects(connection.handle)


@hookimpl
def discover_schema(connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
    """Return one object with its fields, as the user sees it."""
    with as_run_stopped():
        return describe.discover_schema(connection.handle, object_name, refresh)


@hookimpl
def check_sync(connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
    """Return a problem for each option of the sync that needs a later API version than the connection has.

    Keep the calls of `keep_api_calls` for others from now on. Look-ups of the plan leave them alone, too.
    """
    client = connection.handle.client
    client.quota.keep(options.keep_api_calls)
    return tuple(check_version(client.version, sync, options))


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
    """Find records by the field's own rules of equality, and references by those of a query."""
    with as_run_stopped():
        return matching.match(
            connection.handle, objects, field, values,
            is_reference=is_reference, successors=successors, conditions=conditions,
        )  # fmt: skip


@hookimpl
def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Write a batch through its API, or merge its records."""
    connection.handle.client.quota.keep(options.keep_api_calls)
    with as_not_executed():
        return _read_result(connection, batch, _writer(batch).write(connection.handle, batch, options, attempt))


@hookimpl
def recover_batch(
    connection: Connection, batch: Batch, options: Options, attempt: Attempt
) -> WriteResult | Recovery | Unknown:
    """Find out from Salesforce what became of a batch."""
    connection.handle.client.quota.keep(options.keep_api_calls)
    answer = _writer(batch).recover(connection.handle, batch, options, attempt)
    return _read_result(connection, batch, answer) if isinstance(answer, WriteResult) else answer


def _read_result(connection: Connection, batch: Batch, result: WriteResult) -> WriteResult:
    """Return the result of a batch after two corrections.

    A row with a record id that cannot be its own is in doubt. An unresolved reference is described in the core's words.
    """
    org = connection.handle
    return reference_errors.with_reference_errors(org, batch, written_ids.with_doubts(org, batch, result))


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look up what an error means and what to do about it."""
    return codes.classify(error)


@hookimpl
def check_plan(connection: Connection, plan: PlanSummary, options: Options) -> Sequence[Finding]:
    """Check permissions, limits, automation and options before a run."""
    with as_run_stopped():
        return check.check_plan(connection.handle, plan, options)


@hookimpl
def commands() -> Sequence[click.Command]:
    """Return the commands that log in, log out and show who is logged in."""
    return login_commands(SPEC.name)
