"""The hooks of the picklist destination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import connector_salesforce
import pyarrow as pa
from attrs import evolve
from connector_salesforce import Config, as_not_executed, as_run_stopped

from connector_salesforce_picklist import codes, describe, planning, reading, writing
from connector_salesforce_picklist.commands import restore
from connector_salesforce_picklist.config import Options
from connector_salesforce_picklist.lists import Lists
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
    WriteResult,
    hookimpl,
)

if TYPE_CHECKING:
    import click

SPEC = DestinationSpec(
    name="salesforce_picklist",
    contract=2,
    modes={Mode.ALL: frozenset({Removal.NOTHING})},
    apis=(
        Api(
            name="metadata", delivery={Mode.ALL: Delivery.AT_LEAST_ONCE},
            rows_default=1_000, rows_max=None, bytes_max=None, parallel_default=1, parallel_max=1,
        ),
    ),
    config=Config,
    options=Options,
    empty_text=EmptyText.NULL,
    released_guards=lambda options: frozenset({"min_rows", "max_removed"}) if options.allow_empty else frozenset(),
)  # fmt: skip


@hookimpl
def destination_spec() -> DestinationSpec:
    """Declare one mode, in which the model is the list of active values."""
    return SPEC


@hookimpl
def connect(config: Config, host: Host) -> Connection:
    """Log in to the org."""
    connection = connector_salesforce.connect(config, host)
    return evolve(connection, handle=Lists(connection.handle))


@hookimpl
def list_objects(connection: Connection) -> Sequence[ObjectInfo]:
    """List the objects that can have picklists."""
    with as_run_stopped(codes.classify):
        return describe.list_objects(connection.handle.org)


@hookimpl
def discover_schema(connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
    """Describe the picklists of an object."""
    with as_run_stopped(codes.classify):
        return describe.discover_schema(connection.handle.org, object_name, refresh)


@hookimpl
def check_sync(connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
    """Return the problems that keep the sync from writing its picklist with these columns."""
    with as_run_stopped(codes.classify):
        return list(planning.check_sync(connection.handle, sync, options))


@hookimpl
def read_records(connection: Connection, object_name: str, fields: Sequence[str]) -> tuple[pa.RecordBatchReader, str]:
    """Return the active values of a picklist, and the version of its complete metadata."""
    with as_run_stopped(codes.classify):
        picklist = connection.handle.read(object_name, reading.field_of(fields))
    return reading.rows(picklist, fields), picklist.version


@hookimpl
def write_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Make the rows the active values."""
    with as_not_executed():
        return writing.write(connection.handle, batch, options, attempt)


@hookimpl
def recover_batch(connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery:
    """Return the result if the org has the values, else `NOT_EXECUTED`."""
    return writing.recover(connection.handle, batch, options, attempt)


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look up the code of the error."""
    return codes.classify(error)


@hookimpl
def check_plan(
    connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None
) -> Sequence[Finding]:
    """Return what the list changes, and each rule that it breaks."""
    with as_run_stopped(codes.classify):
        return planning.check_plan(connection.handle, plan, options, replacement)


@hookimpl
def commands() -> Sequence[click.Command]:
    """Return the commands to log in, and `restore`."""
    return (*connector_salesforce.login_commands(SPEC.name), restore)
