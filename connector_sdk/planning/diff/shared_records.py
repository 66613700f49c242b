"""Records that several rows match: such rows are not sent, and the record stays when only one of them leaves."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb

from connector_sdk.contract.codes import Code
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import count, file, texts
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.matches import Match, SoughtValues, ask
from connector_sdk.planning.request import PlanRequest

_NAMED = 3


def reject_shared(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, relations: Relations, lines: Path
) -> Path:
    """Reject the rows of which several match one record, or one that an unchanged row matches.

    Returns the file of the lines, or `lines` itself if there are no such rows.
    """
    meant = f"select key, object, record_id from {file(lines)} where outcome is null and record_id is not null"
    if unchanged := _find_unchanged(connection, relations, lines):
        meant += f" union all select * from {unchanged}"
    connection.execute(
        f"create table shared as select object, record_id, count(*) as rows, min(key, {_NAMED}) as keys from ({meant})"
        " group by object, record_id having count(*) > 1"
    )
    if not count(connection, "shared"):
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


def keep_shared(connection: duckdb.DuckDBPyConnection, relations: Relations, gone: str, lines: Path) -> None:
    """Say in `kept` of the table `gone` which records also belong to other rows: they stay when their row leaves.

    A record also belongs to a row that was merged into it, that is written to it now, or that has its match value. The
    last counts even if that row is rejected or has no key. If several rows of one record leave together, the first one
    removes the record.
    """
    same = "g.record_id = {0}.record_id and g.object = {0}.object"
    connection.execute(f"""
        create table owners as
        select g.key, s.key as owner from {gone} g join {relations.known} s on {same.format("s")}
        anti join {gone} k on k.key = s.key
        union select g.key, l.key from {gone} g join {file(lines)} l on {same.format("l")} where l.outcome is null
        union select g.key, coalesce(m.key, 'row ' || m.position || ' of the model')
            from {gone} g join {relations.model} m on m.match = g.match
    """)
    listed = f"array_to_string(min(owner, {_NAMED}), ', ') || if(count(*) > {_NAMED}, ', ...', '')"
    connection.execute(f"""
        update {gone} set kept = 'its record belongs to other rows, too: ' || named from
        (select key as owned, {listed} as named from owners group by key) where key = owned
    """)
    connection.execute(f"""
        update {gone} set kept = 'its record is removed with that of ' || first from (
            select key as later, first_value(key) over one as first, row_number() over one as place from {gone}
            where kept is null and record_id is not null
            window one as (partition by object, record_id order by merged, key)
        ) where key = later and place > 1
    """)


def keep_successors(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, gone: str, match: Match
) -> None:
    """Say in `kept` of the table `gone` which records were converted: a removal does not follow them to other records.

    They may have been converted to objects that the sync does not write. Those objects are not searched, because the
    user may not see them.
    """
    names = [each.name for each in request.schemas]
    turning = [each.name for each in request.schemas if any(other != each.name for other in each.converts_to)]
    if not turning or mapped.match is None:
        return
    asks = f"kept is null and list_contains({texts(turning)}, object)"
    answers = request.folder / "successors.parquet"
    following = partial(match, successors=request.successors)
    found = ask(connection, SoughtValues(gone, "match", asks), names, mapped.match.field.name, answers, following)
    message = "'its record became ' || id || ' of ' || name || ', to which this row was never written'"
    connection.execute(f"""
        update {gone} set kept = {message} from (
            select g.key as turned, min(a.object) filter (a.object <> g.object) as name,
                arg_min(a.record_id, a.object) filter (a.object <> g.object) as id
            from {gone} g join {found} a on a.value = g.match where a.record_id is not null group by g.key
            having not bool_or(a.record_id = g.record_id and a.object = g.object) and bool_or(a.object <> g.object)
        ) where kept is null and key = turned and list_contains({texts(turning)}, object)
    """)


def _find_unchanged(connection: duckdb.DuckDBPyConnection, relations: Relations, lines: Path) -> str | None:
    """Return a relation of the unchanged rows whose record a line matches, too; None if there are none."""
    if relations.known is None:
        return None
    connection.execute(f"""
        create table unchanged as select s.key, s.object, s.record_id from {relations.known} s
        semi join {file(lines)} l on l.object = s.object and l.record_id = s.record_id
        anti join {file(lines)} c on c.key = s.key
    """)
    if count(connection, "unchanged"):
        in_model = f"from unchanged u semi join {relations.model} m on m.key = u.key"
        connection.execute(f"create or replace table unchanged as {in_model}")
    return "unchanged" if count(connection, "unchanged") else None
