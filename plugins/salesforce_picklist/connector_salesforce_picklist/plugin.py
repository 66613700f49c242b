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
    contract=1,
    modes={Mode.ALL: frozenset({Removal.NOTHING})},
    apis=(
        Api(
            "metadata", {Mode.ALL: Delivery.AT_LEAST_ONCE},
            rows_default=1_000, rows_max=None, bytes_max=None, parallel_default=1, parallel_max=1,
        ),
    ),
    config=Config,
    options=Options,
    empty_text=EmptyText.NULL,
    accepts=lambda options: frozenset({"min_rows", "max_removed"}) if options.allow_empty else frozenset(),
)  # fmt: skip


@hookimpl
def destination_spec() -> DestinationSpec:
    """One mode: the model is the list of active values."""
    return SPEC


@hookimpl
def connect(config: Config, host: Host) -> Connection:
    """Log in to the org."""
    connection = connector_salesforce.connect(config, host)
    return evolve(connection, handle=Lists(connection.handle))


@hookimpl
def list_objects(connection: Connection) -> Sequence[ObjectInfo]:
    """The objects that can have picklists."""
    with as_run_stopped(codes.classify):
        return describe.list_objects(connection.handle.org)


@hookimpl
def discover_schema(connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
    """The picklists of an object."""
    with as_run_stopped(codes.classify):
        return describe.discover_schema(connection.handle.org, object_name, refresh)


@hookimpl
def check_sync(connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
    """Whether the picklist may be written, and with these columns."""
    with as_run_stopped(codes.classify):
        return list(planning.check_sync(connection.handle, sync, options))


@hookimpl
def read_records(connection: Connection, object_name: str, fields: Sequence[str]) -> tuple[pa.RecordBatchReader, str]:
    """The active values of a picklist; the version is that of its whole metadata."""
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
    """See whether the values are there."""
    return writing.recover(connection.handle, batch, options, attempt)


@hookimpl
def classify_error(error: RowError | BaseException) -> Classification | None:
    """Look the code up."""
    return codes.classify(error)


@hookimpl
def check_plan(
    connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None
) -> Sequence[Finding]:
    """What the list changes, and every rule that it breaks."""
    with as_run_stopped(codes.classify):
        return planning.check_plan(connection.handle, plan, options, replacement)


@hookimpl
def commands() -> Sequence[click.Command]:
    """Log in, and bring the values back that a run changed."""
    return (*connector_salesforce.login_commands(SPEC.name), restore)
