"""The changes of a model: compared with the snapshot, mapped, checked and frozen in one file that is written once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from attrs import frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import NAMED, Compared, Profile, columns_of, freeze, profile
from connector_sdk.engines.models import Source
from connector_sdk.engines.promote import SENT_MATCH
from connector_sdk.engines.sql import count, file, name, text
from connector_sdk.planning.diff.known_rows import make_known_rows
from connector_sdk.planning.diff.merge_groups import (
    IS_MERGE,
    helper_columns,
    judge_groups,
    merge_columns,
    merge_verdicts,
    select_judged,
)
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.planning.diff.unreadable_cells import refusal_columns, reject_refused_cells, select_refused_cells
from connector_sdk.planning.diff.verdicts import (
    Verdict,
    verdict_columns,
)
from connector_sdk.planning.mapping.columns import model_column, normal
from connector_sdk.planning.mapping.identity import comparable, inexact, key
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.request import PlanRequest


@frozen
class Changes:
    """The frozen changes.

    - `new`: the number of model rows whose key is not known.
    - `rekeyed`: the number of changes in which a known key has a new match value.
    - `known`: the number of rows in the snapshot.
    - `met`: the number of model rows that the snapshot has.
    - `repeated_keys`: whether several rows of the model share a key.
    - `relations`: what was compared, for later steps.
    """

    file: Path
    new: int
    rekeyed: int
    known: int
    met: int
    repeated_keys: bool
    relations: Relations

    @property
    def absent(self) -> bool:
        """Whether known keys may be missing from the model, as far as the counts tell without a comparison of keys."""
        return self.repeated_keys or self.met < self.known


def freeze_changes(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    source: Source,
    mapped: ResolvedMapping,
    since: int,
) -> Changes:
    """Freeze the rows that differ from what the destination accepted.

    `since` is the number of the run that last changed the mapping: rows accepted before it count as changed.
    """
    connection.execute(f"create view model as {_model(request, source, mapped)}")
    relations = make_known_rows(connection, request, "model")
    if request.held:
        connection.register("held_rows", pa.table({"key": pa.array(request.held, pa.string())}))
        connection.execute("create table held as select key from held_rows")
    found = profile(connection, relations.model, matching=mapped.match is not None, same=request.matches_by_key)
    if request.sync.merge:
        relations = judge_groups(connection, relations)
    verdicts = [
        *reject_refused_cells(request, mapped, source), *_identity_verdicts(request, found), *merge_verdicts(request),
    ]  # fmt: skip
    verdicts += [] if request.others else field_verdicts(request, mapped)
    target = request.folder / "changes.parquet"
    sent = _select_converted(mapped)
    unused = ", ".join(("position", "inexact", *helper_columns(request), *refusal_columns(request, mapped, source)))
    select = f"""
        with changed as ({_select_changes(connection, request, source, mapped, found, relations, since)}),
        mapped as (select * {sent} from changed)
        select * exclude ({unused}) from ({verdict_columns(verdicts, "mapped")})
        {_order(request)}
    """
    freeze(connection, select, target, rows=source.rows if request.snapshot is None else None)
    effects = _count_effects(connection, target)
    new, known = effects.get(Effect.NEW, 0), _count_known(connection, relations)
    rekeyed, repeated = effects.get(Effect.REKEYED, 0), bool(found.repeated_keys)
    return Changes(target, new, rekeyed, known, source.rows - new, repeated, relations)


def _order(request: PlanRequest) -> str:
    """Return SQL that keeps inserted rows in the order of the model, which a comparison with a snapshot may lose."""
    return "order by position" if request.sync.mode is Mode.INSERT and request.snapshot is not None else ""


def count_sent(connection: duckdb.DuckDBPyConnection, lines: Path) -> Mapping[str, int]:
    """Return the number of changes that are sent, by effect."""
    return _count_effects(connection, lines, "where outcome is null")


def _model(request: PlanRequest, source: Source, mapped: ResolvedMapping) -> str:
    """Return SQL for the model as it is compared: key, match value, and columns with the destination's empty text."""
    types, match = source.columns, request.sync.match
    columns = [f"{source.position} as position", f"{key(request.model.primary_key, types)} as key"]
    columns.append(f"{_any(_inexact_keys(request, types))} as inexact")
    if match and mapped.match:
        columns.append(f"{comparable(name(match.column), types[match.column], mapped.match.field)} as match")
    else:
        columns.append("null::varchar as match")
    used = dict.fromkeys([*mapped.columns, *([match.column] if match else [])])
    columns += [f"{normal(each, types[each], request.spec)} as {name(model_column(each))}" for each in used]
    columns += merge_columns(request, mapped, types)
    columns += select_refused_cells(request, mapped, source)
    return f"select {', '.join(columns)} from {source.relation}"


