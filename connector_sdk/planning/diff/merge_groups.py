"""Rows that are one record: which of them stays, which go into it, and the groups of which that cannot be said.

Groups are judged over the whole model, for a row that did not change may be the parent of one that did. A child goes
into the record of its parent after that has been written. It is never written itself. Once it was merged it is settled
while its group names it: what happens to its row is of no consequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.errors import Problem
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.project import Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.snapshots import MERGED
from connector_sdk.engines.sql import file, name, text
from connector_sdk.planning.diff.identity import comparable, key
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.mapping.model import Mapped
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import INTO, RowReference

PARENT = RowReference(
    INTO, "parent.merged_into", "the row that it is merged into was not written: ", Code.PARENT_NOT_WRITTEN
)
"""How a child names its parent until that has been written."""

GOES = f"action = {text(Action.MERGE)}"
"""SQL that is true for lines of children."""

_WORKING = ("child", "named", "unclear", "defect", "said")
"""Columns that are of no use any more once it is decided what becomes of a row."""

_NO_KEYS = "select null::varchar as key where false"
_NAMED = 3


def merge_problems(sync: Sync, schema: ObjectSchema) -> Iterator[Problem]:
    """What keeps the rows of a sync from being merged."""
    if sync.merge is not None and not schema.mergeable:
        message = f"records of {schema.name} cannot be merged"
        yield Problem(message, ("syncs", sync.name, "merge"), "remove it, and leave one row per record in the model")


def merge_columns(request: PlanRequest, mapped: Mapped, types: Mapping[str, str]) -> list[str]:
    """SQL for what the model says of merging, for the view `model`.

    `shared` names the group, `child` says whether a row goes. `named` is the match value of the row that it goes into,
    where the model names it, `unclear` what should say whether it goes and does not.
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


def judge(connection: duckdb.DuckDBPyConnection, request: PlanRequest) -> str:
    """Judge the groups of the view `model`, and answer SQL for its rows with what follows: the key of the parent that
    a row is `merged_into` (null for a row that stays), or the `defect` of its group and what is `said` of it.

    The table `groups` stays. A group of rows that are all settled is not judged any more.
    """
    condition = merged_condition(connection, request)
    keys = f"select key from known_rows s where {condition}" if condition else _NO_KEYS
    connection.execute(f"create table settled as {keys}")
    connection.execute(f"create table groups as {_select_groups()}")
    return (
        f"(select m.*, case when m.child and g.defect is null then g.parent end as {INTO}, g.defect, g.said"
        " from model m left join groups g on g.shared = m.shared)"
    )


def working_columns(request: PlanRequest) -> tuple[str, ...]:
    """The columns of what `judge` answers that a plan has no use for."""
    return _WORKING if request.sync.merge else ()


def merged_condition(connection: duckdb.DuckDBPyConnection, request: PlanRequest) -> str | None:
    """SQL that is true where a known row `s` was merged by an earlier run; None where none was."""
    if request.snapshot is None or MERGED not in columns_of(connection, "known_rows"):
        return None
    return f"coalesce(s.{MERGED}, false)"


def merge_verdicts(request: PlanRequest) -> Iterator[Verdict]:
    """The rows of groups of which it cannot be said what stays, and children that have no record of their own."""
    if request.sync.merge is None:
        return
    for code in (Code.BAD_VALUE, Code.NO_PARENT, Code.SEVERAL_PARENTS, Code.FOREIGN_PARENT):
        yield Verdict(f"defect = {text(code)}", code, "said")
    if request.sync.match is None:
        message = text("no record was made of the row before, so there is nothing to merge")
        yield Verdict(f"{GOES} and record_id is null", Code.NOTHING_TO_MERGE, message)


def name_parents(connection: duckdb.DuckDBPyConnection, request: PlanRequest, changes: Path) -> Path:
    """Let each child name the line of its parent, or, where that is not among the changes, the record of it."""
    if request.sync.merge is None:
        return changes
    lines = file(changes)
    known = "select key, record_id from known_rows" if request.snapshot else "select '', '' where false"
    joined = f"""(
        select c.* replace (coalesce(p.key, k.record_id) as {INTO}), p.key as {name(PARENT.row)}, c.{INTO} as missed
        from {lines} c
        left join (select distinct key from {lines} where not {GOES}) p on p.key = c.{INTO}
        left join ({known}) k(key, record_id) on k.key = c.{INTO}
    )"""
    message = f"{text('it is not known which record it is merged into, that of ')} || missed"
    unknown = Verdict(f"outcome is null and {GOES} and {INTO} is null", Code.PARENT_NOT_WRITTEN, message)
    target = request.folder / "merging.parquet"
    freeze(connection, f"select * exclude (missed) from ({verdict_columns([unknown], joined, former=True)})", target)
    return target


def merge_findings(connection: duckdb.DuckDBPyConnection, request: PlanRequest, plan: Path) -> Iterator[Finding]:
    """What is worth knowing of rows that are merged."""
    if request.sync.merge is None:
        return
    ((rows, parents),) = connection.execute(
        f"select count(*), count(distinct {INTO}) from {file(plan)} where outcome is null and {GOES}"
    ).fetchall()
    if rows:
        yield Finding(
            Level.INFO, f"records that are merged: {rows:,}, into {parents:,} others, which keep their values"
        )
    ((defects,),) = connection.execute("select count(*) from groups where defect is not null").fetchall()
    if defects:
        query = f"select said from groups where defect is not null order by shared limit {_NAMED}"
        said = "; ".join(each for (each,) in connection.execute(query).fetchall())
        more = "; ..." if defects > _NAMED else ""
        yield Finding(
            Level.WARNING, f"groups that are rejected: {defects:,} ({said}{more})", "correct them in the model"
        )


def _select_groups() -> str:
    """SQL for the groups of more than one row, with their parent or what is wrong with them.

    Lists are made for the groups with several parents only: one for each group would cost most of the time and memory.
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
            from model left join (select key, true as settled from settled) using (key)
            where shared is not null group by shared having count(*) > 1 and count(settled) < count(*)
        ),
        several as (
            select shared, min(key, {_NAMED}) as listed from model
            where not child and shared in (select shared from counted where parents > 1) group by shared
        ),
        strayed as (
            select *, case when first is distinct from parent_match then first
                when last is distinct from parent_match then last end as stray
            from counted left join several using (shared)
                left join (select key as gone from settled) on gone = parent
        )
        select shared, parent, case {codes} end as defect, case {words} end as said from strayed
    """
