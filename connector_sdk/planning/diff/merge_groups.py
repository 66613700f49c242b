"""Groups of rows that are one record: which row stays, which are merged into it, and which groups leave that open.

Groups are judged over the whole model, because an unchanged row may be the parent of a changed one. A child is merged
into its parent's record after that has been written. The child itself is never written. Once merged, it is settled
while its group names it, and changes of its row are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
from attrs import evolve

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.errors import Problem
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.project import Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import count, file, name, text
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.mapping.identity import comparable, key
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import MERGE_TARGET, RowReference

PARENT = RowReference(
    MERGE_TARGET, "parent.merged_into", "the row that it is merged into was not written: ", Code.PARENT_NOT_WRITTEN
)
"""The way in which a child names its parent until that has been written."""

IS_MERGE = f"action = {text(Action.MERGE)}"
"""SQL that is true for the lines of children."""

_WORKING = ("child", "named", "unclear", "defect", "said")
"""Columns that are dropped once each row's fate is decided."""

_NO_KEYS = "select null::varchar as key where false"
_NAMED = 3


def merge_problems(sync: Sync, schema: ObjectSchema) -> Iterator[Problem]:
    """Yield a problem if the rows of a sync cannot be merged."""
    if sync.merge is not None and not schema.mergeable:
        message = f"records of {schema.name} cannot be merged"
        yield Problem(message, ("syncs", sync.name, "merge"), "remove it, and leave one row per record in the model")


def merge_columns(request: PlanRequest, mapped: ResolvedMapping, types: Mapping[str, str]) -> list[str]:
    """Return SQL for what the model says about merging, for the relation of its rows.

    - `shared`: the group.
    - `child`: whether the row is merged into another.
    - `named`: the match value of the row that it is merged into, if the model names it.
    - `unclear`: the cell that should say whether the row is a child, if it is neither true nor false.
    """
    merge = request.sync.merge
    if merge is None:
        return []
    shared = f"{key((merge.shared_id,), types)} as shared"
    if merge.is_child is not None:
        told = key((merge.is_child,), types)
        child = f"try_cast({told} as boolean)"
        unclear = f"case when {child} is null then {told} end"
        return [shared, f"coalesce({child}, false) as child", "null::varchar as named", f"{unclear} as unclear"]
    assert merge.merge_id is not None
    assert mapped.match is not None
    named = comparable(name(merge.merge_id), types[merge.merge_id], mapped.match.field)
    return [shared, f"{named} is not null as child", f"{named} as named", "null::varchar as unclear"]


def judge_groups(connection: duckdb.DuckDBPyConnection, relations: Relations) -> Relations:
    """Judge the groups of the model, and return the relations with them.

    A group whose rows are all settled is not judged again.
    """
    judged = evolve(relations, groups="groups")
    condition = relations.was_merged
    keys = f"select key from {relations.known} s where {condition}" if condition else _NO_KEYS
    connection.execute(f"create table settled as {keys}")
    connection.execute(f"create table {judged.groups} as {_select_groups(relations.model, 'settled')}")
    return judged


def select_judged(relations: Relations) -> str:
    """Return SQL for the rows of the model with what was judged of their groups.

    A child gets the key of the parent that it is `merged_into`; for a row that stays, this is null. A row of a
    defective group gets the `defect` instead, and its message as `said`.
    """
    target = f"case when m.child and g.defect is null then g.parent end as {MERGE_TARGET}"
    joined = f"{relations.model} m left join {relations.groups} g on g.shared = m.shared"
    return f"(select m.*, {target}, g.defect, g.said from {joined})"


def helper_columns(request: PlanRequest) -> tuple[str, ...]:
    """Return the helper columns of `select_judged`, which are left out of the frozen plan."""
    return _WORKING if request.sync.merge else ()


def merge_verdicts(request: PlanRequest) -> Iterator[Verdict]:
    """Yield the verdicts on rows of groups that leave open which row stays, and on children without a record."""
    if request.sync.merge is None:
        return
    for code in (Code.BAD_VALUE, Code.NO_PARENT, Code.SEVERAL_PARENTS, Code.FOREIGN_PARENT):
        yield Verdict(f"defect = {text(code)}", code, "said")
    if request.sync.match is None:
        message = text("no record was made of the row before, so there is nothing to merge")
        yield Verdict(f"{IS_MERGE} and record_id is null", Code.NOTHING_TO_MERGE, message)


