"""The steps that make the plan of a run: compare, look up, remove, arrange, cut, and freeze the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb
from attrs import evolve

from connector_sdk.contract.batch import Action
from connector_sdk.contract.connection import Connection
from connector_sdk.contract.crashpoint import crashpoint
from connector_sdk.contract.errors import ConfigError
from connector_sdk.contract.plan import Finding, Level, PlanSummary
from connector_sdk.contract.project import Model, Project, Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.models import Source, open_model, require_columns
from connector_sdk.engines.sql import database, file
from connector_sdk.files.private import temporary_folder
from connector_sdk.hooks.destination import Destination
from connector_sdk.planning.batching.cut import cut
from connector_sdk.planning.batching.lanes import select_locked_record
from connector_sdk.planning.batching.order import OrderedPlan, arrange
from connector_sdk.planning.diff.archiving import leave_out_waiting, report_waiting
from connector_sdk.planning.diff.changes import freeze_changes
from connector_sdk.planning.diff.former_state import UPGRADED, keep_spellings, upgrade_keys, upgrade_snapshot
from connector_sdk.planning.diff.full_list import Replacement, compare_with_target, replacement_findings
from connector_sdk.planning.diff.known_rows import report_merged_rows
from connector_sdk.planning.diff.merge_groups import PARENT, merge_findings, merge_problems, name_parents
from connector_sdk.planning.diff.removals import Removals, freeze_removals, removal_findings
from connector_sdk.planning.diff.renamed_model import model_finding
from connector_sdk.planning.frozen import FrozenPlan, write_plan
from connector_sdk.planning.guards import Scale, find_released, guard
from connector_sdk.planning.lookup.lookups import look_up
from connector_sdk.planning.lookup.object_routing import route, routing_findings
from connector_sdk.planning.lookup.parents import Parents, parents_findings, reject_orphans, relate
from connector_sdk.planning.lookup.rematch_plan import make_match_rule
from connector_sdk.planning.mapping.columns import find_used_columns, make_used_columns, model_column
from connector_sdk.planning.mapping.drift import drift, with_drift_note
from connector_sdk.planning.mapping.fields import Discover
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.mapping.objects import Retell, as_it_is, map_objects
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
    match = partial(destination.match, connection)
    source = open_model(request.model, request.folder, make_used_columns(request.model, request.sync))
    mapped = _resolve_mapping(
        request.project, request.sync, request.model, request.schemas, source, request.spec, discover,
        lambda problem, schema: with_drift_note(problem, schema, request),
    )  # fmt: skip
    fingerprints, since = _generations(request, mapped)
    with database(request.folder) as duck:
        former_keys = upgrade_keys(request.held, request.model.primary_key, source.columns)
        request = _upgrade(duck, request, mapped, source, former_keys)
        mapped = keep_spellings(duck, request.snapshot, mapped)
        changes = freeze_changes(duck, request, source, mapped, since)
        relations = changes.relations
        crashpoint("after the changes are frozen")
        routed = route(duck, request, mapped, changes, match)
        parents = relate(duck, request, mapped, name_parents(duck, request, relations, routed))
        if request.sync.merge:
            parents = evolve(parents, references={**parents.references, MERGE_TARGET: PARENT})
        completed = look_up(duck, request, mapped, relations, parents.file, match, parents.references)
        completed = reject_orphans(duck, request, parents, completed)
        waiting = leave_out_waiting(duck, request, completed)
        completed = waiting.file
        replacement = None
        if request.sync.mode is Mode.ALL:
            target = destination.read_records(
                connection, request.schema.name, [each.field.name for each in mapped.fillings]
            )
            replacement = compare_with_target(duck, request, mapped, completed, target)
            completed = replacement.file
        if replacement:
            removals, scale = replacement.removals, measure_replacement(duck, request, source, replacement)
        else:
            removals = freeze_removals(duck, request, mapped, changes, completed, match)
            scale = measure(duck, request, source, changes, completed, removals)
        notes = (
            *merge_findings(duck, relations, completed), *_model_findings(source),
            *report_merged_rows(duck, request, relations, completed), *report_waiting(waiting),
            *removal_findings(duck, removals), *model_finding(duck, request, changes),
        )  # fmt: skip
        arranged = arrange(
            duck, request, mapped, completed, removals.file,
            locked=select_locked_record(request, mapped), highest=parents.highest,
        )  # fmt: skip
        settings = request.delivery.choices
        cuts = {each.api.name: _batches(duck, evolve(request, delivery=each), mapped, arranged) for each in settings}
        request = evolve(request, delivery=min(settings, key=lambda each: len(cuts[each.api.name])))
        plan = _describe_plan(
            duck, request, mapped, notes, scale, removals, parents, arranged, cuts, replacement, fingerprints
        )
        plan = evolve(plan, former_keys=former_keys)
    write_plan(plan)
    write_schemas(request.folder, request.schemas)
    _tidy(request.folder)
    crashpoint("after the plan is written")
    return plan


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


def check_model(
    project: Project, sync: Sync, schemas: Sequence[ObjectSchema], spec: DestinationSpec, discover: Discover
) -> tuple[Finding, ...]:
    """Check model and mapping of a sync without planning, and return the findings on the model.

    Raises `ConfigError` with every problem.
    """
    with temporary_folder("connector-") as folder:
        model = project.models[sync.model]
        source = open_model(model, folder, make_used_columns(model, sync), only_columns=True)
        _resolve_mapping(project, sync, model, schemas, source, spec, discover)
        return _model_findings(source)


def check_columns(project: Project, sync: Sync) -> None:
    """Check that the model of a sync can be read and has the columns that the sync names.

    Raises `ConfigError` with every problem.
    """
    with temporary_folder("connector-") as folder:
        model = project.models[sync.model]
        source = open_model(model, folder, make_used_columns(model, sync), only_columns=True)
        problems = require_columns(model, source, find_used_columns(model, sync))
        if problems:
            raise ConfigError(problems)


def _model_findings(source: Source) -> tuple[Finding, ...]:
    """Return the findings on a model; they hold whatever the sync does with it."""
    advice = "cast it where it orders, such as order by cast(rank as integer)"
    return tuple(Finding(Level.WARNING, each, advice) for each in source.warnings)


def _resolve_mapping(
    project: Project,
    sync: Sync,
    model: Model,
    schemas: Sequence[ObjectSchema],
    source: Source,
    spec: DestinationSpec,
    discover: Discover,
    retell: Retell = as_it_is,
) -> ResolvedMapping:
    problems = [*require_columns(model, source, find_used_columns(model, sync)), *merge_problems(sync, schemas[0])]
    try:
        mapped = map_objects(project, sync, schemas, source, spec, discover, retell)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return mapped


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
    scale: Scale,
    removals: Removals,
    parents: Parents,
    arranged: OrderedPlan,
    cuts: Mapping[str, tuple[NewBatch, ...]],
    replacement: Replacement | None,
    fingerprints: Mapping[str, str],
) -> FrozenPlan:
    file_ = request.folder / FILE
    counted = totals(duck, file_, scale.read, removals)
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
        changes_nothing=not batches and not removals.left and not request.baseline,
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
