"""The summary of a plan: its counts, and the findings that users should see before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
from attrs import fields, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.plan import Effect, Finding, Level
from connector_sdk.contract.report import ActionCounts, RowCounts
from connector_sdk.contract.schema import FieldType, ObjectSchema
from connector_sdk.contract.spec import Mode, Removal
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.sql import count, file, name, texts
from connector_sdk.planning.batching.order import OrderedPlan
from connector_sdk.planning.diff.removals import Removals, clearable
from connector_sdk.planning.mapping.decimals import has_more_decimals
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.project.delivery import AUTO, explain_skipped_apis
from connector_sdk.settings.counts import say_count

KIND = f"""
    case when outcome is not null then outcome
        when effect = '{Effect.LEFT}' and action = 'delete' then 'deleted'
        when effect = '{Effect.LEFT}' then if(action = 'replace', 'deactivated', 'cleared')
        when action = 'replace' and effect = '{Effect.NEW}' then 'created'
        when action = 'replace' and effect = '{Effect.SAME}' then 'kept'
        when action = 'merge' then 'merged'
        when action = 'create' then 'created'
        when action = 'upsert' and effect = '{Effect.ABSENT}' then 'created'
        when action = 'upsert' and effect in ('{Effect.NEW}', '{Effect.REKEYED}') then 'created or updated'
        when action = 'delete' then 'deleted'
        else 'updated' end
"""
"""SQL for what would become of a line of the plan, in words."""


@frozen
class Totals:
    """Lines of a plan by what would become of them, and rows to send by action."""

    rows: RowCounts
    actions: ActionCounts
    created_or_updated: int
    planned: Mapping[Action, int]

    @property
    def creates(self) -> bool:
        """Whether records may be created."""
        return bool(self.actions.created or self.created_or_updated)


def totals(connection: duckdb.DuckDBPyConnection, plan: Path, read: int, removals: Removals) -> Totals:
    """Count the lines of a plan."""
    found = connection.execute(f"select {KIND} as kind, action, count(*) from {file(plan)} group by all").fetchall()
    kinds: Counter[str] = Counter()
    planned: Counter[Action] = Counter()
    decided = {each.value for each in Outcome}
    for kind, action, rows in found:
        kinds[kind] += rows
        if kind not in decided:
            planned[Action(action)] += rows
    lines = sum(kinds.values())
    rows = RowCounts(
        read=read,
        removed=removals.rows,
        unchanged=read + removals.rows - lines,
        planned=lines,
        rejected=kinds[Outcome.REJECTED],
        skipped=kinds[Outcome.SKIPPED],
    )
    actions = ActionCounts(**{each.name: kinds[each.name] for each in fields(ActionCounts)})
    return Totals(rows, actions, kinds["created or updated"], planned)


def delivery_findings(request: PlanRequest, batches: Mapping[str, int]) -> Iterator[Finding]:
    """Yield which API was chosen and why, if the sync says `api: auto` and rows are sent.

    `batches` has the number of batches that each API would need.
    """
    taken = request.delivery.api.name
    if request.sync.delivery.api == AUTO and taken != AUTO and batches[taken]:
        needed = {each: say_count(count, "batch", "batches") for each, count in batches.items()}
        others = (f"{said} with {each}" for each, said in needed.items() if each != taken)
        why = "; ".join([needed[taken], *others, *explain_skipped_apis(request.sync, request.spec)])
        yield Finding(Level.INFO, f"api auto takes {taken}: {why}")


def findings(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    schema: ObjectSchema,
    arranged: OrderedPlan,
    plan: Path,
) -> tuple[Finding, ...]:
    """Return the findings that users should see before a plan runs."""
    return (
        *_match_warning(request, mapped),
        *_report_unmapped(request, mapped, schema),
        *_novel_choices(connection, mapped, arranged, plan),
        *_report_more_decimals(connection, mapped, arranged, plan),
        *_not_cleared(request, mapped),
    )


def _match_warning(request: PlanRequest, mapped: ResolvedMapping) -> Iterator[Finding]:
    warning = mapped.match and mapped.match.field.warnings.get(request.sync.mode)
    if mapped.match and warning:
        yield Finding(Level.WARNING, f"{mapped.match.field.name}: {warning}")


def _report_unmapped(request: PlanRequest, mapped: ResolvedMapping, schema: ObjectSchema) -> Iterator[Finding]:
    filled = {each.field.name for each in mapped.fillings}
    missing = [each.name for each in schema.fields if each.required and each.name not in filled]
    if missing and request.sync.mode is Mode.UPSERT:
        listed = ", ".join(missing)
        yield Finding(
            Level.WARNING,
            f"{schema.name} needs a value in {listed}, which no column fills: new records will be refused",
            "map it, or use mode update",
        )


def _novel_choices(
    connection: duckdb.DuckDBPyConnection, mapped: ResolvedMapping, arranged: OrderedPlan, plan: Path
) -> Iterator[Finding]:
    """Yield warnings about values that a field does not know yet, as far as they are sent."""
    for each in mapped.fillings:
        known = each.field
        if known.type not in (FieldType.CHOICE, FieldType.CHOICES) or known.restricted or not known.values:
            continue
        stored = f"cast({name(each.stored)} as varchar)"
        given = f"unnest(string_split({stored}, ';'))" if known.type is FieldType.CHOICES else stored
        found = connection.execute(
            f"select distinct value from (select {given} as value from {file(plan, numbered=True)}"
            f" where effect <> '{Effect.LEFT}' and ({arranged.line_condition(each)}))"
            f" where not list_contains({texts(known.values)}, value) order by value limit 4"
        ).fetchall()
        if found:
            listed = ", ".join(repr(value) for (value,) in found[:3]) + (", ..." if len(found) > 3 else "")
            yield Finding(
                Level.WARNING, f"{known.name} does not have these values yet: {listed}", "they are sent as they are"
            )


def _report_more_decimals(
    connection: duckdb.DuckDBPyConnection, mapped: ResolvedMapping, arranged: OrderedPlan, plan: Path
) -> Iterator[Finding]:
    """Yield warnings about numbers with more decimals than their field shows. The field still stores all of them."""
    types = columns_of(connection, file(plan))
    for each in mapped.fillings:
        if each.field.type is not FieldType.DECIMAL or not each.field.stores_more_decimals:
            continue
        more = has_more_decimals(name(each.stored), types[each.stored], each.field)
        sent = f"effect <> '{Effect.LEFT}' and ({arranged.line_condition(each)})"
        rows = _rows(connection, plan, f"{sent} and {more}") if more else 0
        if rows:
            counted = say_count(rows, "row has", "rows have")
            shown = f"{each.field.name} shows {each.field.scale or 0} decimals"
            message = f"{shown}, and {counted} more, which are stored as well"
            advice = "set round: true on it to round them, or give the field more decimals"
            yield Finding(Level.WARNING, message, advice)


def _rows(connection: duckdb.DuckDBPyConnection, plan: Path, condition: str) -> int:
    """Return how many lines of a plan meet a condition."""
    return count(connection, file(plan, numbered=True), condition)


def _not_cleared(request: PlanRequest, mapped: ResolvedMapping) -> Iterator[Finding]:
    if request.sync.on_removed is Removal.CLEAR:
        cleared = clearable(mapped)
        kept = [each.field.name for each in mapped.fillings if each not in cleared]
        if kept:
            yield Finding(Level.INFO, f"when a row leaves the model, these fields keep their value: {', '.join(kept)}")
