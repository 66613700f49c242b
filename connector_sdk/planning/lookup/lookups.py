"""Lookups of record ids at the destination: of the rows themselves, and of the records that they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import duckdb
from attrs import evolve, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.codes import Code
from connector_sdk.contract.plan import Effect
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import columns_of, freeze
from connector_sdk.engines.sql import file, name, text
from connector_sdk.planning.diff.merge_groups import IS_MERGE
from connector_sdk.planning.diff.relations import Relations
from connector_sdk.planning.diff.verdicts import (
    Verdict,
    verdict_columns,
)
from connector_sdk.planning.mapping.identity import comparable
from connector_sdk.planning.mapping.model import FieldBinding, Lookup, ResolvedMapping
from connector_sdk.planning.matches import Match, SoughtValues, ask
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import RowReference


@frozen
class _Question:
    """A lookup of record ids for some rows.

    - `asks`: SQL that is true for these rows.
    - `by`: the column with the values to find.
    - `replaced`: columns, each with the SQL of its value after the lookup.
    - `verdicts`: the decisions on rows without an id, or with several.
    - `known`: a relation of match values and record ids that need no lookup.
    - `former`: SQL for another spelling of the values, which is looked up if the first one finds nothing.
    - `is_reference`: whether the lookup is about records that rows refer to, not about their own.
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
    mapped: ResolvedMapping,
    relations: Relations,
    changes: Path,
    match: Match,
    waiting: Mapping[str, RowReference],
) -> Path:
    """Fill in the record ids that the destination knows, and decide the rows for which it has none.

    A row may refer, in a column of `waiting`, to a record that another row will make. The cell is left as it is until
    that record exists. If the plan depends on whether rows have records, a row whose record is found becomes an update.

    Returns the file of the completed changes, or `changes` itself if there was nothing to look up.
    """
    for number, question in enumerate(_build_questions(request, mapped, relations, waiting)):
        found = _ask(connection, question, changes, request.folder / f"records-{number}.parquet", match)
        completed = request.folder / f"completed-{number}.parquet"
        freeze(connection, _complete_lines(question, changes, found), completed)
        changes = completed
    return changes


def describe_missing(lookup: Lookup) -> str:
    """Return the start of the message, before the value, on a reference that matches no record."""
    return f"Reference not found: {lookup.wanted}"


def _build_questions(
    request: PlanRequest, mapped: ResolvedMapping, relations: Relations, waiting: Mapping[str, RowReference]
) -> Iterator[_Question]:
    """Yield the lookups to make: of references first, then of merged records, then of each row's own record."""
    for filling in mapped.fillings:
        if filling.lookup is not None:
            known = _select_known_records(request, mapped, relations, filling.lookup)
            question = _ask_reference(filling, filling.lookup, waiting.get(filling.stored), known)
            yield evolve(question, former=filling.former)
    if mapped.match is None:
        return
    lookup = Lookup((request.schema.name,), mapped.match.field)
    if request.sync.merge is not None:
        yield evolve(_ask_merged_record(lookup, mapped.match.stored), former=mapped.match.former)
    if _wants_records(request, mapped):
        creates, deletes = request.sync.mode is Mode.UPSERT, request.sync.mode is Mode.ARCHIVE
        question = _ask_own_record(lookup, mapped.match.stored, creating=creates, deleting=deletes)
        question = evolve(question, former=mapped.match.former)
        yield _turn_known_into_updates(question) if mapped.depends_on_existence else question


def _wants_records(request: PlanRequest, mapped: ResolvedMapping) -> bool:
    """Return whether a row's record must be looked up before the row is sent."""
    if request.others:
        return False
    if request.sync.mode is Mode.UPSERT:
        return request.lookup or mapped.depends_on_existence
    return request.sync.mode in (Mode.UPDATE, Mode.ARCHIVE)


def _select_known_records(
    request: PlanRequest, mapped: ResolvedMapping, relations: Relations, lookup: Lookup
) -> str | None:
    """Return the relation of records that the snapshot knows by the looked-up value; None if it has to be asked for.

    A full run looks up all records again. So does a lookup that treats more values as equal than the match does,
    because it may find other records beside the known one.
    """
    if relations.known is None or request.full or request.others or not request.compares or mapped.match is None:
        return None
    match = mapped.match.field
    if (lookup.target, lookup.field.name) != (request.schema.name, match.name):
        return None
    if lookup.field.equality != match.equality:
        return None
    return f"(select match, record_id from {relations.known} where record_id is not null)"