def _inexact_keys(request: PlanRequest, types: Mapping[str, str]) -> Iterator[str]:
    """Yield SQL that is true if a column of the primary key is a number that is not exact."""
    yield "false"
    yield from filter(None, (inexact(name(each), types[each]) for each in request.model.primary_key))


def _select_changes(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    source: Source,
    mapped: ResolvedMapping,
    found: Profile,
    relations: Relations,
    since: int,
) -> str:
    """Return SQL for the rows to examine, with what is known about them and their effects."""
    action, rows = text(request.action), select_judged(relations) if relations.groups else relations.model
    if request.sync.merge:
        action = f"case when m.merged_into is null then {action} else {text(Action.MERGE)} end"
    fixed = f"{action} as action, {text(request.schema.name)} as object"
    if request.snapshot is None:
        unknown = f"null::varchar as record_id, null::varchar as {SENT_MATCH}"
        return f"select m.*, {unknown}, '{Effect.NEW}' as effect, {fixed} from {rows} m"
    record = "null" if request.others else "s.record_id"
    spelling = f"s.{SENT_MATCH}" if SENT_MATCH in columns_of(connection, str(relations.known)) else "null"
    rekeyed = "m.match is distinct from s.match" if mapped.match and not request.matches_by_key else "false"
    reasons = ["s.key is null", *(["m.merged_into is not null"] if request.sync.merge else [])]
    if request.full:
        reasons.append("true")
    elif request.compares:
        compared = _make_compared(connection, source, mapped, relations)
        reasons += [
            *(f"m.{each} is not null" for each in refusal_columns(request, mapped, source)),
            rekeyed,
            f"s.generation < {since}",
            compared.select_changed(model_column(each) for each in mapped.compared),
        ]
    return f"""
        select m.*, case when {rekeyed} then null::varchar else {record} end as record_id,
            case when {rekeyed} then null::varchar else {spelling} end as {SENT_MATCH},
            case when s.key is null then '{Effect.NEW}' when {rekeyed} then '{Effect.REKEYED}'
                else '{Effect.CHANGED}' end as effect, {fixed}
        from {rows} m left join {relations.known} s on s.key = m.key
        where {_any([*_unsound(request, found), _open(relations, _any(reasons))])}
    """


def _open(relations: Relations, reasons: str) -> str:
    """Return SQL for reasons to send a row that exclude rows which an earlier run merged."""
    return f"not {relations.was_merged} and ({reasons})" if relations.was_merged else reasons


def _any(conditions: Iterable[str]) -> str:
    return " or ".join(f"({each})" for each in conditions)


def _unsound(request: PlanRequest, found: Profile) -> Iterator[str]:
    """Yield SQL that is true for rows whose identity is in doubt, whether they changed or not."""
    if request.sync.merge:
        yield "m.defect is not null"
    if found.repeated_keys:
        yield f"m.key in (select value from {found.repeated_keys})"
    if found.repeated_matches:
        yield f"m.match in (select value from {found.repeated_matches})"


