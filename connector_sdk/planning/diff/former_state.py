"""State of earlier versions, which spelled some keys differently: it is brought into the present spelling.

They wrote date-times in keys as `2026-01-31 10:00:00`, and these are rewritten. They sent numbers in match fields of
text as their type writes them (`1.0`). The destination knows records by these texts, so they are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from attrs import evolve

from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.promote import SENT_MATCH
from connector_sdk.engines.sql import file, name
from connector_sdk.planning.mapping.columns import model_column
from connector_sdk.planning.mapping.conversions import sql_type
from connector_sdk.planning.mapping.identity import canonical, comparable, former_text
from connector_sdk.planning.mapping.kinds import Kind, kind_of
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.request import PlanRequest

UPGRADED = "known.parquet"
"""The snapshot in the present spelling, in the plan's folder."""

_MOMENT = "^([0-9]{4,}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?)(\\+00)?$"
"""A date-time as earlier versions wrote it into keys."""


def upgrade_snapshot(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, types: Mapping[str, str]
) -> Path | None:
    """Write the snapshot in the present spelling into the plan's folder; return None if it has that spelling already.

    `types` are those of the model's columns.
    """
    if request.snapshot is None:
        return None
    have = columns_of(connection, file(request.snapshot))
    replaced = dict(_list_replaced(request, mapped, types, have))
    if SENT_MATCH in have or not replaced:
        return None
    added = f", {replaced.pop(SENT_MATCH, 'null::varchar')} as {SENT_MATCH}"
    kept = (
        f"* replace ({', '.join(f'{value} as {name(each)}' for each, value in replaced.items())})" if replaced else "*"
    )
    target = request.folder / UPGRADED
    freeze(connection, f"select {kept}{added} from {file(request.snapshot)} s", target)
    return target


def upgrade_keys(keys: Sequence[str], primary_key: Sequence[str], types: Mapping[str, str]) -> dict[str, str]:
    """Return the present spelling of keys that earlier versions spelled differently, by their former one."""
    spelled = _key("key", primary_key, types)
    if spelled is None or not keys:
        return {}
    with duckdb.connect() as connection:
        connection.register("former", pa.table({"key": pa.array(keys, pa.string())}))
        return dict(connection.execute(f"select key, {spelled} from former where key <> {spelled}").fetchall())


def keep_spellings(
    connection: duckdb.DuckDBPyConnection, snapshot: Path | None, mapped: ResolvedMapping
) -> ResolvedMapping:
    """Return a mapping that writes known rows under the spelling by which the destination knows them."""
    match = mapped.match
    if snapshot is None or match is None or SENT_MATCH not in columns_of(connection, file(snapshot)):
        return mapped
    ((spelled,),) = connection.execute(f"select count({SENT_MATCH}) from {file(snapshot)}").fetchall()
    if not spelled:
        return mapped
    fillings = tuple(_prefer_sent(each) if _is_same(each, match) else each for each in mapped.fillings)
    return evolve(mapped, fillings=fillings, match=_prefer_sent(match))


def _is_same(filling: FieldBinding, match: FieldBinding) -> bool:
    return (
        filling.field.name == match.field.name
        and filling.stored.partition(" in ")[0] == match.stored.partition(" in ")[0]
    )


def _prefer_sent(filling: FieldBinding) -> FieldBinding:
    """Return a field mapping that prefers the kept spelling."""
    own = f" in {filling.object_name}" if filling.object_name else ""
    value = filling.value or name(filling.stored)
    return evolve(filling, stored=f"sent.{filling.field.name}{own}", value=f"coalesce({SENT_MATCH}, {value})")


def _list_replaced(
    request: PlanRequest, mapped: ResolvedMapping, types: Mapping[str, str], have: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the columns of the snapshot `s` that are spelled differently, each with SQL for its present spelling."""
    key = _key("s.key", request.model.primary_key, types)
    if key is not None:
        yield "key", key
    match = mapped.match
    if match is None or request.sync.match is None or sql_type(match.field) != "varchar":
        return
    column = model_column(request.sync.match.column)
    if _is_moment(types[request.sync.match.column]):
        yield "match", comparable(_moment("s.match"), "VARCHAR", match.field)
    if (kept := former_text(f"s.{name(column)}", have.get(column, "VARCHAR"))) is not None:
        yield SENT_MATCH, f"nullif({kept}, {canonical(f's.{name(column)}', have[column])})"


def _key(value: str, primary_key: Sequence[str], types: Mapping[str, str]) -> str | None:
    """Return SQL for a key in the present spelling; None if its spelling never differed."""
    moments = [_is_moment(types[each]) for each in primary_key]
    if not any(moments):
        return None
    if len(moments) == 1:
        return _moment(value)
    parts = [f"json_extract_string({value}, '$[{number}]')" for number in range(len(moments))]
    spelled = [_moment(part) if moment else part for part, moment in zip(parts, moments, strict=True)]
    return f"cast(to_json([{', '.join(spelled)}]) as varchar)"


def _is_moment(type_: str) -> bool:
    return kind_of(type_) in (Kind.TIMESTAMP, Kind.INSTANT)


def _moment(value: str) -> str:
    return f"regexp_replace({value}, '{_MOMENT}', '\\1T\\2Z')"
