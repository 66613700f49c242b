"""Rows that left the model: what to do with their records, and which keys to forget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
from attrs import frozen

from connector_sdk.contract.batch import Action, Column
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect, Finding, Level
from connector_sdk.contract.schema import FieldType
from connector_sdk.contract.spec import Removal
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import count, file, text
from connector_sdk.planning.diff.changes import Changes
from connector_sdk.planning.diff.shared_records import keep_shared, keep_successors
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.frozen import DROPPED
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.matches import Match
from connector_sdk.planning.request import PlanRequest

_NAMED = 3


@frozen
class Removals:
    """The rows to remove at the destination, in `file` (None without any), and their number.

    `sent` counts those whose records are really removed, `left` all keys that left, including those that are only
    forgotten.
    """

    file: Path | None = None
    rows: int = 0
    sent: int = 0
    left: int = 0


def freeze_removals(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    changes: Changes,
    lines: Path,
    match: Match,
) -> Removals:
    """Freeze the rows that left, with the action on their records. `lines` are the changes after all lookups.

    A record stays if it also belongs to another row, or was converted to one that the sync has not written. If a key
    has a new match value, its former record is removed when the row is sent, but not when the row is rejected.
    """
    if request.snapshot is None or not request.forgets or not (changes.absent or changes.rekeyed):
        return Removals()
    gone = "gone"
    connection.execute(f"create table {gone} as {_select_removed_keys(request, changes, lines)}")
    left = count(connection, gone, "not rekeyed")
    if request.sync.on_removed is Removal.NOTHING:
        if left:
            freeze(connection, f"select key from {gone} where not rekeyed", request.folder / DROPPED)
        return Removals(left=left)
    keep_shared(connection, changes.relations, gone, lines)
    keep_successors(connection, request, mapped, gone, match)
    target = request.folder / "removed.parquet"
    rows = freeze(connection, _lines(request, gone, lines), target)
    sent = count(connection, file(target), "outcome is null")
    return Removals(target if rows else None, rows, sent, left)


def removal_findings(connection: duckdb.DuckDBPyConnection, removals: Removals) -> Iterator[Finding]:
    """Yield a finding on records that stay although their rows left."""
    if removals.file is None or removals.rows == removals.sent:
        return
    kept = f"from {file(removals.file)} where code = {text(Code.RECORD_KEPT)}"
    ((rows, keys, messages),) = connection.execute(
        f"select count(*), min_by(key, key, {_NAMED}), min_by(message, key, {_NAMED}) {kept}"
    ).fetchall()
    if rows:
        said = "; ".join(f"{key}: {message}" for key, message in zip(keys, messages, strict=True))
        more = "; ..." if rows > len(keys) else ""
        yield Finding(Level.INFO, f"records that stay although their rows left the model: {rows:,} ({said}{more})")


def clearable(mapped: ResolvedMapping, object_name: str | None = None) -> list[FieldBinding]:
    """Return the mapped fields that are emptied when a row leaves: none that identifies a record or must have a value.

    With `object_name`, return those of one of several objects.
    """
    match = mapped.match.field.name if mapped.match else None
    return [
        each
        for each in mapped.fillings
        if each.field.name != match
        and object_name in (None, each.object_name)
        and each.field.updatable
        and each.field.nullable
        and not each.field.required
        and each.field.type is not FieldType.BOOLEAN
    ]


def list_cleared_columns(mapped: ResolvedMapping, object_name: str | None = None) -> tuple[Column, ...]:
    """Return the columns of a batch that clears; references are cleared by their id, never by a key."""
    return tuple(Column(each.field.name) for each in clearable(mapped, object_name))


def removal_action(request: PlanRequest) -> Action:
    """Return the action on the record of a row that left."""
    return Action.DELETE if request.sync.on_removed is Removal.DELETE else Action.UPDATE


def _select_removed_keys(request: PlanRequest, changes: Changes, lines: Path) -> str:
    """Return SQL for the keys that left, and for the former records of keys with a new match value.

    `kept` is null at first; a later step writes into it why a record stays.
    """
    object_ = "s.object" if request.others else f"{text(request.schema.name)} as object"
    relations = changes.relations
    columns = (
        f"s.key, {object_}, s.record_id, s.match, {relations.was_merged or 'false'} as merged, null::varchar as kept"
    )
    left = f"select {columns}, false as rekeyed from {relations.known} s anti join {relations.model} m on m.key = s.key"
    if not changes.rekeyed:
        return left
    moved = f"select key from {file(lines)} where effect = '{Effect.REKEYED}' and outcome is null"
    return f"{left} union all select {columns}, true from {relations.known} s semi join ({moved}) c on c.key = s.key"


def _lines(request: PlanRequest, gone: str, lines: Path) -> str:
    """Return SQL for the plan lines of the rows that left; the columns are those of the changes.

    If the former record of a row with a new match value stays, it gets no line: the row itself has one.
    """
    given = (
        f"select key, match, {text(removal_action(request))} as action, object, record_id, '{Effect.LEFT}' as effect,"
        f" kept from {gone} where not (rekeyed and kept is not null)"
    )
    verdicts = [
        Verdict("kept is not null", Code.RECORD_KEPT, "kept"),
        Verdict(
            "record_id is null or object is null", Code.NO_RECORD, text("it is not known which record this row had")
        ),
    ]
    empty = f"select * from {file(lines)} where false"
    decided = verdict_columns(verdicts, f"({given})")
    return f"{empty} union all by name select * exclude (kept) from ({decided})"
