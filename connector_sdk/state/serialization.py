"""Convert database rows to the journal's entries, and back."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from attrs import fields

from connector_sdk.contract.batch import Action, Anchor
from connector_sdk.state.records import (
    BatchProgress,
    BatchState,
    CountedRows,
    HeldRow,
    JournalledBatch,
    JournalledRun,
    NewBatch,
    Ranges,
    RemovedRows,
    RunState,
    SyncState,
)

RUN = "id, sync, state, created, account, config, report, session, since, planned"
SYNC = "target, fingerprints, snapshot, run, generation, checksum"
BATCH = "run, number, stage, object, action, shape, rows, state, attempts, round, lane, found, submitted, repeated"
PROGRESS = "number, state, rows, repeated, parent is null, counts"
ANCHOR = "batch, attempt, step, handle, at"


def load_run(row: tuple[Any, ...]) -> JournalledRun:
    """Return a run from the columns `RUN`."""
    id_, sync, state, *rest = row
    return JournalledRun(id_, sync, RunState(state), *rest)


def load_sync(row: tuple[Any, ...]) -> SyncState:
    """Return the state of a sync from the columns `SYNC`."""
    target, fingerprints, *rest = row
    return SyncState(json.loads(target), json.loads(fingerprints), *rest)


def load_held(row: tuple[Any, ...]) -> HeldRow:
    """Return a held row from the columns `key, look, rows`."""
    return HeldRow(*row)


def load_removed(row: tuple[Any, ...]) -> RemovedRows:
    """Return what a run removed from the columns `at, rows, known`."""
    return RemovedRows(*row)


def load_batch(row: tuple[Any, ...]) -> JournalledBatch:
    """Return a batch from the columns `BATCH`."""
    run, number, stage, object_name, action, shape, rows, state, attempts, round_, lane, found, submitted, again = row
    ids = {int(each): id_ for each, id_ in json.loads(found).items()} if found else {}
    return JournalledBatch(
        stage, object_name, Action(action), shape, _ranges(rows), round_, lane, ids, submitted, bool(again),
        run=run, number=number, state=BatchState(state), attempts=attempts,
    )  # fmt: skip


def load_progress(row: tuple[Any, ...]) -> BatchProgress:
    """Return the progress of a batch from the columns `PROGRESS`."""
    number, state, rows, repeated, first, counts = row
    counted = tuple(CountedRows(*each) for each in json.loads(counts)) if counts is not None else None
    return BatchProgress(number, BatchState(state), _ranges(rows), bool(repeated), bool(first), counted)


def _ranges(rows: str) -> Ranges:
    return tuple((start, stop) for start, stop in json.loads(rows))


def make_planned_batch(run: str, number: int, batch: NewBatch) -> JournalledBatch:
    """Return the journal's entry for a new batch, which was not sent yet."""
    shared = {each.name: getattr(batch, each.name) for each in fields(NewBatch)}
    return JournalledBatch(**shared, run=run, number=number, state=BatchState.PLANNED, attempts=0)


def load_anchor(row: tuple[Any, ...]) -> Anchor:
    """Return an anchor from the columns `ANCHOR`."""
    batch, attempt, step, handle, at = row
    return Anchor(batch=batch, attempt=attempt, step=step, handle=json.loads(handle), at=at)


def load_outcomes(row: tuple[Any, ...]) -> pa.Table:
    """Return outcomes from the bytes that `dump_outcomes` made of them."""
    options = pa.ipc.IpcReadOptions(use_threads=False)
    outcomes = pa.ipc.open_stream(pa.py_buffer(row[0]), options=options).read_all()
    outcomes.validate(full=True)
    return outcomes


def dump_outcomes(outcomes: pa.Table) -> bytes:
    """Return outcomes as the bytes that the journal stores: a compressed Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_stream(sink, outcomes.schema, options=options) as writer:
        writer.write_table(outcomes)
    return bytes(sink.getvalue())
