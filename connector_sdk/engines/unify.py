"""Unify files with different columns into one relation, with a type for each column that holds all of its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from connector_sdk.engines.relation import Column, Part, Relation, select_columns
from connector_sdk.engines.type_join import Joined, join_types


def unify(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Relation:
    """Return the rows of all parts, one part after the other, as one relation. Columns are matched by name.

    A column is left out if a part lacks it, or if no type holds its values in all parts without loss.
    """
    columns: dict[str, str] = {}
    left_out: dict[str, str] = {}
    casts: list[dict[str, Column]] = [{} for _ in parts]
    for spelled, members in _members(parts).items():
        joined = _join(connection, parts, spelled, members)
        if isinstance(joined, str):
            left_out |= dict.fromkeys({spelled, *_spellings(parts, spelled)}, joined)
            continue
        columns[spelled] = joined.type
        for cast, member in zip(casts, members, strict=True):
            assert member is not None
            cast[spelled] = Column(joined.cast(member), joined.type)
    selects = [select_columns(cast, part.relation) for cast, part in zip(casts, parts, strict=True)]
    return Relation(" union all ".join(selects) if columns else "", columns, left_out)


def _members(parts: Sequence[Part]) -> Mapping[str, Sequence[Column | None]]:
    """Return the columns of all parts by name, spelled as in the first part; None for a part without the column."""
    spelled: dict[str, str] = {}
    for part in parts:
        for each in (*part.columns, *part.left_out):
            spelled.setdefault(each.casefold(), each)
    own = [{each.casefold(): column for each, column in part.columns.items()} for part in parts]
    return {each: [columns.get(folded) for columns in own] for folded, each in spelled.items()}


def _join(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], spelled: str, members: Sequence[Column | None]
) -> Joined | str:
    """Return the common type of a column of all parts, or the reason why there is none."""
    reasons = (reason for part in parts for each, reason in part.left_out.items() if _same(each, spelled))
    if reason := next(reasons, ""):
        return reason
    if lacking := [part.shown for part, member in zip(parts, members, strict=True) if member is None]:
        having = next(part.shown for part, member in zip(parts, members, strict=True) if member)
        return f"{lacking[0]} has no such column, and {having} has one"
    there = [member for member in members if member is not None]
    joined = join_types(there, lambda number, condition: _holds(connection, parts[number], condition))
    return joined or f"{_describe_conflict(parts, there)}: no type holds the values of both"


def _holds(connection: duckdb.DuckDBPyConnection, part: Part, condition: str) -> bool:
    """Return whether a condition holds for every row of a part."""
    found = connection.execute(f"select 1 from {part.relation} where not ({condition}) limit 1").fetchall()
    return not found


def _describe_conflict(parts: Sequence[Part], members: Sequence[Column]) -> str:
    first = members[0].told
    other = next(number for number, member in enumerate(members) if member.told != first)
    return f"{parts[0].shown} has it as {first}, {parts[other].shown} as {members[other].told}"


def _spellings(parts: Sequence[Part], spelled: str) -> Iterator[str]:
    return (each for part in parts for each in (*part.columns, *part.left_out) if _same(each, spelled))


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
