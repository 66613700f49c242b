"""Check a model and its mapping: whether the model can be read, and whether its columns fit the fields."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.contract.errors import ConfigError
from connector_sdk.contract.plan import Finding, Level
from connector_sdk.contract.project import Model, Project, Sync
from connector_sdk.contract.schema import ObjectSchema
from connector_sdk.contract.spec import DestinationSpec
from connector_sdk.engines.models import Source, open_model, require_columns
from connector_sdk.files.private import temporary_folder
from connector_sdk.planning.diff.merge_groups import merge_problems
from connector_sdk.planning.mapping.columns import find_used_columns, make_used_columns
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.mapping.objects import Retell, as_it_is, map_objects
from connector_sdk.planning.mapping.references import Discover


def check_model(
    project: Project, sync: Sync, schemas: Sequence[ObjectSchema], spec: DestinationSpec, discover: Discover
) -> tuple[Finding, ...]:
    """Check model and mapping of a sync without planning, and return the findings on the model.

    Raises `ConfigError` with every problem.
    """
    with temporary_folder("connector-") as folder:
        model = project.models[sync.model]
        source = open_model(model, folder, make_used_columns(model, sync), only_columns=True)
        resolve_mapping(project, sync, model, schemas, source, spec, discover)
        return report_model_warnings(source)


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


def report_model_warnings(source: Source) -> tuple[Finding, ...]:
    """Return the findings on a model; they hold whatever the sync does with it."""
    advice = "cast it where it orders, such as order by cast(rank as integer)"
    return tuple(Finding(Level.WARNING, each, advice) for each in source.warnings)


def resolve_mapping(
    project: Project,
    sync: Sync,
    model: Model,
    schemas: Sequence[ObjectSchema],
    source: Source,
    spec: DestinationSpec,
    discover: Discover,
    retell: Retell = as_it_is,
) -> ResolvedMapping:
    """Resolve the mapping of a sync. Raises `ConfigError` with every problem of model and mapping."""
    problems = [*require_columns(model, source, find_used_columns(model, sync)), *merge_problems(sync, schemas[0])]
    try:
        mapped = map_objects(project, sync, schemas, source, spec, discover, retell)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return mapped
