"""The steps that make the plan of a run: compare, look up, remove, arrange, cut, and freeze the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb
from attrs import evolve, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.connection import Connection
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.plan import Finding, PlanSummary
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import Mode
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.models import Source, open_model
from connector_sdk.engines.sql import database, file
from connector_sdk.hooks.destination import Destination
from connector_sdk.planning.batching.cut import cut
from connector_sdk.planning.batching.lanes import select_locked_record
from connector_sdk.planning.batching.order import OrderedPlan, arrange
from connector_sdk.planning.diff.archiving import Waiting, leave_out_waiting, report_waiting
from connector_sdk.planning.diff.changes import Changes, freeze_changes
from connector_sdk.planning.diff.former_state import UPGRADED, keep_spellings, upgrade_keys, upgrade_snapshot
from connector_sdk.planning.diff.full_list import Replacement, compare_with_target, replacement_findings
from connector_sdk.planning.diff.known_rows import report_merged_rows
from connector_sdk.planning.diff.merge_groups import PARENT, merge_findings, name_parents
from connector_sdk.planning.diff.removals import Removals, freeze_removals, removal_findings
from connector_sdk.planning.diff.renamed_model import report_renamed_model
from connector_sdk.planning.frozen import FrozenPlan, write_plan
from connector_sdk.planning.guards import Scale, find_released, guard
from connector_sdk.planning.lookup.lookups import look_up
from connector_sdk.planning.lookup.object_routing import route, routing_findings
from connector_sdk.planning.lookup.parents import Parents, parents_findings, reject_orphans, relate
from connector_sdk.planning.lookup.rematch_plan import make_match_rule
from connector_sdk.planning.mapping.columns import make_used_columns, model_column
from connector_sdk.planning.mapping.drift import drift, with_drift_note
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.mapping.references import Discover
from connector_sdk.planning.matches import Match
from connector_sdk.planning.model_check import report_model_warnings, resolve_mapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.planning.samples import collect_samples
from connector_sdk.planning.scale import measure, measure_replacement
from connector_sdk.planning.summary import Totals, delivery_findings, findings, totals
from connector_sdk.state.plan_file import FILE, MERGE_TARGET, Layout, stored_name
from connector_sdk.state.records import NewBatch
from connector_sdk.state.schemas import FILE as SCHEMA
from connector_sdk.state.schemas import write_schemas


def make_plan(request: PlanRequest, destination: Destination, connection: Connection) -> FrozenPlan:
    """Plan a run and freeze the plan in `request.folder`; nothing is written to the destination.

    Raises `ConfigError` with every problem of model and mapping, and `RunStopped` when the files cannot be trusted.
    """
    discover: Discover = lambda name: destination.discover_schema(connection, name)  # noqa: E731
    source = open_model(request.model, request.folder, make_used_columns(request.model, request.sync))
    mapped = resolve_mapping(
        request.project, request.sync, request.model, request.schemas, source, request.spec, discover,
        lambda problem, schema: with_drift_note(problem, schema, request),
    )  # fmt: skip
    fingerprints, since = _generations(request, mapped)
    with database(request.folder) as duck:
        former_keys = upgrade_keys(request.held, request.model.primary_key, source.columns)
        request = _upgrade(duck, request, mapped, source, former_keys)
        mapped = keep_spellings(duck, request.snapshot, mapped)
        changes = freeze_changes(duck, request, source, mapped, since)
        crashpoint("after the changes are frozen")
        completed = _complete_changes(duck, request, mapped, changes, partial(destination.match, connection))
        removed = _find_removed(duck, request, mapped, source, changes, completed, destination, connection)
        notes = (
            *merge_findings(duck, changes.relations, removed.lines), *report_model_warnings(source),
            *report_merged_rows(duck, request, changes.relations, removed.lines), *report_waiting(completed.waiting),
            *removal_findings(duck, removed.removals), *report_renamed_model(duck, request, changes),
        )  # fmt: skip
        arranged = arrange(
            duck, request, mapped, removed.lines, removed.removals.file,
            locked=select_locked_record(request, mapped), highest=completed.parents.highest,
        )  # fmt: skip
        settings = request.delivery.choices
        cuts = {each.api.name: _batches(duck, evolve(request, delivery=each), mapped, arranged) for each in settings}
        request = evolve(request, delivery=min(settings, key=lambda each: len(cuts[each.api.name])))
        plan = _describe_plan(duck, request, mapped, notes, removed, completed.parents, arranged, cuts, fingerprints)
        plan = evolve(plan, former_keys=former_keys)
    write_plan(plan)
    write_schemas(request.folder, request.schemas)
    _tidy(request.folder)
    crashpoint("after the plan is written")
    return plan


@frozen
class _Completed:
    """The changes with everything that was looked up, in the file `lines`.

    `parents` says which lines wait for others, and `waiting` which rows of an archive have no record yet.
    """

    lines: Path
    parents: Parents
    waiting: Waiting


def _complete_changes(
    duck: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, changes: Changes, match: Match
) -> _Completed:
    """Give each change its object, its level and the record ids that the destination knows."""
    routed = route(duck, request, mapped, changes, match)
    parents = relate(duck, request, mapped, name_parents(duck, request, changes.relations, routed))
    if request.sync.merge:
        parents = evolve(parents, references={**parents.references, MERGE_TARGET: PARENT})
    found = look_up(duck, request, mapped, changes.relations, parents.file, match, parents.references)
    waiting = leave_out_waiting(duck, request, reject_orphans(duck, request, parents, found))
    return _Completed(waiting.file, parents, waiting)


@frozen
class _Removed:
    """What leaves the destination, beside the changes in the file `lines`; `replacement` in mode `all`."""

    lines: Path
    removals: Removals
    scale: Scale
    replacement: Replacement | None = None


def _find_removed(
    duck: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    source: Source,
    changes: Changes,
    completed: _Completed,
    destination: Destination,
    connection: Connection,
) -> _Removed:
    """Compare with the target in mode `all`, and with the snapshot in the other modes, and measure the plan."""
    if request.sync.mode is Mode.ALL:
        fields = [each.field.name for each in mapped.fillings]
        target = destination.read_records(connection, request.schema.name, fields)
        replacement = compare_with_target(duck, request, mapped, completed.lines, target)
        scale = measure_replacement(duck, request, source, replacement)
        return _Removed(replacement.file, replacement.removals, scale, replacement)
    match = partial(destination.match, connection)
    removals = freeze_removals(duck, request, mapped, changes, completed.lines, match)
    return _Removed(completed.lines, removals, measure(duck, request, source, changes, completed.lines, removals))


def _upgrade(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    source: Source,
    former_keys: Mapping[str, str],
) -> PlanRequest:
    """Return the request with the snapshot and the held keys of earlier versions in the present spelling."""
    upgraded = upgrade_snapshot(connection, request, mapped, source.columns)
    held = tuple(former_keys.get(each, each) for each in request.held)
    return evolve(request, snapshot=upgraded or request.snapshot, held=held)


def _generations(request: PlanRequest, mapped: ResolvedMapping) -> tuple[Mapping[str, str], int]:
    """Return since which run each field is mapped as it is now, and the latest of these runs."""
    marked: dict[str, str] = {}
    latest = 0
    for field, print_ in mapped.fingerprints.items():
        since, _, former = request.fingerprints.get(field, "").partition(":")
        generation = int(since) if former == print_ else request.generation
        marked[field] = f"{generation}:{print_}"
        latest = max(latest, generation)
    return marked, latest


def _describe_plan(
    duck: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    notes: Sequence[Finding],
    removed: _Removed,
    parents: Parents,
    arranged: OrderedPlan,
    cuts: Mapping[str, tuple[NewBatch, ...]],
    fingerprints: Mapping[str, str],
) -> FrozenPlan:
    file_, scale, replacement = request.folder / FILE, removed.scale, removed.replacement
    counted = totals(duck, file_, scale.read, removed.removals)
    batches = cuts[request.delivery.api.name]
    layout = _layout(request, mapped, parents, arranged, replacement.version if replacement else None)
    return FrozenPlan(
        folder=request.folder,
        summary=_summary(request, arranged, counted, batches),
        rows=counted.rows,
        actions=counted.actions,
        created_or_updated=counted.created_or_updated,
        samples=collect_samples(duck, file_, arranged, layout),
        findings=(
            *delivery_findings(request, {api: len(each) for api, each in cuts.items()}),
            *findings(duck, request, mapped, _creating_schema(request), arranged, file_),
            *drift(request, mapped, creates=counted.creates),
            *(replacement_findings(request, replacement) if replacement else ()),
            *parents_findings(parents),
            *routing_findings(duck, request, mapped, file_),
            *notes,
            *guard(request.sync.guards, scale, request.accepted),
        ),
        fingerprints=fingerprints,
        generation=request.generation,
        target=request.target,
        rekeyed=scale.rekeyed > 0,
        changes_nothing=not batches and not removed.removals.left and not request.baseline,
        layout=layout,
        batches=batches,
        known=scale.known,
        released=find_released(request.sync.guards, scale, request.accepted),
        compared=tuple(map(model_column, mapped.compared)),
    )


def _creating_schema(request: PlanRequest) -> ObjectSchema:
    """Return the object that new records are created in."""
    return next((each for each in request.schemas if each.name == request.sync.create_in), request.schema)


def _layout(
    request: PlanRequest, mapped: ResolvedMapping, parents: Parents, arranged: OrderedPlan, version: str | None
) -> Layout:
    stored = {stored_name(each.object_name, each.field.name): each.stored for each in mapped.fillings}
    match = mapped.match.field.name if mapped.match and request.sync.mode in (Mode.UPSERT, Mode.ALL) else None
    references = tuple(parents.references.values())
    shapes, again = arranged.shapes, make_match_rule(request, mapped)
    return Layout(request.sync.mode, request.delivery.api.name, match, version, shapes, stored, references, again)


def _batches(
    duck: duckdb.DuckDBPyConnection, request: PlanRequest, mapped: ResolvedMapping, arranged: OrderedPlan
) -> tuple[NewBatch, ...]:
    plan = request.folder / FILE
    types = columns_of(duck, file(plan))
    sent = {each.stored: types[each.stored] for each in mapped.fillings}
    whole = request.sync.mode is Mode.ALL
    rows = max(sum(each.rows for each in arranged.groups), 1) if whole else request.delivery.batch_size
    bytes_max = None if whole else request.delivery.batch_bytes
    return tuple(cut(duck, plan, sent, arranged.groups, rows, bytes_max, select_locked_record(request, mapped)))


def _summary(request: PlanRequest, arranged: OrderedPlan, counted: Totals, batches: Sequence[NewBatch]) -> PlanSummary:
    cuts: dict[Action, int] = {}
    for each in batches:
        cuts[each.action] = cuts.get(each.action, 0) + 1
    sync = request.sync
    return PlanSummary(
        run=request.run,
        sync=sync.name,
        mode=sync.mode,
        object_names=sync.objects,
        api=request.delivery.api.name,
        batch_size=request.delivery.batch_size,
        parallelism=request.delivery.parallelism,
        delivery=request.delivery.api.delivery[sync.mode],
        columns=tuple({each.field: each for shape in arranged.shapes for each in shape}.values())
        if request.others
        else arranged.shapes[0],
        planned=counted.planned,
        batches=cuts,
        match_field=sync.match.field if sync.match else None,
        create_in=sync.create_in,
        key_fields=tuple(each.field for each in sync.fields if each.column in request.model.primary_key),
    )


def _tidy(folder: Path) -> None:
    """Delete the files that the plan was made of, and keep those that it consists of."""
    kept = {FILE, "plan.json", "dropped.parquet", SCHEMA, UPGRADED}
    for each in folder.iterdir():
        if each.name not in kept and each.is_file():
            each.unlink()
