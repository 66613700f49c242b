"""Relations in SQL with their usable columns, and the reasons why other columns cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from connector_sdk.engines.sql import name


@frozen
class Column:
    """A column of a relation: SQL for its values, and its type in DuckDB. `written` is the type in the file."""

    value: str
    type: str
    written: str = ""

    @property
    def told(self) -> str:
        """The type as a message names it."""
        return self.written or self.type


@frozen
class Part:
    """Files of one form: their name in messages, SQL to select from, and their columns.

    `left_out` maps other columns to the reasons why they cannot be used. `files` are Parquet files.
    """

    shown: str
    relation: str
    columns: Mapping[str, Column]
    left_out: Mapping[str, str] = field(factory=dict)
    files: Sequence[str] = ()

    @property
    def is_plain(self) -> bool:
        """Whether every column has the same name in the relation and in the files."""
        return all(column.value == name(each) for each, column in self.columns.items())


@frozen
class Relation:
    """One SELECT, and its columns with their types. `left_out` maps other columns to why they cannot be used."""

    select: str
    columns: Mapping[str, str]
    left_out: Mapping[str, str] = field(factory=dict)


def select_columns(columns: Mapping[str, Column], relation: str) -> str:
    """Return a SELECT of columns under their names."""
    values = (f"{column.value} as {name(each)}" for each, column in columns.items())
    return f"select {', '.join(values)} from {relation}"


LEFT_OUT_HINT = "write the files alike, give each column a name of its own, or leave this one out"
"""The hint about a column that cannot be used."""


def find_doubled(names: Sequence[str], where: str) -> dict[str, str]:
    """Return the names that occur more than once in a list of columns, each with the reason why it cannot be used.

    Case makes no difference, as in SQL. `where` names the list in the reason.
    """
    places: dict[str, list[int]] = {}
    for number, each in enumerate(names, 1):
        places.setdefault(each.casefold(), []).append(number)
    return {
        each: f"{where} has it {_times(places[each.casefold()])}: columns {_places(names, places[each.casefold()])}"
        for each in names
        if len(places[each.casefold()]) > 1
    }


def choose_unused_name(wished: str, names: Iterable[str]) -> str:
    """Return a name that no column has, in any case: the wished one with underscores appended as needed."""
    taken = {each.casefold() for each in names}
    while wished.casefold() in taken:
        wished += "_"
    return wished


def _times(places: Sequence[int]) -> str:
    return "twice" if len(places) == 2 else f"{len(places)} times"


def _places(names: Sequence[str], places: Sequence[int]) -> str:
    """Return the positions of one name as text, with the spellings if these differ."""
    differ = len({names[place - 1] for place in places}) > 1
    listed = [f"{place} ({names[place - 1]})" if differ else str(place) for place in places]
    return f"{', '.join(listed[:-1])} and {listed[-1]}"
