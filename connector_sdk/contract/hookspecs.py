"""The contract: the hooks that a destination implements, and those by which a host watches a run.

A destination is a module of functions without state, each marked with `@hookimpl` and named after its hook. A
function may take fewer arguments than its hook; arguments have no defaults. Hooks are called per batch, never per
row. `docs/destinations/hooks.md` shows every signature, `docs/destinations/tutorial.md` builds a destination step by
step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy
import pyarrow as pa

from connector_sdk.contract.batch import Attempt, Batch, Options
from connector_sdk.contract.connection import Call, Connection, Host
from connector_sdk.contract.errors import Problem
from connector_sdk.contract.outcome import Classification, Recovery, RowError, Unknown, WriteResult
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.project import Sync
from connector_sdk.contract.report import BatchReport, RunReport, RunStart
from connector_sdk.contract.schema import ObjectInfo, ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode

if TYPE_CHECKING:
    import click

PROJECT = "connector_sdk"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

REQUIRED = ("destination_spec", "connect", "list_objects", "discover_schema", "write_batch")
"""The hooks that every destination has."""

NEEDED_BY = {Mode.UPDATE: "match", Mode.ARCHIVE: "match", Mode.ALL: "read_records"}
"""The hooks that a destination needs for a mode."""


class DestinationHooks:
    """What a destination answers. The first answer that is not None counts."""

    @hookspec(firstresult=True)
    def destination_spec(self) -> DestinationSpec:
        """Describe the destination: its modes, its ways to write, and the classes of its configuration. Required.

        @hookimpl
        def destination_spec():
            return DestinationSpec(
                name="ledger",
                contract=1,
                modes={Mode.UPSERT: frozenset({Removal.NOTHING, Removal.DELETE})},
                apis=(Api("rest", {Mode.UPSERT: Delivery.AT_LEAST_ONCE}, 200, 200, 8_000_000, 4, 8),),
                config=Config,
                options=Options,
            )
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def connect(self, config: Any, host: Host) -> Connection:
        """Log in now and answer an open connection; raise `ConfigError` when that cannot succeed. Required.

        `config` is an instance of the spec's `config` class. Every secret goes to `host.hide` before it is used.

        @hookimpl
        def connect(config, host):
            host.hide(config.token)
            client = Client(config.url, config.token, host.call_finished)
            account = client.whoami()
            return Connection(client, account.id, account.name, account.live, client.close)
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def list_objects(self, connection: Connection) -> Sequence[ObjectInfo]:
        """List the objects that can be written, and in which modes. Required.

        @hookimpl
        def list_objects(connection):
            return [ObjectInfo("people", "People", frozenset({Mode.UPSERT}))]
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def discover_schema(self, connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
        """Describe one object and its fields; raise `ConfigError` when it does not exist. Required.

        `refresh` asks for the schema as it is now, past any cache.

        @hookimpl
        def discover_schema(connection, object_name, refresh):
            fields = (Field("key", FieldType.TEXT, unique=True, external_id=True), Field("name", FieldType.TEXT))
            return ObjectSchema(object_name, object_name.title(), fields, frozenset({Mode.UPSERT}))
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_sync(self, connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
        """Look at the settings of a sync: what neither the spec nor the schema of its objects can forbid.

        @hookimpl
        def check_sync(connection, sync, options):
            if connection.handle.is_shared(sync.objects[0]) and not options.shared:
                place = ("syncs", sync.name, "options", "shared")
                return [Problem(f"others use {sync.objects[0]} too", place, "set shared: true if that is meant")]
            return []
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def match(
        self,
        connection: Connection,
        objects: Sequence[str],
        field: str,
        values: pa.Array,
        is_reference: bool,
        successors: Sequence[str],
    ) -> pa.Table:
        """Find the records whose `field` has one of `values`, in each of `objects`.

        Answers an Arrow table `(position: int64, object_name: string, record_id: string)`; `position` indexes
        `values`. No line: not found; several lines: several records; a null `record_id`: no record can ever have this
        value. Pairing and case rules are the plugin's. `is_reference` asks for records that rows refer to, which a
        destination may search for by other rules than those by which it matches a key. `successors` are objects that
        are not searched: a record that became one of theirs is answered as that one.

        @hookimpl
        def match(connection, objects, field, values):
            found = connection.handle.search(objects[0], field, values.to_pylist())
            lines = [(i, objects[0], id_) for i, ids in enumerate(found) for id_ in ids]
            columns = [[line[n] for line in lines] for n in range(3)]
            return pa.table(columns, schema=MATCH_SCHEMA)
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def read_records(
        self, connection: Connection, object_name: str, fields: Sequence[str]
    ) -> tuple[pa.RecordBatchReader, str]:
        """Read what the target holds now, as an Arrow stream of `fields`, and the version it is at.

        Needed for mode `all`, which compares the model with it.

        @hookimpl
        def read_records(connection, object_name, fields):
            rows, version = connection.handle.read_all(object_name)
            return rows.select(fields).to_reader(), version
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def write_batch(self, connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch and answer one line per row, in the same order. Required.

        Raise `NotExecuted` when nothing was executed for certain, let any other error through. No loop over
        attempts and no sleep but `attempt.wait`. What identifies the batch goes into `attempt.anchor` as soon as it
        is known. What to do is `batch.action`: in mode upsert, rows that left the model come as updates or deletions
        by record id. A deletion has no columns; `batch.rows.num_rows` still counts its rows. Nor has a merge of records
        into those that `batch.into` names; it answers the ids of these.

        @hookimpl
        def write_batch(connection, batch, options, attempt):
            answers = connection.handle.put(batch.object_name, batch.rows.to_pylist())
            return WriteResult.of(
                ["succeeded" if each.ok else "failed" for each in answers],
                record_id=[each.id for each in answers],
                code=[each.code for each in answers],
            )
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def recover_batch(
        self, connection: Connection, batch: Batch, options: Options, attempt: Attempt
    ) -> WriteResult | Recovery | Unknown:
        """Find out what became of a batch whose answer was lost; called only when it has an anchor.

        Answers its result, `NOT_EXECUTED` when it was not executed and cannot be any more, or `Unknown` with a hint
        where a person can look. Raises when it cannot tell now; it is asked again.

        @hookimpl
        def recover_batch(connection, batch, options, attempt):
            job = connection.handle.job(attempt.anchors[-1].handle["job"])
            return job.result() if job.committed else NOT_EXECUTED
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def classify_error(self, error: RowError | BaseException) -> Classification | None:
        """Say what an error asks for. Called once per distinct code and action, or for an exception, from any thread.

        None leaves it to the defaults: a row is rejected, a network error is transient, anything else is fatal.

        @hookimpl
        def classify_error(error):
            if isinstance(error, RowError) and error.code == "locked":
                return Classification(Kind.TRANSIENT, Executed.NO, "Somebody else is writing it.", "Try again.")
            return None
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_plan(
        self, connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None
    ) -> Sequence[Finding]:
        """Look at a plan before it runs: quota, permissions, automation. A `stop` keeps the run from starting.

        In mode `all`, `replacement` is the list as it will be written, None where nothing would change.

        @hookimpl
        def check_plan(connection, plan, options):
            left = connection.handle.quota()
            if sum(plan.batches.values()) > left:
                return [Finding(Level.STOP, f"{left} calls are left today", "Raise batch_size, or wait.")]
            return []
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def commands(self) -> Sequence[click.Command]:
        """Commands that the plugin adds below `connector NAME`.

        @hookimpl
        def commands():
            return [login]
        """
        raise NotImplementedError


class ObserverHooks:
    """What a host may watch. Every implementation is called; one that raises is reported once and left out."""

    @hookspec
    def run_started(self, start: RunStart) -> None:
        """A run is about to begin.

        @hookimpl
        def run_started(start):
            print("run", start.run, "of", start.sync)
        """

    @hookspec
    def run_planned(self, plan: PlanSummary, findings: Sequence[Finding]) -> None:
        """The plan of a run is frozen, and nothing of it is written yet; `findings` did not keep it from running.

        @hookimpl
        def run_planned(plan, findings):
            bar.total = sum(plan.planned.values())
            for each in findings:
                log.info("%s: %s", each.level, each.message)
        """

    @hookspec
    def batch_finished(self, batch: BatchReport) -> None:
        """The rows of a batch have outcomes.

        @hookimpl
        def batch_finished(batch):
            bar.advance(batch.rows)
        """

    @hookspec
    def call_finished(self, call: Call) -> None:
        """An API call was made. Called from the thread that made it.

        @hookimpl
        def call_finished(call):
            log.info("%s %s %s", call.method, call.url, call.status)
        """

    @hookspec
    def run_finished(self, report: RunReport) -> None:
        """A run ended, whatever the reason.

        @hookimpl
        def run_finished(report):
            if report.exit:
                page(report)
        """
