"""The rows that the destination has accepted so far, with an object for each row.

A row that was merged into another one counts as known while its group names it. If it leaves the group of a parent that
is still in the model, it is a new row again and gets its own record. If no row of the model writes the record any more,
nothing is written to it until the last of the merged rows has left, too. Each plan reports such rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect, Finding, Level
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.promote import MERGED
from connector_sdk.engines.sql import file, text
from connector_sdk.planning.diff.merge_groups import IS_MERGE
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.planning.request import PlanRequest

_NAMED = 3


def make_known_rows(connection: duckdb.DuckDBPyConnection, request: PlanRequest, model: str) -> Relations:
    """Make a view of the rows of the snapshot, if there is one, and return it beside the relation `model`."""
    if request.snapshot is None:
        return Relations(model)
    snapshot = file(request.snapshot)
    have = columns_of(connection, snapshot)
    object_ = "" if "object" in have else f", {text(request.schema.name)} as object"
    relations = Relations(model, "known_rows", "parted" if MERGED in have else None)
    rest = ""
    if relations.parted:
        connection.execute(f"create table {relations.parted} as {_select_parted_keys(request, snapshot, model)}")
        rest = f" anti join {relations.parted} using (key)"
    connection.execute(f"create view {relations.known} as select *{object_} from {snapshot}{rest}")
    return relations


def report_merged_rows(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, relations: Relations, lines: Path
) -> Iterator[Finding]:
    """Yield findings on rows that earlier runs merged. `lines` are the changes after all lookups."""
    if relations.parted is None:
        return
    sent = f"from {file(lines)} where outcome is null and not {IS_MERGE}"
    alone = f"from {relations.parted} semi join ({sent}) using (key)"
    if found := _count_keys(connection, alone):
        message = f"rows that left their group and get their own records: {found}"
        yield Finding(Level.INFO, message, "if that is not intended, put them back into their group")
    skipped = f"from {file(lines)} where code = {text(Code.NOTHING_TO_MERGE)}"
    if found := _count_keys(connection, f"from {relations.parted} semi join ({skipped}) using (key)"):
        message = f"rows that moved to another group after their record was merged: {found}"
        advice = "they have no record to merge; take them out of the group to create one for each"
        yield Finding(Level.INFO, message, advice)
    if found := _count_keys(connection, _select_unwritten_keys(request, relations, lines)):
        yield _report_unwritten(request, found)


def _report_unwritten(request: PlanRequest, found: str) -> Finding:
    """Return the finding on rows that were merged into a record to which nothing is written any more."""
    message = f"these rows were merged into a row that left the model, so nothing is written for them: {found}"
    back = "put that row back into the model"
    if request.sync.mode is Mode.INSERT:
        return Finding(Level.INFO, message, f"{back}, or give them new keys to insert them as new rows")
    advice = f"{back}, or run once without them: on_removed is applied to their record, and later they are new rows"
    return Finding(Level.INFO, message, advice)


def _count_keys(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Return how many rows a relation has, with their first keys; empty text if it has none."""
    ((rows, keys),) = connection.execute(f"select count(*), min(key, {_NAMED}) from ({relation})").fetchall()
    return f"{rows:,} ({', '.join(keys)}{', ...' if rows > len(keys) else ''})" if rows else ""


def _select_unwritten_keys(request: PlanRequest, relations: Relations, lines: Path) -> str:
    """Return SQL for the keys of merged rows in the model whose record no row of the model writes.

    A known row without a new match value writes its record, and so does a line that matched the record. A new parent of
    the group counts as the missing one that has returned: only the write shows which record it matches.
    """
    model, known = relations.model, relations.known
    rekeyed = f"select key from {file(lines)} where effect = '{Effect.REKEYED}' and outcome is null"
    returned = ""
    if request.sync.merge:
        returned = f"""anti join (
            select m.key from {model} m join {relations.groups} g on g.shared = m.shared and g.defect is null
            anti join {known} p on p.key = g.parent
        ) r on r.key = c.key"""
    return f"""
        select c.key from (from {known} where coalesce({MERGED}, false) and record_id is not null) c
        semi join {model} m on m.key = c.key
        anti join (
            select p.object, p.record_id from (from {known} where not coalesce({MERGED}, false)) p
            semi join {model} m on m.key = p.key anti join ({rekeyed}) k on k.key = p.key
            union all select object, record_id from {file(lines)} where outcome is null and not {IS_MERGE}
        ) o on o.object = c.object and o.record_id = c.record_id
        {returned}
    """


def _select_parted_keys(request: PlanRequest, snapshot: str, model: str) -> str:
    """Return SQL for the keys of merged rows that share no group with their parent any more, while both have a row."""
    apart = "mc.shared is null or mc.shared is distinct from mp.shared" if request.sync.merge else "true"
    return f"""
        select c.key from {snapshot} c
        join {snapshot} p on p.record_id = c.record_id and not coalesce(p.{MERGED}, false)
        join {model} mc on mc.key = c.key join {model} mp on mp.key = p.key
        where coalesce(c.{MERGED}, false) and ({apart})
    """
