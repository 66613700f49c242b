"""The destination under test, connected, with helpers to write to it and to read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from attrs import define, evolve, field, frozen

from connector_sdk import (
    NOT_EXECUTED,
    Action,
    Api,
    Attempt,
    Batch,
    Connection,
    Destination,
    Field,
    Mode,
    ObjectSchema,
    OnNull,
    PluginError,
    WriteResult,
)
from connector_sdk.contract.batch import ACTIONS
from connector_sdk.testing.conformance.samples import Row, Samples, columns, table
from connector_sdk.testing.doubles import RecordingHost, RecordingRun


@frozen
class Way:
    """A way to write: a mode through an api."""

    api: Api
    mode: Mode

    def __str__(self) -> str:
        return f"{self.api.name}-{self.mode}"


@frozen
class Target:
    """What a test writes: an object, a mode and api, and these fields."""

    way: Way
    schema: ObjectSchema
    match_field: str | None
    fields: tuple[Field, ...]


@define
class Subject:
    """A connected destination. `reopen` simulates a new process: it loses the connection's state, not the anchors."""

    destination: Destination
    config: Callable[[], Any]
    options: Any
    samples: Samples
    object_for: Callable[[Mode], str | None]
    host: RecordingHost = field(factory=RecordingHost)
    run: RecordingRun = field(factory=RecordingRun)
    connection: Connection = field(init=False)
    _number: int = 0
    _runs: int = 1

    def __attrs_post_init__(self) -> None:
        self.connection = self.destination.connect(self.config(), self.host)

    def reopen(self) -> None:
        """Close the connection, and connect again."""
        self.connection.close()
        self.connection = self.destination.connect(self.config(), self.host)

    def another_run(self) -> None:
        """Begin another run through the same connection. The new run has no anchors yet."""
        self._runs += 1
        self.run = RecordingRun()

    def target(self, way: Way) -> Target:
        """Return an object that can be written this way, with its fields. Skips the test if there is none."""
        chosen = self.object_for(way.mode)
        names = [each.name for each in self.destination.list_objects(self.connection) if way.mode in each.modes]
        for name in [chosen] if chosen else names:
            schema = self.destination.discover_schema(self.connection, name)
            match_field = _match_field(schema, way.mode)
            if match_field or way.mode not in (Mode.UPSERT, Mode.ALL):
                return Target(way, schema, match_field, self.samples.fields(schema, way.mode, match_field))
        pytest.skip(f"no object can be written in mode {way.mode}")

    def batch(
        self,
        target: Target,
        rows: Sequence[Row],
        *,
        fields: Sequence[Field] | None = None,
        on_null: OnNull = OnNull.CLEAR,
        ids: Sequence[str | None] | None = None,
        version: str | None = None,
    ) -> Batch:
        """Build a batch of rows. A deletion has only `ids`, no columns."""
        self._number += 1
        way, used = target.way, target.fields if fields is None else fields
        deleting = way.mode is Mode.ARCHIVE
        return Batch(
            run=f"conformance-{self._runs}",
            number=self._number,
            object_name=target.schema.name,
            action=ACTIONS[way.mode],
            mode=way.mode,
            api=way.api.name,
            columns=() if deleting else columns(used, on_null),
            rows=pa.table({"": pa.nulls(len(ids or ()))}).select([]) if deleting else table(used, rows),
            record_ids=None if ids is None else pa.array(ids, pa.string()),
            match_field=target.match_field if way.mode in (Mode.UPSERT, Mode.ALL) else None,
            version=version,
        )

    def make_merge_batch(self, target: Target, ids: Sequence[str], into: Sequence[str]) -> Batch:
        """Build a batch that merges records into others. Skips the test if they cannot be merged."""
        if self.destination.spec.mergeable is None or not target.schema.mergeable:
            pytest.skip(f"records of {target.schema.name} cannot be merged")
        empty = self.batch(target, [{} for _ in ids], fields=[], ids=ids)
        rows = pa.table({"": pa.nulls(len(ids))}).select([])
        return evolve(empty, action=Action.MERGE, rows=rows, match_field=None, merge_into=pa.array(into, pa.string()))

    def write(self, batch: Batch, attempt: Attempt | None = None) -> list[Row]:
        """Write a batch, and return the lines of the result."""
        own = attempt or self.run.attempt(batch)
        result = self.destination.write_batch(self.connection, batch, self.options, own)
        return list(result.rows.to_pylist())

    def settle(self, batch: Batch, number: int) -> list[Row]:
        """Recover a batch in doubt, or write it if it was not executed, as the core does. Return the lines."""
        attempt = self.run.attempt(batch, number)
        if attempt.anchors:
            answer = self.destination.recover_batch(self.connection, batch, self.options, attempt)
            if isinstance(answer, WriteResult):
                return list(answer.rows.to_pylist())
            assert answer is NOT_EXECUTED, f"an api that delivers exactly once can always tell, not {answer}"
        return self.write(batch, self.run.attempt(batch, number + 1))

    def create(self, target: Target, count: int) -> tuple[list[Row], list[str]]:
        """Create records to change or delete, and return their rows and ids. Skips the test if none can be created."""
        for api in self.destination.spec.apis:
            for mode in (Mode.UPSERT, Mode.INSERT):
                if mode in api.modes and mode in target.schema.modes:
                    return self._create_rows(Target(Way(api, mode), target.schema, *self._fields(target, mode)), count)
        pytest.skip("the destination cannot create the records that this would need")

    def find_ids(self, target: Target, values: Sequence[Any]) -> list[list[str]]:
        """Find the ids of the records that have each of the values in the match field."""
        (key,) = (each for each in target.schema.fields if each.name == target.match_field)
        typed = table([key], [{key.name: value} for value in values]).column(key.name).combine_chunks()
        lines = self.destination.match(self.connection, [target.schema.name], key.name, typed).to_pylist()
        return [[line["record_id"] for line in lines if line["position"] == n] for n in range(len(values))]

    def read(self, object_name: str, fields: Sequence[str]) -> list[Row]:
        """Read the records of an object. Skips the test if the destination has no `read_records`."""
        try:
            rows, _ = self.destination.read_records(self.connection, object_name, fields)
        except PluginError as error:
            if "answered nothing" not in str(error):
                raise
            pytest.skip("the destination cannot be read back; present() can do it")
        return list(rows.read_all().to_pylist())

    def _fields(self, target: Target, mode: Mode) -> tuple[str | None, tuple[Field, ...]]:
        match_field = _match_field(target.schema, mode)
        return match_field, self.samples.fields(target.schema, mode, match_field)

    def _create_rows(self, target: Target, count: int) -> tuple[list[Row], list[str]]:
        rows = self.samples.rows(target.fields, count, start=self._number * 100)
        lines = self.write(self.batch(target, rows))
        assert all(line["status"] == "succeeded" for line in lines), lines
        return rows, [line["record_id"] for line in lines]


def _match_field(schema: ObjectSchema, mode: Mode) -> str | None:
    """Return the external id field to match on, preferably a recommended one; None if there is none."""
    keys = [each for each in schema.fields if each.external_id and mode not in each.not_matchable]
    keys.sort(key=lambda each: not each.recommended)
    return keys[0].name if keys else None
