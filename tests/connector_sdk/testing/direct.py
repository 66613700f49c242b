"""Writes to the reference destination without a core, the way the core would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from connector_sdk import Action, Batch, Column, Destination, Mode, OnNull, Recovery, Unknown, WriteResult
from connector_sdk.testing.doubles import RecordingHost, RecordingRun
from connector_sdk.testing.reference import plugin
from connector_sdk.testing.reference.writers import Options

MODES = {
    Action.CREATE: Mode.INSERT,
    Action.UPDATE: Mode.UPDATE,
    Action.UPSERT: Mode.UPSERT,
    Action.DELETE: Mode.ARCHIVE,
    Action.REPLACE: Mode.ALL,
}


class Direct:
    def __init__(self, destination: Destination, path: str) -> None:
        self.destination = destination
        self.path = path
        self.host = RecordingHost()
        self.run = RecordingRun()
        self.options = Options(look_every=0)
        self.connection = destination.connect(plugin.Config(path), self.host)
        self.numbers = 0

    def restart(self) -> None:
        """Simulate a new process: what lived in the handle is gone, anchors stay."""
        self.connection = self.destination.connect(plugin.Config(self.path), self.host)

    def batch(
        self,
        object_name: str,
        action: Action,
        rows: Sequence[Mapping[str, Any]],
        *,
        api: str = "call",
        ids: Sequence[str | None] | None = None,
        on_null: OnNull = OnNull.CLEAR,
        columns: Sequence[Column] = (),
        match_field: str | None = None,
        version: str | None = None,
    ) -> Batch:
        self.numbers += 1
        used = tuple(columns) or tuple(Column(name, on_null) for name in (rows[0] if rows else {}))
        values = [pa.array([row[each.field] for row in rows]) for each in used]
        table = pa.table(values, names=[each.field for each in used])
        if not used:
            table = pa.table({"": pa.nulls(len(ids or []))}).select([])
        record_ids = None if ids is None else pa.array(ids, pa.string())
        return Batch(
            run="r1",
            number=self.numbers,
            object_name=object_name,
            action=action,
            mode=MODES[action],
            api=api,
            columns=used,
            rows=table,
            record_ids=record_ids,
            match_field=match_field,
            version=version,
        )

    def write(self, batch: Batch, attempt: int = 1) -> WriteResult:
        return self.destination.write_batch(self.connection, batch, self.options, self.run.attempt(batch, attempt))

    def recover(self, batch: Batch, attempt: int = 1) -> WriteResult | Recovery | Unknown:
        return self.destination.recover_batch(self.connection, batch, self.options, self.run.attempt(batch, attempt))

    def upsert(self, *rows: Mapping[str, Any], api: str = "call") -> list[dict[str, Any]]:
        return lines(self.write(self.batch("people", Action.UPSERT, rows, api=api, match_field="external_id")))


def lines(result: object) -> list[dict[str, Any]]:
    assert isinstance(result, WriteResult), result
    answered: list[dict[str, Any]] = result.rows.to_pylist()
    return answered


def person(key: str, **more: Any) -> dict[str, Any]:
    return {"external_id": key, "name": f"Name of {key}", **more}
