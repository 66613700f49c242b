"""Rows that refer to other rows of the same plan: parents are sent first, and rows that lose theirs are rejected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
from attrs import field, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.sql import count, file, name, text
from connector_sdk.planning.diff.merge_groups import IS_MERGE
from connector_sdk.planning.diff.verdicts import Verdict, verdict_columns
from connector_sdk.planning.lookup.lookups import describe_missing
from connector_sdk.planning.lookup.topological import Levels, find_levels
from connector_sdk.planning.mapping.identity import comparable
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import RowReference, stored_name


@frozen
class Parents:
    """The lines in `file`, and the highest level among them: 0 if no line refers to another.

    `references` are the columns in which a line may name another line whose record is not made yet.
    """

    file: Path
    highest: int = 0
    references: Mapping[str, RowReference] = field(factory=dict)


def relate(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, changes: Path
) -> Parents:
    """Put lines that refer to other lines on a level above them, and reject those in a circle.

    A line waits for the other one even if that one's record exists: a record is moved below another only after that one
    has been moved. If a line may need the id of a new record, it gets the key of the line that makes it.
    """
    own = list(_own_references(request, mapped))
    if not own:
        return Parents(changes)
    lines = f"select *, file_row_number as line from {file(changes, numbered=True)}"
    types = columns_of(connection, file(changes))
    pairs = (
        _pairs(number, each, types, f"{lines} where outcome is null and not {IS_MERGE}")
        for number, each in enumerate(own)
    )
    connection.execute(f"create table pairs as {' union all '.join(pairs)}")
    connection.execute("create table edges as select distinct child, parent from pairs")
    levels = find_levels(connection, "edges", lines)
    if not levels.highest and not count(connection, levels.circles):
        return Parents(changes)
    target = request.folder / "related.parquet"
    freeze(connection, _select_related(own, levels, lines), target)
    return Parents(target, levels.highest, {each.filling.stored: each.reference for each in own if each.waits})


def reject_orphans(connection: duckdb.DuckDBPyConnection, request: PlanRequest, parents: Parents, lines: Path) -> Path:
    """Reject the lines that wait for the record of a line that is not sent, and the lines that wait for these."""
    if not parents.references:
        return lines
    unsent = _find_unsent(connection, parents, lines)
    if not count(connection, unsent):
        return lines
    verdicts = [
        Verdict(
            f"outcome is null and {name(each.row)} in (select key from {unsent})",
            each.code,
            f"{text(each.missing)} || cast({name(each.stored)} as varchar)",
        )
        for each in parents.references.values()
    ]
    target = request.folder / "orphaned.parquet"
    freeze(connection, verdict_columns(verdicts, file(lines), former=True), target)
    return target


def parents_findings(parents: Parents) -> Iterator[Finding]:
    """Yield a finding on rows that refer to each other."""
    if parents.highest:
        yield Finding(Level.INFO, f"rows refer to other rows: they go in {parents.highest + 1} stages, parents first")


@frozen
class _Own:
    """A field that refers to records which the plan writes, and the mapped field by which they are found.

    - `waits`: whether the id may be that of a record which this plan makes.
    - `meant`: SQL that is true for the lines that may be referred to: those of one object, if there are several.
    """

    filling: FieldBinding
    found_by: FieldBinding
    waits: bool
    meant: str

    @property
    def reference(self) -> RowReference:
        """The way in which a line names another one."""
        assert self.filling.lookup is not None
        row = stored_name(self.filling.object_name, self.filling.field.name)
        return RowReference(self.filling.stored, f"parent.{row}", describe_missing(self.filling.lookup))


def _own_references(request: PlanRequest, mapped: ResolvedMapping) -> Iterator[_Own]:
    if request.sync.mode is Mode.ALL:
        return
    mine = [*mapped.fillings, *([mapped.match] if mapped.match else [])]
    names = [each.name for each in request.schemas]
    for filling in mapped.fillings:
        object_name, field_name = _find_target(filling)
        if object_name not in names:
            continue
        own = (each for each in mine if each.object_name in (None, object_name))
        found_by = next((each for each in own if each.field.name == field_name), None)
        if found_by is not None:
            makes = request.action in (Action.CREATE, Action.UPSERT) and request.sync.create_in in (None, object_name)
            meant = f"object = {text(object_name)}" if request.others else "true"
            yield _Own(filling, found_by, makes and filling.lookup is not None, meant)


def _find_target(filling: FieldBinding) -> tuple[str, str]:
    """Return the object and the field by which a reference finds its record, whatever that record holds.

    The object is empty for other fields.
    """
    if filling.lookup is not None:
        return filling.lookup.target or "", filling.lookup.field.name
    return (filling.column.by.object_name, filling.column.by.field) if filling.column.by else ("", "")


def _pairs(number: int, own: _Own, types: Mapping[str, str], lines: str) -> str:
    """Return SQL for the lines that refer to another one by a reference, with the line and the key of that one."""

    lookup = own.filling.lookup
    compared = lookup.field if lookup else own.found_by.field

    def values(filling: FieldBinding, condition: str) -> str:
        value = comparable(name(filling.stored), types[filling.stored], compared)
        return f"(select line, key, {value} as value from ({lines}) where {condition})"

    return (
        f"select {number} as number, c.line as child, p.line as parent, p.key"
        f" from {values(own.filling, own.filling.own)} c join {values(own.found_by, own.meant)} p on p.value = c.value"
    )


def _select_related(own: Sequence[_Own], levels: Levels, lines: str) -> str:
    """Return SQL for the lines with their level and the keys of the lines that they wait for."""
    waiting = [(f"keys_{number}", number, each.reference) for number, each in enumerate(own) if each.waits]
    named = "".join(f", {keys}, {keys}[1] as {name(each.row)}" for keys, _, each in waiting)
    joins = " ".join(f"left join ({_keys(number, keys, levels.circles)}) using (line)" for keys, number, _ in waiting)
    joined = (
        f"(select * exclude (file_row_number, line, level), coalesce(level, 0) as level {named} from ({lines})"
        f" left join (select line, max(level) as level from {levels.above} group by line) using (line)"
        f" left join {levels.circles} using (line) {joins})"
    )
    verdicts = [Verdict("trail is not null", Code.CIRCULAR_REFERENCE, "'rows refer to each other: ' || trail")]
    verdicts += [_several(keys, each) for keys, _, each in waiting]
    helping = ", ".join(["trail", *(keys for keys, *_ in waiting)])
    return f"select * exclude ({helping}) from ({verdict_columns(verdicts, joined, former=True)})"


def _keys(number: int, keys: str, circles: str) -> str:
    """Return SQL for the keys of the lines that a line refers to by a reference, by the referring line."""
    sound = f"number = {number} and parent not in (select line from {circles})"
    return f"select child as line, list(key order by key) as {keys} from pairs where {sound} group by child"


def _several(keys: str, reference: RowReference) -> Verdict:
    meant = f"'several rows are meant by ' || cast({name(reference.stored)} as varchar) || ': '"
    message = f"{meant} || array_to_string({keys}, ', ')"
    return Verdict(f"outcome is null and len({keys}) > 1", Code.REFERENCE_AMBIGUOUS, message)


def _find_unsent(connection: duckdb.DuckDBPyConnection, parents: Parents, lines: Path) -> str:
    """Return a relation of the keys that other lines wait for in vain."""
    sent = f"from {file(lines)} where outcome is null"
    waiting = " union all ".join(
        f"select key, {name(each.row)} as parent {sent} and {name(each.row)} is not null"
        for each in parents.references.values()
    )
    connection.execute(f"create table waiting as {waiting}")
    found = f"select distinct parent as key from waiting where parent not in (select key {sent})"
    connection.execute(f"create table unsent as {found}")
    added = rows = count(connection, "unsent")
    while added:
        further = "select distinct w.key from waiting w semi join unsent u on u.key = w.parent"
        connection.execute(f"insert into unsent {further} anti join unsent k on k.key = w.key")
        added, rows = count(connection, "unsent") - rows, count(connection, "unsent")
    return "unsent"
