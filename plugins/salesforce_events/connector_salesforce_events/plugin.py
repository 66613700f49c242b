"""The hooks of the platform events destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import connector_salesforce
from attrs import evolve
from connector_salesforce import Config, as_not_executed, as_run_stopped

from connector_salesforce_events import codes, describe, jobs, planning, publishing
from connector_salesforce_events.config import Options
from connector_salesforce_events.publishing import COLLECTION_MAX, COMPOSITE_MAX, Events
from connector_sdk import (
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

_ONE_CALL: Mapping[Mode, Delivery] = {Mode.INSERT: Delivery.AT_MOST_ONCE}
_BYTES = 8_000_000
_JOB_BYTES = 32_000_000

SPEC = DestinationSpec(
    name="salesforce_events",
    contract=2,
    modes={Mode.INSERT: frozenset({Removal.NOTHING})},
    apis=(
        Api(
            name="rest", delivery=_ONE_CALL,
            rows_default=COLLECTION_MAX, rows_max=COLLECTION_MAX, bytes_max=_BYTES, parallel_default=1, parallel_max=10,
            anchors_first=True,
        ),
        Api(
            name="composite", delivery=_ONE_CALL,
            rows_default=COMPOSITE_MAX, rows_max=COMPOSITE_MAX, bytes_max=_BYTES, parallel_default=1, parallel_max=10,
            anchors_first=True,
        ),
        Api(
            name="bulk2", delivery={Mode.INSERT: Delivery.EXACTLY_ONCE},
            rows_default=10_000, rows_max=100_000, bytes_max=_JOB_BYTES, parallel_default=1, parallel_max=5,
        ),
    ),
    config=Config,
    options=Options,
    empty_text=EmptyText.NULL,
    at_least_once=lambda options: options.delivery == "at_least_once",
)  # fmt: skip


@hookimpl
def destination_spec() -> DestinationSpec:
    """Declare one mode, which publishes an event for each new row."""
    return SPEC


@hookimpl
def connect(config: Config, host: Host) -> Connection:
    """Log in to the org."""
    connection = connector_salesforce.connect(config, host)
    return evolve(connection, handle=Events(connection.handle))


@hookimpl
def list_objects(connection: Connection) -> Sequence[ObjectInfo]:
    """List the events that the user may publish."""
    with as_run_stopped():
        return describe.list_objects(connection.handle.org)


@hookimpl
def discover_schema(connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
    """Describe the fields of an event."""
    with as_run_stopped():
        return describe.discover_schema(connection.handle.org, object_name, refresh)


@hookimpl
def check_sync(connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
    """Return the problems of the options, and reserve the API calls that they keep for others."""
    _keep(connection, options)
    return list(planning.check_sync(sync, options))


@hookimpl
def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Publish events."""
    _keep(connection, options)
    with as_not_executed():
        if batch.api == "bulk2":
            return jobs.write(connection.handle, batch, options, attempt)
        return publishing.write(connection.handle, batch, options, attempt)


@hookimpl
def recover_batch(
    connection: Connection, batch: Batch, options: Options, attempt: Attempt
) -> WriteResult | Recovery | Unknown:
    """Find out what happened to events whose answer was lost."""
    _keep(connection, options)
    if batch.api == "bulk2":
        return jobs.recover(connection.handle, batch, options, attempt)
    return publishing.recover(attempt)


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look up the code of the error."""
    return codes.classify(error)


@hookimpl
def check_plan(connection: Connection, plan: PlanSummary, options: Options) -> Sequence[Finding]:
    """Return what the hour allows, and what subscribers should know."""
    with as_run_stopped():
        return planning.check_plan(connection.handle, plan, options)


def _keep(connection: Connection, options: Options) -> None:
    connection.handle.org.client.quota.keep(options.keep_api_calls)


@hookimpl
def commands() -> Sequence[click.Command]:
    """Return the commands to log in, log out, and show which user is logged in."""
    return connector_salesforce.login_commands(SPEC.name)
