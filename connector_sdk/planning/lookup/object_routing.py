"""The routing of rows in a sync of several objects: to the one that has the record, else to that for new records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect, Finding, Level
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import file, name, text
from connector_sdk.planning.diff.changes import Changes, field_verdicts
from connector_sdk.planning.diff.shared_records import reject_shared
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.matches import Match, SoughtValues, ask
from connector_sdk.planning.request import PlanRequest


def route(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, changes: Changes, match: Match
) -> Path:
    """Give each row its object, its record and its action; then check the values for this object.

    Records are looked up in every run. Since the last one, a record may have been converted to another object, or
    another row may match it now. In a sync of one object, rows have all this already.
    """
    if not request.others:
        return changes.file
    assert mapped.match is not None
    sought = SoughtValues(file(changes.file), mapped.match.stored, "outcome is null", mapped.match.former)
    objects = [each.name for each in request.schemas]
    answers = request.folder / "routes.parquet"
    found = ask(connection, sought, objects, mapped.match.field.name, answers, match)
    connection.execute(f"create view routes as select * from {found}")
    target = request.folder / "routed.parquet"
    freeze(connection, _select_routes(request, mapped, changes.file), target)
    return reject_shared(connection, request, changes.relations, target)


def routing_findings(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, plan: Path
) -> Iterator[Finding]:
    """Yield a finding on rows whose key is on records of several objects."""
    if not request.others:
        return
    assert mapped.match is not None
    answers = "from routes where record_id is not null"
    several = f"select value {answers} group by value having count(distinct object) > 1"
    ((rows, keys),) = connection.execute(
        f"select count(*), min(key, 3) from {file(plan)}"
        f" where outcome is null and {name(mapped.match.stored)} in ({several})"
    ).fetchall()
    if rows:
        listed = ", ".join(keys) + (", ..." if rows > len(keys) else "")
        first, *others = (each.name for each in request.schemas)
        message = f"rows that match a record of {first} and one of {' or '.join(others)}: {rows:,} ({listed})"
        advice = "merge these records at the destination, or correct the match value of one of them"
        yield Finding(Level.WARNING, f"{message}; they go to {first} only", advice)


def choose_create_action(request: PlanRequest, mapped: ResolvedMapping) -> Action:
    """Return how to create a new record: by upsert if the destination can match on the match field, else by create."""
    schema = next(each for each in request.schemas if each.name == request.sync.create_in)
    found = next((each for each in schema.fields if mapped.match and each.name == mapped.match.field.name), None)
    by_key = found is not None and request.sync.mode not in found.not_matchable
    return Action.UPSERT if by_key else Action.CREATE


def _select_routes(request: PlanRequest, mapped: ResolvedMapping, changes: Path) -> str:
    """Return SQL for the rows with their objects and records; rows that match no record, or several, are decided."""
    assert mapped.match is not None
    places = " ".join(f"when {text(each.name)} then {number}" for number, each in enumerate(request.schemas))
    held = f"""
        select value, object, case object {places} end as place, list(distinct record_id) as ids
        from routes where record_id is not null group by value, object
    """
    found = f"""
        select value, arg_min(object, place) as at, arg_min(ids, place) as ids, max(len(ids)) as most,
            arg_max(ids, len(ids)) as several, arg_max(object, len(ids)) as several_at
        from ({held}) group by value
    """
    stored = name(mapped.match.stored)
    creates = request.sync.create_in is not None
    made = text(choose_create_action(request, mapped)) if creates else text(Action.UPDATE)
    new_in = text(request.sync.create_in or request.schema.name)
    joined = f"""(
        select c.* replace (
            if(f.at is null, {made}, 'update') as action, coalesce(f.at, {new_in}) as object,
            coalesce(f.ids[1], c.record_id) as record_id,
            if(
                c.effect = '{Effect.NEW}' and f.at is null and {str(creates).lower()}, '{Effect.ABSENT}', c.effect
            ) as effect
        ), f.most, f.several, f.several_at, f.at is null as unknown
        from {file(changes)} c left join ({found}) f on f.value = c.{stored}
    )"""
    shown = f"cast({stored} as varchar)"
    field = mapped.match.field.name
    several = (
        f"'there are several ' || several_at || ' whose ' || {text(field)} || ' is ' || {shown} || ': '"
        " || array_to_string(several, ', ')"
    )
    verdicts = [Verdict("outcome is null and most > 1", Code.SEVERAL_RECORDS, several)]
    if not creates:
        objects = " or ".join(each.name for each in request.schemas)
        none = f"{text(f'there is no {objects} whose {field} is ')} || {shown}"
        verdicts.append(Verdict("outcome is null and unknown", Code.NO_RECORD, none))
    checks = [
        Verdict(f"outcome is null and ({each.holds})", each.code, each.message)
        for each in field_verdicts(request, mapped)
    ]
    decided = verdict_columns([*verdicts, *checks], joined, former=True)
    return f"select * exclude (most, several, several_at, unknown) from ({decided})"