def _make_compared(
    connection: duckdb.DuckDBPyConnection, source: Source, mapped: ResolvedMapping, relations: Relations
) -> Compared:
    types = {model_column(each): source.columns[each] for each in mapped.compared}
    sets = {model_column(each) for each in mapped.sets}
    return Compared(columns_of(connection, str(relations.known)), types, sets)


def _select_converted(mapped: ResolvedMapping) -> str:
    """Return SQL for the columns that hold converted values."""
    fillings = [*mapped.fillings, *([mapped.match] if mapped.match else [])]
    made = {each.stored: each.value for each in fillings if each.value is not None}
    return "".join(f", {value} as {name(stored)}" for stored, value in made.items())


def _identity_verdicts(request: PlanRequest, found: Profile) -> Iterator[Verdict]:
    yield Verdict("key is null", Code.NULL_KEY, "'row ' || position || ' of the model has no primary key'")
    if found.repeated_keys:
        message = f"'several rows of the model have the primary key ' || key || {_positions(found.repeated_keys)}"
        yield Verdict(f"key in (select value from {found.repeated_keys})", Code.REPEATED_KEY, message)
    columns = ", ".join(request.model.primary_key)
    message = f"'the primary key ' || key || {text(f' is a floating point number that is not exact ({columns})')}"
    yield Verdict(f"effect = '{Effect.NEW}' and inexact", Code.INEXACT_KEY, message)
    if request.held:
        yield Verdict("key in (select key from held)", Code.HELD, "'it is not known whether this row was sent before'")
    match = request.sync.match
    if match is not None:
        yield Verdict("match is null", Code.NULL_MATCH, text(f"the match column {match.column} is empty"))
    if match is not None and found.repeated_matches:
        said = text(f"several rows of the model have the same value in {match.field}: ")
        message = f"{said} || match || {_others(found.repeated_matches)}"
        yield Verdict(f"match in (select value from {found.repeated_matches})", Code.REPEATED_MATCH, message)
    if request.baseline:
        yield Verdict(f"effect = '{Effect.NEW}'", Code.BASELINE, "'taken as sent before'")


def _others(table: str) -> str:
    """Return SQL that names up to three other rows with the same match value, and the number of further ones."""
    named = f"array_to_string(list_filter(r.keys, lambda e: e <> key)[1:{NAMED}], ', ')"
    said = f"' (also: ' || nullif({named}, '') || {_more(NAMED + 1)} || ')'"
    return f"(select coalesce({said}, '') from {table} r where r.value = match)"


def _positions(table: str) -> str:
    """Return SQL that names the rows that share a key, by their positions in the model."""
    named = f"array_to_string(r.positions[1:{NAMED}], ', ')"
    return f"(select ' (rows ' || {named} || {_more(NAMED)} || ')' from {table} r where r.value = key)"


def _more(told: int) -> str:
    """Return SQL that says how many more rows than the `told` ones share the value of `r`."""
    return f"if(r.rows > {told}, ' and ' || (r.rows - {told}) || ' more', '')"


def field_verdicts(request: PlanRequest, mapped: ResolvedMapping) -> Iterator[Verdict]:
    """Yield the verdicts on values, except on those of merged rows and those for another object, which are not sent."""
    sent = f"not {IS_MERGE} and " if request.sync.merge else ""
    match = [mapped.match] if mapped.match and mapped.match not in mapped.fillings else []
    for filling in [*mapped.fillings, *match]:
        own = sent if filling.object_name is None else f"{sent}{filling.own} and "
        yield from (Verdict(f"{own}({each.failed})", each.code, each.message) for each in filling.checks)


def _count_effects(connection: duckdb.DuckDBPyConnection, target: Path, condition: str = "") -> dict[str, int]:
    found = connection.execute(f"select effect, count(*) from {file(target)} {condition} group by all").fetchall()
    return dict(found)


def _count_known(connection: duckdb.DuckDBPyConnection, relations: Relations) -> int:
    return count(connection, relations.known) if relations.known else 0
