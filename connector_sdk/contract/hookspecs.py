"""The contract: the hooks that a destination implements.

A destination is a module of stateless functions. Each function is marked with `@hookimpl` and named after its hook.
It may take fewer arguments than the hook, and its arguments have no defaults. The core calls hooks per batch, never
per row. `docs/destinations/hooks.md` shows every signature; `docs/destinations/tutorial.md` builds a destination step
by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy
import pyarrow as pa

from connector_sdk.contract.batch import Attempt, Batch, Block, Options
from connector_sdk.contract.connection import Connection, Host
from connector_sdk.contract.errors import Problem
from connector_sdk.contract.outcome import Classification, Recovery, RowError, Unknown, WriteResult
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.project import Sync
from connector_sdk.contract.schema import ObjectInfo, ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode

if TYPE_CHECKING:
    import click

PROJECT = "connector_sdk"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

REQUIRED = ("destination_spec", "connect", "list_objects", "discover_schema", "write_batch")
"""The hooks that every destination must implement."""

NEEDED_BY = {Mode.UPDATE: "match", Mode.ARCHIVE: "match", Mode.ALL: "read_records"}
"""The hook that each of these modes needs."""


class DestinationHooks:
    """The hooks of a destination. The first answer that is not None counts."""

    @hookspec(firstresult=True)
    def destination_spec(self) -> DestinationSpec:
        """Describe the destination: its modes, its apis, and the classes of its configuration. Required.

        @hookimpl
        def destination_spec():
            return DestinationSpec(
                name="ledger",
                contract=2,
                modes={Mode.UPSERT: frozenset({Removal.NOTHING, Removal.DELETE})},
                apis=(Api(name="rest", delivery={Mode.UPSERT: Delivery.AT_LEAST_ONCE}, rows_default=200),),
                config=Config,
                options=Options,
            )
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def connect(self, config: Any, host: Host) -> Connection:
        """Log in now and return an open connection. Required.

        `config` is an instance of the spec's `config` class. Raise `ConfigError` if the login cannot succeed. Pass
        every secret to `host.hide` before you use it.

        @hookimpl
        def connect(config, host):
            host.hide(config.token)
            client = Client(config.url, config.token, host.call_finished)
            account = client.whoami()
            return Connection(
                handle=client, account=account.id, label=account.name, production=account.live, close=client.close
            )
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def list_objects(self, connection: Connection) -> Sequence[ObjectInfo]:
        """List the objects that can be written, each with its modes. Required.

        @hookimpl
        def list_objects(connection):
            return [ObjectInfo("people", "People", frozenset({Mode.UPSERT}))]
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def discover_schema(self, connection: Connection, object_name: str, refresh: bool) -> ObjectSchema:
        """Describe one object and its fields. Required.

        Raise `ConfigError` if the object does not exist. If `refresh` is true, bypass every cache.

        @hookimpl
        def discover_schema(connection, object_name, refresh):
            key = Field(name="key", type=FieldType.TEXT, unique=True, external_id=True)
            name = Field(name="name", type=FieldType.TEXT)
            modes = frozenset({Mode.UPSERT})
            return ObjectSchema(name=object_name, label=object_name.title(), fields=(key, name), modes=modes)
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_sync(self, connection: Connection, sync: Sync, options: Options) -> Sequence[Problem]:
        """Check the settings of a sync for problems that neither the spec nor the schemas of its objects rule out.

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
        conditions: Mapping[str, Any],
    ) -> pa.Table:
        """Find the records whose `field` has one of `values`, in each of `objects`.

        Return an Arrow table `(position: int64, object_name: string, record_id: string)`. `position` is an index into
        `values`. A value without a line was not found; a value with several lines has several records. A null
        `record_id` means that no record can ever have the value. The plugin decides which values are equal, for
        example whether case matters.

        `is_reference` is true if rows refer to these records. A destination may search for them by other rules than
        for a key. Do not search the objects in `successors`. If a record that you find was converted into a record
        of one of them, return that record instead.

        `conditions` are further fields, each with the value that a record must have there; without them a record is
        found whatever else it holds. A value has the Python type of its field. For a plugin that does not take them,
        a project whose lookups have conditions is refused.

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
        """Read what the target holds now: an Arrow stream of `fields`, and the version of the target.

        Mode `all` needs this hook, because it compares the model with the target.

        @hookimpl
        def read_records(connection, object_name, fields):
            rows, version = connection.handle.read_all(object_name)
            return rows.select(fields).to_reader(), version
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def write_batch(self, connection: Connection, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
        """Write a batch and return one line per row, in the order of the rows. Required.

        Raise `NotExecuted` only if you are certain that nothing was executed; let every other error propagate. Don't
        retry, and don't sleep except with `attempt.wait`. As soon as you know what identifies the batch, such as a
        job id, pass it to `attempt.anchor`.

        `batch.action` says what to do. In mode upsert, rows that left the model arrive as updates or deletions by
        record id. A deletion has no columns; `batch.rows.num_rows` still counts its rows. A merge has no columns
        either: it merges records into those that `batch.merge_into` names, and returns the ids of the latter.

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
        """Find out what happened to a batch whose response was lost. Called only if the batch has an anchor.

        Return its result if it was executed. Return `NOT_EXECUTED` if it was not, and can no longer be. Return
        `Unknown`, with a hint where a person can look, if you can never know. Raise if you do not know yet: the core
        asks again.

        @hookimpl
        def recover_batch(connection, batch, options, attempt):
            job = connection.handle.job(attempt.anchors[-1].handle["job"])
            return job.result() if job.committed else NOT_EXECUTED
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def classify_error(self, error: RowError | BaseException) -> Classification | None:
        """Classify an error. Called once per distinct code and action, or for an exception, from any thread.

        Return None to use the defaults: a row is rejected, a network error is transient, anything else is fatal.

        @hookimpl
        def classify_error(error):
            if isinstance(error, RowError) and error.code == "locked":
                cause, advice = "Another client is writing the record.", "Nothing to do: it is tried again."
                return Classification(kind=Kind.TRANSIENT, executed=Executed.NO, cause=cause, advice=advice)
            return None
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def check_plan(
        self, connection: Connection, plan: PlanSummary, options: Options, replacement: Batch | None
    ) -> Sequence[Finding]:
        """Check a plan before it runs: quota, permissions, automation. A `stop` keeps the run from starting.

        In mode `all`, `replacement` is the list that the run will write, or None if nothing would change.

        @hookimpl
        def check_plan(connection, plan, options):
            left = connection.handle.quota()
            if sum(plan.batches.values()) > left:
                return [Finding(Level.STOP, f"{left} calls are left today", "Raise batch_size, or wait.")]
            return []
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def encode_rows(self, connection: Connection, block: Block, options: Options) -> pa.Table:
        """Encode the rows of a block as lines that are ready to send. No version calls this hook yet.

        Return an Arrow table with `ENCODED_SCHEMA` and one line per row, in the order of the rows. A row that cannot
        be encoded has no `line`; its `code` and `message` say why. The core cuts batches by the size of the lines.
        Called once per block, from any thread.

        @hookimpl
        def encode_rows(connection, block):
            lines = [json.dumps(row, default=str).encode() for row in block.rows.to_pylist()]
            none = [None] * len(lines)
            return pa.table([lines, none, none], schema=ENCODED_SCHEMA)
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def read_current(
        self, connection: Connection, object_name: str, fields: Sequence[str], record_ids: pa.Array
    ) -> pa.Table:
        """Read what records hold now. No version calls this hook yet.

        Return an Arrow table of `record_id` and `fields`, with one line per record that exists, in any order.

        @hookimpl
        def read_current(connection, object_name, fields, record_ids):
            found = connection.handle.get(object_name, record_ids.to_pylist(), fields)
            return pa.Table.from_pylist([{"record_id": id_, **values} for id_, values in found.items()])
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def commands(self) -> Sequence[click.Command]:
        """Return the commands that the plugin adds below `connector NAME`.

        @hookimpl
        def commands():
            return [login]
        """
        raise NotImplementedError
