"""Records that several rows mean: such rows are not sent, and one that left does not take the record along."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connector_sdk.codes import Code
from connector_sdk.engines.changes import freeze
from connector_sdk.engines.embedded import file, text
from connector_sdk.planning.merging import settled
from connector_sdk.planning.request import PlanRequest
from connector_sdk.planning.verdicts import Verdict, verdict_columns

_NAMED = 3


def reject_shared(connection: duckdb.DuckDBPyConnection, request: PlanRequest, lines: Path) -> Path:
    """Reject the rows of which several mean one record, or one that an unchanged row means.

    Answers the file of the lines, `lines` itself where there are no such rows.
    """
    meant = f"select key, object, record_id from {file(lines)} where outcome is null and record_id is not null"
    if _unchanged(connection, request, lines):
        meant += " union all select * from unchanged"
    connection.execute(
        f"create table shared as select object, record_id, count(*) as rows, min(key, {_NAMED}) as keys from ({meant})"
        " group by object, record_id having count(*) > 1"
    )
    if not _count(connection, "shared"):
        return lines
    joined = f"(select c.*, h.rows, h.keys from {file(lines)} c left join shared h using (object, record_id))"
    said = (
        "'several rows mean one record of ' || object || ', ' || record_id || ': ' || array_to_string(keys, ', ')"
        f" || if(rows > {_NAMED}, ', ...', '')"
    )
    decided = verdict_columns([Verdict("outcome is null and rows > 1", Code.REPEATED_MATCH, said)], joined, former=True)
    target = request.folder / "unshared.parquet"
    freeze(connection, f"select * exclude (rows, keys) from ({decided})", target)
    return target


def claim(connection: duckdb.DuckDBPyConnection, request: PlanRequest, lines: Path) -> None:
    """Mark the rows in the table `gone` as claimed whose record is that of another row, sent before or now.

    A row that was merged into another one has no record of its own.
    """
    assert request.snapshot is not None
    own = f"not {was_merged}" if (was_merged := settled(connection, request)) else "true"
    object_ = "s.object" if request.others else f"{text(request.schema.name)} as object"
    connection.execute(f"""
        create table claimed as
        select {object_}, s.record_id from {file(request.snapshot)} s
        semi join gone g on g.record_id = s.record_id anti join gone k on k.key = s.key
        where {own}
        union all
        select l.object, l.record_id from {file(lines)} l semi join gone g on g.record_id = l.record_id
        where l.outcome is null
    """)
    connection.execute(
        "update gone set claimed = true where exists"
        " (select 1 from claimed c where c.record_id = gone.record_id and c.object = gone.object)"
    )


def _unchanged(connection: duckdb.DuckDBPyConnection, request: PlanRequest, lines: Path) -> int:
    """Find the rows that did not change and have a record which a line means; they are the table `unchanged`."""
    if request.snapshot is None:
        return 0
    connection.execute(f"""
        create table unchanged as select s.key, s.object, s.record_id from {file(request.snapshot)} s
        semi join {file(lines)} l on l.object = s.object and l.record_id = s.record_id
        anti join {file(lines)} c on c.key = s.key
    """)
    if _count(connection, "unchanged"):
        connection.execute("create or replace table unchanged as from unchanged u semi join model m on m.key = u.key")
    return _count(connection, "unchanged")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    return int(rows)
