"""Rows that left the model: what is to be done with their records, and which keys are just forgotten."""

from __future__ import annotations

from pathlib import Path

import duckdb
from attrs import frozen

from connector_sdk.batch import Action, Column
from connector_sdk.codes import Code
from connector_sdk.engines.changes import freeze
from connector_sdk.engines.embedded import file, text
from connector_sdk.planning.comparing import Changes
from connector_sdk.planning.filling import Filling, Mapped
from connector_sdk.planning.frozen import DROPPED
from connector_sdk.planning.merging import settled
from connector_sdk.planning.request import PlanRequest
from connector_sdk.planning.sharing import claim
from connector_sdk.planning.verdicts import Verdict, verdict_columns
from connector_sdk.schema import FieldType
from connector_sdk.spec import Removal


@frozen
class Removals:
    """Rows to be removed at the destination, in `file` (None without any), and how many of them there are.

    `sent` counts those of them whose records are really removed, `left` all keys that left, also those that are only
    forgotten.
    """

    file: Path | None = None
    rows: int = 0
    sent: int = 0
    left: int = 0


def freeze_removals(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, changes: Changes, lines: Path
) -> Removals:
    """Freeze the rows that left, by what follows for them. `lines` are the changes after everything was looked up.

    A record whose match value is that of a row in the model now belongs to that row, and is left alone; so is one that
    is known to be another row's, and one that a row which left was merged into. The former record of a key with a new
    match value leaves when the row is sent, not when it is refused.
    """
    if request.snapshot is None or not request.forgets or not (changes.absent or changes.rekeyed):
        return Removals()
    connection.execute(f"create table gone as {_gone(connection, request, changes, lines)}")
    ((left,),) = connection.execute("select count(*) from gone where not rekeyed").fetchall()
    removes = request.sync.on_removed is not Removal.NOTHING
    if removes:
        claim(connection, request, lines)
    dropped = "select key from gone where not rekeyed" + (" and claimed" if removes else "")
    if not freeze(connection, dropped, request.folder / DROPPED):
        (request.folder / DROPPED).unlink()
    if not removes:
        return Removals(left=left)
    target = request.folder / "removed.parquet"
    rows = freeze(connection, _lines(request, lines), target)
    ((sent,),) = connection.execute(f"select count(*) from {file(target)} where outcome is null").fetchall()
    return Removals(target if rows else None, rows, sent, left)


def clearable(mapped: Mapped, object_name: str | None = None) -> list[Filling]:
    """The fields that are emptied when a row leaves: not what identifies a record or must have a value.

    With `object_name`, those of one of several objects.
    """
    match = mapped.match.field.name if mapped.match else None
    return [
        each
        for each in mapped.fillings
        if each.field.name != match
        and object_name in (None, each.object_name)
        and each.field.updateable
        and each.field.nillable
        and not each.field.required
        and each.field.type is not FieldType.BOOLEAN
    ]


def cleared_columns(mapped: Mapped, object_name: str | None = None) -> tuple[Column, ...]:
    """The columns of a batch that clears; references are cleared through the id, never through a key."""
    return tuple(Column(each.field.name) for each in clearable(mapped, object_name))


def removal_action(request: PlanRequest) -> Action:
    """What is done with the record of a row that left."""
    return Action.DELETE if request.sync.on_removed is Removal.DELETE else Action.UPDATE


def _gone(connection: duckdb.DuckDBPyConnection, request: PlanRequest, changes: Changes, lines: Path) -> str:
    """SQL for the keys that left, and the former records of keys that have a new match value."""
    assert request.snapshot is not None
    snapshot = file(request.snapshot)
    claimed = "(s.match is not null and s.match in (select match from model where match is not null))"
    was_merged = settled(connection, request)
    if was_merged:
        claimed += f" or {was_merged}"
    object_ = "s.object" if request.others else f"{text(request.schema.name)} as object"
    left = (
        f"select s.key, {object_}, s.record_id, s.match, {claimed} as claimed, false as rekeyed"
        f" from {snapshot} s anti join model m on m.key = s.key"
    )
    if not changes.rekeyed:
        return left
    rekeyed = (
        f"select s.key, {object_}, s.record_id, s.match, {claimed}, true from {snapshot} s"
        f" semi join (select key from {file(lines)} where effect = 'rekeyed' and outcome is null) c on c.key = s.key"
    )
    return f"{left} union all {rekeyed}"


def _lines(request: PlanRequest, lines: Path) -> str:
    """SQL for the plan lines of records that are to be removed; the columns are those of the changes."""
    given = (
        f"select key, match, {text(removal_action(request))} as action,"
        " object, record_id, 'left' as effect from gone where not claimed"
    )
    unknown = Verdict(
        "record_id is null or object is null", Code.NO_RECORD, text("it is not known which record this row had")
    )
    empty = f"select * from {file(lines)} where false"
    return f"{empty} union all by name {verdict_columns([unknown], f'({given})')}"