def _ask_reference(filling: FieldBinding, lookup: Lookup, waiting: RowReference | None, known: str | None) -> _Question:
    stored = filling.stored
    asks = f"{name(stored)} is not null and {filling.own} and not {IS_MERGE}"
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


def _ask_own_record(lookup: Lookup, stored: str, *, creating: bool, deleting: bool) -> _Question:
    """Return the lookup of the record that each row matches.

    If the mode creates records, a row without a record is new. Otherwise it is decided. If the mode deletes them, and
    the row matches by record id, its record can never appear again.
    """
    asks = "record_id is null"
    replaced, verdicts = (
        {"record_id": "coalesce(record_id, found[1])"},
        [_impossible(lookup, stored, asks), _several(lookup, stored, asks, Code.SEVERAL_RECORDS)],
    )
    if creating:
        replaced["effect"] = (
            f"case when effect = '{Effect.NEW}' then if(found is null, '{Effect.ABSENT}', '{Effect.PRESENT}')"
            " else effect end"
        )
    else:
        none = f"there is no {lookup.wanted}"
        code = Code.ALREADY_GONE if deleting and lookup.field.is_record_id else Code.NO_RECORD
        verdicts.append(_reject_missing(stored, asks, code, none))
    return _Question(lookup, stored, asks, replaced, tuple(verdicts))


def _turn_known_into_updates(question: _Question) -> _Question:
    """Return the lookup that turns rows with a record into updates of just that record.

    An upsert by key might create a record, which would then lack the fields that can be set only on creation.
    """
    known = f"action = {text(Action.UPSERT)} and {question.replaced['record_id']} is not null"
    return evolve(question, replaced={**question.replaced, "action": f"if({known}, {text(Action.UPDATE)}, action)"})


def _ask_merged_record(lookup: Lookup, stored: str) -> _Question:
    """Return the lookup of the record of a row that is merged into another one."""
    asks = f"{IS_MERGE} and record_id is null"
    none = f"there is nothing to merge: no {lookup.target} has the {lookup.field.name} "
    verdicts = (
        _impossible(lookup, stored, asks),
        _several(lookup, stored, asks, Code.SEVERAL_RECORDS),
        _reject_missing(stored, asks, Code.NOTHING_TO_MERGE, none),
    )
    return _Question(lookup, stored, asks, {"record_id": f"if({asks}, found[1], record_id)"}, verdicts)


def _impossible(lookup: Lookup, by: str, asks: str) -> Verdict:
    """Return the verdict on values that no record can ever have: waiting for one is useless."""
    expected = lookup.field.pattern_name or f"a value that a record of {' or '.join(lookup.objects)} can have"
    ending = text(f"' in {lookup.field.name} is not {expected}")
    shown = f"chr(39) || cast({name(by)} as varchar) || {ending}"
    return Verdict(f"outcome is null and {asks} and len(found) = 1 and found[1] is null", Code.BAD_VALUE, shown)


def _reject_missing(by: str, asks: str, code: Code, message: str) -> Verdict:
    shown = f"{text(message)} || cast({name(by)} as varchar)"
    return Verdict(f"outcome is null and {asks} and found is null", code, shown)


def _several(lookup: Lookup, by: str, asks: str, code: Code) -> Verdict:
    sought = text(f"there are several {lookup.wanted}")
    shown = f"{sought} || cast({name(by)} as varchar) || ': ' || array_to_string(found, ', ')"
    return Verdict(f"outcome is null and {asks} and len(found) > 1", code, shown)


def _ask(connection: duckdb.DuckDBPyConnection, question: _Question, changes: Path, answers: Path, match: Match) -> str:
    """Look up the values that the snapshot does not know, and return SQL for the record ids by value."""
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
        lookup.objects,
        lookup.field.name,
        answers,
        partial(match, is_reference=question.is_reference, conditions=lookup.conditions),
    )
    return f"select value, record_id from {answered}{known}"


def _complete_lines(question: _Question, changes: Path, found: str) -> str:
    ids = "list(distinct record_id) filter (where record_id is not null)"
    grouped = f"select value, coalesce({ids}, [null]) as found from ({found}) group by value"
    joined = f"select c.*, a.found from {file(changes)} c left join ({grouped}) a on a.value = c.{name(question.by)}"
    decided = verdict_columns(question.verdicts, f"({joined})", former=True)
    replaced = ", ".join(f"{value} as {name(column)}" for column, value in question.replaced.items())
    return f"select * exclude (found) replace ({replaced}) from ({decided})"
