"""What the destination has accepted so far, as the relation `known_rows`, with an object for every row.

A row that was merged into another one counts as known while its group names it. Once it left the group of a parent that
is still there, it is a new row again, and gets a record of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from connector_sdk.engines.changes import columns_of
from connector_sdk.engines.embedded import file, text
from connector_sdk.engines.snapshots import MERGED
from connector_sdk.plan import Finding, Level
from connector_sdk.planning.request import PlanRequest

_NAMED = 3


def make_known_rows(connection: duckdb.DuckDBPyConnection, request: PlanRequest) -> None:
    """Make the view `known_rows` of the snapshot, where there is one; the view `model` is there already."""
    if request.snapshot is None:
        return
    snapshot = file(request.snapshot)
    have = columns_of(connection, snapshot)
    object_ = "" if "object" in have else f", {text(request.schema.name)} as object"
    parted = ""
    if MERGED in have:
        connection.execute(f"create table parted as {_parted(request, snapshot)}")
        parted = " anti join parted using (key)"
    connection.execute(f"create view known_rows as select *{object_} from {snapshot}{parted}")


def parted_finding(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Yield what is worth knowing of rows that left the group of a row which they were merged into."""
    if not connection.execute("from duckdb_tables() where table_name = 'parted'").fetchall():
        return
    ((rows, keys),) = connection.execute(f"select count(*), min(key, {_NAMED}) from parted").fetchall()
    if rows:
        listed = ", ".join(keys) + (", ..." if rows > len(keys) else "")
        message = f"rows that left their group and get records of their own: {rows:,} ({listed})"
        yield Finding(Level.INFO, message, "put them back into their group where that is not meant")


def _parted(request: PlanRequest, snapshot: str) -> str:
    """Return SQL for the keys of merged rows that share no group with their parent any more, while both have a row."""
    apart = "mc.shared is null or mc.shared is distinct from mp.shared" if request.sync.merge else "true"
    return f"""
        select c.key from {snapshot} c
        join {snapshot} p on p.record_id = c.record_id and not coalesce(p.{MERGED}, false)
        join model mc on mc.key = c.key join model mp on mp.key = p.key
        where coalesce(c.{MERGED}, false) and ({apart})
    """
