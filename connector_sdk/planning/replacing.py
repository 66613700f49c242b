"""Mode `all`: compare the model with what the target holds now, and replace the whole of it where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from connector_sdk.batch import OnNull
from connector_sdk.engines.changes import columns_of, freeze
from connector_sdk.engines.embedded import as_set, file, name
from connector_sdk.plan import Finding, Level
from connector_sdk.planning.identity import comparable
from connector_sdk.planning.mapping import Filling, Mapped
from connector_sdk.planning.request import PlanRequest
from connector_sdk.schema import FieldType

_NAMED = 10


@frozen
class Replacement:
    """The lines of the plan, and what it does to the target. No line is sent when nothing would change.

    `version` is that of the target as it was read, `known` how many values it has; `gone` has some of those that leave
    it, `removed` counts them.
    """

    file: Path
    version: str
    known: int
    gone: tuple[str, ...] = ()
    removed: int = 0
    rejected: int = 0


def compare_with_target(
    duck: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: Mapped,
    changes: Path,
    target: tuple[pa.RecordBatchReader, str],
) -> Replacement:
    """Say of each row whether the target has it, and find what leaves the target."""
    records, version = target
    held = request.folder / "target.parquet"
    with pq.ParquetWriter(held, records.schema) as writer:
        for batch in records:
            writer.write_batch(batch)
    known = pq.read_metadata(held).num_rows
    lines = request.folder / "replacement.parquet"
    freeze(duck, _lines(duck, mapped, changes, held), lines)
    gone = [value for (value,) in duck.execute(_gone(duck, mapped, changes, held)).fetchall()]
    (differing, rejected) = _counted(duck, lines)
    if not differing and not gone:
        same = request.folder / "decided.parquet"
        freeze(duck, f"select * from {file(lines)} where outcome is not null", same)
        return Replacement(same, version, known)
    return Replacement(lines, version, known, tuple(gone[:_NAMED]), len(gone), rejected)


def replacement_findings(request: PlanRequest, replacement: Replacement) -> Iterator[Finding]:
    """What is worth knowing of a replacement before it runs."""
    if replacement.removed:
        more = ", ..." if replacement.removed > _NAMED else ""
        yield Finding(Level.INFO, f"{replacement.removed:,} leave the target: {', '.join(replacement.gone)}{more}")
    if replacement.rejected and "rejected" not in request.accepted:
        message = f"{replacement.rejected:,} rows are rejected and would be missing from the target"
        yield Finding(Level.STOP, message, "correct them, or if that is meant: --accept rejected", "rejected")


def _lines(duck: duckdb.DuckDBPyConnection, mapped: Mapped, changes: Path, held: Path) -> str:
    types = columns_of(duck, file(changes))
    differs = " or ".join(_differs(each, types[each.stored]) for each in mapped.fillings if each.column.by is None)
    effect = f"case when t.same is null then 'new' when {differs or 'false'} then 'changed' else 'same' end"
    return (
        f"select c.* replace ({effect} as effect) from {file(changes)} c"
        f" left join ({_target(duck, mapped, held)}) t on t.same = c.match"
    )


def _differs(filling: Filling, type_: str) -> str:
    mine, theirs = f"c.{name(filling.stored)}", f"try_cast(t.{name(filling.field.name)} as {type_})"
    if filling.field.type is FieldType.CHOICES:
        theirs = as_set(theirs)
    left_alone = f"{mine} is not null and " if filling.column.on_null is OnNull.KEEP else ""
    return f"({left_alone}{mine} is distinct from {theirs})"


def _gone(duck: duckdb.DuckDBPyConnection, mapped: Mapped, changes: Path, held: Path) -> str:
    assert mapped.match is not None
    shown = f"cast(t.{name(mapped.match.field.name)} as varchar)"
    kept = f"select match from {file(changes)} where outcome is null"
    return (
        f"select {shown} from ({_target(duck, mapped, held)}) t anti join ({kept}) c on c.match = t.same order by all"
    )


def _target(duck: duckdb.DuckDBPyConnection, mapped: Mapped, held: Path) -> str:
    """The target with its match values as they are compared."""
    assert mapped.match is not None
    key = mapped.match.field
    type_ = columns_of(duck, file(held))[key.name]
    return f"select *, {comparable(name(key.name), type_, key)} as same from {file(held)}"


def _counted(duck: duckdb.DuckDBPyConnection, lines: Path) -> tuple[int, int]:
    ((differing, rejected),) = duck.execute(
        "select count(*) filter (where outcome is null and effect <> 'same'),"
        f" count(*) filter (where outcome = 'rejected') from {file(lines)}"
    ).fetchall()
    return differing, rejected