def name_parents(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, relations: Relations, changes: Path
) -> Path:
    """Let each child name the line of its parent, or its parent's record if the parent is not among the changes."""
    if request.sync.merge is None:
        return changes
    lines = file(changes)
    known = f"select key, record_id from {relations.known}" if relations.known else "select '', '' where false"
    joined = f"""(
        select c.* replace (coalesce(p.key, k.record_id) as {MERGE_TARGET}), p.key as {name(PARENT.row)},
            c.{MERGE_TARGET} as missed
        from {lines} c
        left join (select distinct key from {lines} where not {IS_MERGE}) p on p.key = c.{MERGE_TARGET}
        left join ({known}) k(key, record_id) on k.key = c.{MERGE_TARGET}
    )"""
    message = f"{text('it is not known which record it is merged into, that of ')} || missed"
    unknown = Verdict(f"outcome is null and {IS_MERGE} and {MERGE_TARGET} is null", Code.PARENT_NOT_WRITTEN, message)
    target = request.folder / "merging.parquet"
    freeze(connection, f"select * exclude (missed) from ({verdict_columns([unknown], joined, former=True)})", target)
    return target


def merge_findings(connection: duckdb.DuckDBPyConnection, relations: Relations, lines: Path) -> Iterator[Finding]:
    """Yield the findings on rows that are merged."""
    if relations.groups is None:
        return
    ((rows, parents),) = connection.execute(
        f"select count(*), count(distinct {MERGE_TARGET}) from {file(lines)} where outcome is null and {IS_MERGE}"
    ).fetchall()
    if rows:
        yield Finding(
            Level.INFO, f"records that are merged: {rows:,}, into {parents:,} others, which keep their values"
        )
    defects = count(connection, relations.groups, "defect is not null")
    if defects:
        query = f"select said from {relations.groups} where defect is not null order by shared limit {_NAMED}"
        said = "; ".join(each for (each,) in connection.execute(query).fetchall())
        more = "; ..." if defects > _NAMED else ""
        yield Finding(
            Level.WARNING, f"groups that are rejected: {defects:,} ({said}{more})", "correct them in the model"
        )


def _select_groups(model: str, settled: str) -> str:
    """Return SQL for the groups of more than one row, with their parent or their defect.

    Lists are made only for the groups with several parents. One for each group would cost most of the time and memory.
    """
    group = "'group ' || shared"
    defects = [
        ("unclear is not null", Code.BAD_VALUE, f"{group} || ': ' || unclear || ' is neither true nor false'"),
        ("parents = 0", Code.NO_PARENT, f"{group} || ' has no parent: every row of it is a child'"),
        ("parents > 1", Code.SEVERAL_PARENTS, f"{group} || ' has several parents: ' || array_to_string(listed, ', ')"),
        ("stray is not null", Code.FOREIGN_PARENT,
         f"{group} || ' is to be merged into ' || stray || ', which is not its parent: that is ' || parent"),
        ("gone is not null", Code.NO_PARENT,
         f"{group} || ' has no parent any more: ' || gone || ' was merged by an earlier run'"),
    ]  # fmt: skip
    codes = " ".join(f"when {holds} then {text(code)}" for holds, code, _ in defects)
    words = " ".join(f"when {holds} then {message}" for holds, _, message in defects)
    return f"""
        with counted as materialized (
            select shared, min(key) filter (not child) as parent, count(key) filter (not child) as parents,
                min(match) filter (not child) as parent_match, min(named) as first, max(named) as last,
                min(unclear) as unclear
            from {model} left join (select key, true as settled from {settled}) using (key)
            where shared is not null group by shared having count(*) > 1 and count(settled) < count(*)
        ),
        several as (
            select shared, min(key, {_NAMED}) as listed from {model}
            where not child and shared in (select shared from counted where parents > 1) group by shared
        ),
        strayed as (
            select *, case when first is distinct from parent_match then first
                when last is distinct from parent_match then last end as stray
            from counted left join several using (shared)
                left join (select key as gone from {settled}) on gone = parent
        )
        select shared, parent, case {codes} end as defect, case {words} end as said from strayed
    """
