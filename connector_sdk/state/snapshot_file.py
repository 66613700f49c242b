"""Find and check the snapshot file of a sync, and write copies with rows that are known to be at the destination."""

from __future__ import annotations

import secrets
from pathlib import Path

import pyarrow as pa
from attrs import evolve

from connector_sdk.contract.errors import RunStopped
from connector_sdk.files.corruption import SNAPSHOT, checksum
from connector_sdk.files.private import make_file, make_folder, on_disk
from connector_sdk.state.folder import StateFolder
from connector_sdk.state.records import SyncState


def snapshot_file(folder: StateFolder, state: SyncState | None) -> Path | None:
    """Return the current snapshot of a sync, or None. Raises `RunStopped` (exit 6) if its content has changed."""
    if state is None or state.snapshot is None:
        return None
    path = folder.path / state.snapshot
    with SNAPSHOT.reading(path):
        if not path.is_relative_to(folder.path) or ".." in Path(state.snapshot).parts:
            raise ValueError("it does not lie in the state folder")
        if checksum(path) != state.checksum and state.checksum is not None:
            raise ValueError("it is not what was written (its checksum differs)")
    return path


def describe_snapshot(folder: StateFolder, state: SyncState) -> str:
    """Return how many rows the current snapshot has, with the keys of a few, as text; empty if it cannot be read."""
    import pyarrow.parquet as pq

    try:
        path = snapshot_file(folder, state)
    except RunStopped:
        return ""
    if path is None:
        return ""
    with SNAPSHOT.reading(path):
        rows = pq.ParquetFile(path)
        first = next(rows.iter_batches(3, columns=["key"]), None)
    keys = first.column("key").to_pylist() if first else []
    more = ", ..." if rows.metadata.num_rows > len(keys) else ""
    return f"{rows.metadata.num_rows:,} rows: {', '.join(keys)}{more}"


def add_rows(folder: StateFolder, sync: str, run: str, state: SyncState, rows: pa.Table) -> SyncState:
    """Write a snapshot in which `rows` (`key` and `record_id`) count as accepted. Return the state with it."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    former = snapshot_file(folder, state)
    target = folder.snapshot(sync, f"{run}-{secrets.token_hex(4)}")
    make_folder(target.parent)
    fresh = target.with_suffix(".new")
    schema = pq.read_schema(former) if former else rows.schema
    make_file(fresh)
    with pq.ParquetWriter(fresh, schema) as writer:
        for batch in pq.ParquetFile(former).iter_batches() if former else ():
            writer.write_batch(batch.filter(pc.invert(pc.is_in(batch.column("key"), rows.column("key")))))
        writer.write_table(_with_columns(rows, schema))
    on_disk(fresh)
    fresh.replace(target)
    on_disk(target.parent, target.parent.parent)
    return with_snapshot(folder, state, target)


def with_snapshot(folder: StateFolder, state: SyncState, snapshot: Path) -> SyncState:
    """Return the state with another snapshot and its checksum."""
    return evolve(state, snapshot=str(snapshot.relative_to(folder.path)), checksum=checksum(snapshot))


def _with_columns(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the rows with all columns of a schema. Columns that they lack are null."""
    have = rows.column_names
    columns = [rows.column(each.name) if each.name in have else pa.nulls(rows.num_rows, each.type) for each in schema]
    return pa.table(columns, schema=schema)
