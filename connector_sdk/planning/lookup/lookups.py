"""Ask the destination for record ids: those of the rows themselves, and those of the records that they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import duckdb
from attrs import evolve, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.sql import file, name, text
from connector_sdk.planning.diff.identity import comparable
from connector_sdk.planning.diff.merge_groups import GOES
from connector_sdk.planning.diff.verdicts import (
    Verdict,
    verdict_columns,
)
from connector_sdk.planning.lookup.matches import Match, SoughtValues, ask
from connector_sdk.planning.mapping.model import Filling, Lookup, Mapped
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import RowReference


@frozen
class _Question:
    """Rows that need a record id: `asks` is SQL that is true for them, `by` the column with what is looked for.

    `replaced` maps columns to SQL for their new values. `verdicts` decide the rows for which there is no id, or no
    single one. `known` is a relation of match values and record ids that need not be asked for. `former` is SQL for
    another spelling of what is looked for, which is asked for where the first one finds nothing. `is_reference`: it is
    about other records than those of the rows.
    """

    lookup: Lookup
    by: str
    asks: str
    replaced: Mapping[str, str]
    verdicts: tuple[Verdict, ...]
    known: str | None = None
    former: str | None = None
    is_reference: bool = False


def look_up(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: Mapped,
    changes: Path,
    match: Match,
    waiting: Mapping[str, RowReference],
) -> Path:
    """Fill in the record ids that the destination knows; rows for which there is none are decided.

    In the columns of `waiting` a row may mean a record that another row is to make: it keeps its value until then.
    Where it matters whether a record is there, a row that has one becomes an update of it. Answers the file of the
    completed changes, `changes` itself when nothing had to be looked up.
    """
    for number, question in enumerate(_questions(request, mapped, waiting)):
        found = _ask(connection, question, changes, request.folder / f"records-{number}.parquet", match)
        completed = request.folder / f"completed-{number}.parquet"
        freeze(connection, _complete_lines(question, changes, found), completed)
        changes = completed
    return changes


def describe_missing(lookup: Lookup) -> str:
    """What is said, before the value, of a reference that means no record."""
    return f"Reference not found: {lookup.object_name} whose {lookup.field.name} is "


def _questions(request: PlanRequest, mapped: Mapped, waiting: Mapping[str, RowReference]) -> Iterator[_Question]:
    for filling in mapped.fillings:
        if filling.lookup is not None:
            known = _select_known_records(request, mapped, filling.lookup)
            question = _reference(filling, filling.lookup, waiting.get(filling.stored), known)
            yield evolve(question, former=filling.former)
    if mapped.match is None:
        return
    lookup = Lookup(request.schema.name, mapped.match.field)
    if request.sync.merge is not None:
        yield evolve(_ask_merged_record(lookup, mapped.match.stored), former=mapped.match.former)
    if _wants_records(request, mapped):
        mode = request.sync.mode
        question = _own_record(lookup, mapped.match.stored, creating=mode is Mode.UPSERT, deleting=mode is Mode.ARCHIVE)
        question = evolve(question, former=mapped.match.former)
        yield _update_known(question) if mapped.depends_on_existence else question


def _wants_records(request: PlanRequest, mapped: Mapped) -> bool:
    """Whether it must be asked which record a row means before it is sent."""
    if request.others:
        return False
    if request.sync.mode is Mode.UPSERT:
        return request.lookup or mapped.depends_on_existence
    return request.sync.mode in (Mode.UPDATE, Mode.ARCHIVE)


def _select_known_records(request: PlanRequest, mapped: Mapped, lookup: Lookup) -> str | None:
    """The records that the snapshot knows by the value that is looked for. A full run asks for all of them anew.

    Where a search takes more values for the same than the match does, others than the known record may be found too.
    """
    if request.snapshot is None or request.full or request.others or not request.compares or mapped.match is None:
        return None
    match = mapped.match.field
    if (lookup.object_name, lookup.field.name) != (request.schema.name, match.name):
        return None
    if lookup.field.equality != match.equality:
        return None
    return "(select match, record_id from known_rows where record_id is not null)"


def _reference(filling: Filling, lookup: Lookup, waiting: RowReference | None, known: str | None) -> _Question:
    stored = filling.stored
    asks = f"{name(stored)} is not null and {filling.own} and not {GOES}"
    alone = f"{asks} and {name(waiting.row)} is null" if waiting else asks
    verdicts = (
        _impossible(lookup, stored, asks),
        _reject_missing(stored, alone, Code.REFERENCE_NOT_FOUND, describe_missing(lookup)),
        _several(lookup, stored, asks, Code.REFERENCE_AMBIGUOUS),
    )
    kept = f"cast({name(stored)} as varchar)"
    if waiting is None:
        id_ = "found[1]" if filling.object_name is None else f"if({filling.own}, found[1], {kept})"
        return _Question(lookup, stored, asks, {stored: id_}, verdicts, known, is_reference=True)
    replaced = {
        stored: f"coalesce(found[1], {kept})",
        waiting.row: f"if(found is null, {name(waiting.row)}, null)",
    }
    return _Question(lookup, stored, asks, replaced, verdicts, known, is_reference=True)


def _own_record(lookup: Lookup, stored: str, *, creating: bool, deleting: bool) -> _Question:
    """The record that a row means. Where records are created, a row without one is not decided but new; where they are
    deleted, one that has no record by its id has none for ever.
    """
    asks = "record_id is null"
    replaced, verdicts = (
        {"record_id": "coalesce(record_id, found[1])"},
        [_impossible(lookup, stored, asks), _several(lookup, stored, asks, Code.SEVERAL_RECORDS)],
    )
    if creating:
        replaced["effect"] = "case when effect = 'new' then if(found is null, 'absent', 'present') else effect end"
    else:
        none = f"there is no {lookup.object_name} whose {lookup.field.name} is "
        code = Code.ALREADY_GONE if deleting and lookup.field.is_record_id else Code.NO_RECORD
        verdicts.append(_reject_missing(stored, asks, code, none))
    return _Question(lookup, stored, asks, replaced, tuple(verdicts))


def _update_known(question: _Question) -> _Question:
    """Rows that have a record update just that one: made by its key, it would lack what can be set only then."""
    known = f"action = {text(Action.UPSERT)} and {question.replaced['record_id']} is not null"
    return evolve(question, replaced={**question.replaced, "action": f"if({known}, {text(Action.UPDATE)}, action)"})


def _ask_merged_record(lookup: Lookup, stored: str) -> _Question:
    """The record of a row that is merged into another one."""
    asks = f"{GOES} and record_id is null"
    none = f"there is nothing to merge: no {lookup.object_name} has the {lookup.field.name} "
    verdicts = (
        _impossible(lookup, stored, asks),
        _several(lookup, stored, asks, Code.SEVERAL_RECORDS),
        _reject_missing(stored, asks, Code.NOTHING_TO_MERGE, none),
    )
    return _Question(lookup, stored, asks, {"record_id": f"if({asks}, found[1], record_id)"}, verdicts)


def _impossible(lookup: Lookup, by: str, asks: str) -> Verdict:
    """No record can ever have the value, so waiting for one would be in vain."""
    expected = lookup.field.pattern_name or f"a value that a record of {lookup.object_name} can have"
    ending = text(f"' in {lookup.field.name} is not {expected}")
    shown = f"chr(39) || cast({name(by)} as varchar) || {ending}"
    return Verdict(f"outcome is null and {asks} and len(found) = 1 and found[1] is null", Code.BAD_VALUE, shown)


def _reject_missing(by: str, asks: str, code: Code, message: str) -> Verdict:
    shown = f"{text(message)} || cast({name(by)} as varchar)"
    return Verdict(f"outcome is null and {asks} and found is null", code, shown)


def _several(lookup: Lookup, by: str, asks: str, code: Code) -> Verdict:
    sought = text(f"there are several {lookup.object_name} whose {lookup.field.name} is ")
    shown = f"{sought} || cast({name(by)} as varchar) || ': ' || array_to_string(found, ', ')"
    return Verdict(f"outcome is null and {asks} and len(found) > 1", code, shown)


def _ask(connection: duckdb.DuckDBPyConnection, question: _Question, changes: Path, answers: Path, match: Match) -> str:
    """Look up what the snapshot does not know, and return SQL for the record ids by value."""
    sought = SoughtValues(file(changes), question.by, f"outcome is null and {question.asks}", question.former)
    known = ""
    if question.known is not None:
        type_ = columns_of(connection, file(changes))[question.by]
        compared = comparable("s.value", type_, question.lookup.field)
        values = sought.values(name(question.by))
        found = f"select s.value, k.record_id from ({values}) s join {question.known} k on k.match = {compared}"
        connection.execute(f"create or replace table known as {found}")
        sought, known = evolve(sought, known="known"), " union all select value, record_id from known"
    lookup = question.lookup
    answered = ask(
        connection,
        sought,
        [lookup.object_name],
        lookup.field.name,
        answers,
        partial(match, is_reference=question.is_reference),
    )
    return f"select value, record_id from {answered}{known}"


def _complete_lines(question: _Question, changes: Path, found: str) -> str:
    grouped = f"select value, list(distinct record_id) as found from ({found}) group by value"
    joined = f"select c.*, a.found from {file(changes)} c left join ({grouped}) a on a.value = c.{name(question.by)}"
    decided = verdict_columns(question.verdicts, f"({joined})", former=True)
    replaced = ", ".join(f"{value} as {name(column)}" for column, value in question.replaced.items())
    return f"select * exclude (found) replace ({replaced}) from ({decided})"
