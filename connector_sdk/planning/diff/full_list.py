"""Mode `all`: the model is compared with what the target holds now, and replaces all of it if they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.contract.batch import OnNull
from connector_sdk.contract.plan import Effect, Finding, Level
from connector_sdk.contract.schema import FieldType
from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.sql import as_set, file, name, text
from connector_sdk.files.private import make_file
from connector_sdk.planning.diff.removals import Removals
from connector_sdk.planning.mapping.identity import comparable
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.settings.counts import say_count

_NAMED = 50


@frozen
class Replacement:
    """The lines of the plan, and their effect on the target. No line is sent if nothing would change.

    - `version`: the version of the target that was read.
    - `known`: the number of values in the target.
    - `gone`: some of the values that leave it.
    - `removed`: the number of values that leave it. Each has a line of its own, after those of the model.
    - `rejected`: the number of rejected rows.
    """

    file: Path
    version: str
    known: int
    gone: tuple[str, ...] = ()
    removed: int = 0
    rejected: int = 0

    @property
    def removals(self) -> Removals:
        """The counts of what leaves the target. Its lines are not apart: they are sent with the others."""
        return Removals(rows=self.removed, sent=self.removed)


def compare_with_target(
    duck: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    changes: Path,
    target: tuple[pa.RecordBatchReader, str],
) -> Replacement:
    """Set the effect of each row by whether the target has it, and add the values that leave the target."""
    records, version = target
    held = request.folder / "target.parquet"
    make_file(held)
    with pq.ParquetWriter(held, records.schema) as writer:
        for batch in records:
            writer.write_batch(batch)
    known = pq.read_metadata(held).num_rows
    lines = request.folder / "replacement.parquet"
    freeze(duck, _lines(duck, request, mapped, changes, held), lines)
    (differing, left, rejected) = _count_changes(duck, lines)
    if not differing and not left:
        same = request.folder / "decided.parquet"
        freeze(duck, f"select * from {file(lines)} where outcome is not null", same)
        return Replacement(same, version, known)
    named = duck.execute(f"select key from {file(lines)} where effect = '{Effect.LEFT}' limit {_NAMED}").fetchall()
    return Replacement(lines, version, known, tuple(key for (key,) in named), left, rejected)


def replacement_findings(request: PlanRequest, replacement: Replacement) -> Iterator[Finding]:
    """Yield the findings on a replacement."""
    if replacement.removed:
        more = ", ..." if replacement.removed > _NAMED else ""
        yield Finding(Level.INFO, f"{replacement.removed:,} deactivated: {', '.join(replacement.gone)}{more}")
    if replacement.rejected and "rejected" not in request.accepted:
        rejected = say_count(replacement.rejected, "row is", "rows are")
        message = f"{rejected} rejected and would be missing from the target"
        yield Finding(Level.STOP, message, "correct them, or if that is meant: --accept rejected", guard="rejected")


def _lines(
    duck: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, changes: Path, held: Path
) -> str:
    """Return SQL for the rows of the model in its order, and after them the values that leave the target."""
    types = columns_of(duck, file(changes))
    compared = (each for each in mapped.fillings if each.column.by is None)
    differs = " or ".join(_value_differs(each, types[each.stored]) for each in compared)
    effect = (
        f"case when t.same is null then '{Effect.NEW}' when {differs or 'false'} then '{Effect.CHANGED}'"
        f" else '{Effect.SAME}' end"
    )
    target = _target(duck, mapped, held)
    staying = (
        f"select c.* exclude (file_row_number) replace ({effect} as effect) from {file(changes, numbered=True)} c"
        f" left join ({target}) t on t.same = c.match order by c.file_row_number"
    )
    return (
        f"select * from ({staying}) union all by name {_select_removed_values(request, mapped, changes, target, types)}"
    )


def _value_differs(filling: FieldBinding, type_: str) -> str:
    """Return SQL that is true if the model's value differs from the target's, compared as the field compares values."""
    field, model_value = filling.field, f"c.{name(filling.stored)}"
    target_value = f"try_cast(t.{name(field.name)} as {type_})"
    if field.type is FieldType.CHOICES:
        target_value = as_set(target_value)
    unless_null = f"{model_value} is not null and " if filling.column.on_null is OnNull.KEEP else ""
    left, right = (comparable(each, type_, field) if field.equality else each for each in (model_value, target_value))
    return f"({unless_null}{left} is distinct from {right})"


def _select_removed_values(
    request: PlanRequest, mapped: ResolvedMapping, changes: Path, target: str, types: Mapping[str, str]
) -> str:
    """Return SQL for the values that no row of the model has any more; each is its own key."""
    assert mapped.match is not None
    key, stored = name(mapped.match.field.name), mapped.match.stored
    kept = f"select match from {file(changes)} where outcome is null"
    lines = (
        f"select cast(t.{key} as varchar) as key, t.same as match, '{Effect.LEFT}' as effect,"
        f" {text(request.action)} as action,"
        f" {text(request.schema.name)} as object, try_cast(t.{key} as {types[stored]}) as {name(stored)}"
        f" from ({target}) t anti join ({kept}) c on c.match = t.same order by 1"
    )
    return f"select * from ({lines})"


def _target(duck: duckdb.DuckDBPyConnection, mapped: ResolvedMapping, held: Path) -> str:
    """Return SQL for the target with its match values as they are compared."""
    assert mapped.match is not None
    key = mapped.match.field
    type_ = columns_of(duck, file(held))[key.name]
    return f"select *, {comparable(name(key.name), type_, key)} as same from {file(held)}"


def _count_changes(duck: duckdb.DuckDBPyConnection, lines: Path) -> tuple[int, int, int]:
    """Return the number of model rows that differ, of values that leave, and of rows that are rejected."""
    ((differing, left, rejected),) = duck.execute(
        f"select count(*) filter (where outcome is null and effect not in ('{Effect.SAME}', '{Effect.LEFT}')),"
        f" count(*) filter (where effect = '{Effect.LEFT}'),"
        f" count(*) filter (where outcome = 'rejected') from {file(lines)}"
    ).fetchall()
    return differing, left, rejected
