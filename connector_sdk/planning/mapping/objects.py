"""The mapping of a sync of several objects: one mapping for each object, joined into one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Project, Sync
from connector_sdk.contract.schema import Equality, Field, ObjectSchema
from connector_sdk.contract.spec import DestinationSpec, Mode
from connector_sdk.engines.models import Source
from connector_sdk.planning.mapping.fields import map_fields
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping
from connector_sdk.planning.mapping.references import Discover

Retell = Callable[[Problem, ObjectSchema], Problem]
"""A function that rewords a problem of a mapping to an object."""


def as_it_is(problem: Problem, _schema: ObjectSchema) -> Problem:
    """Return a problem unchanged."""
    return problem


def map_objects(
    project: Project, sync: Sync, schemas: Sequence[ObjectSchema], source: Source, spec: DestinationSpec,
    discover: Discover, retell: Retell,
) -> ResolvedMapping:  # fmt: skip
    """Check a mapping against each object, and join the results. A field is mapped to the objects that take it.

    Raises `ConfigError` with every problem, each with its place in the project.
    """
    several = len(schemas) > 1
    mapped, problems = {}, list(_match_problems(sync, schemas, retell)) if several else []
    for schema in schemas:
        alone, known = (
            (_restrict_sync(sync, schema, schemas), _allow_match(sync, schema)) if several else (sync, schema)
        )
        try:
            mapped[schema.name] = map_fields(project, alone, known, source, spec, discover)
        except ConfigError as error:
            told = (
                retell(each, schema) for each in error.problems if not (several and each.path == _match_place(sync))
            )
            problems += [each for each in told if each not in problems]
    if problems:
        raise ConfigError(problems)
    return _join_mappings(mapped) if several else mapped[schemas[0].name]


def in_match_order(schemas: Iterable[ObjectSchema]) -> tuple[ObjectSchema, ...]:
    """Return the objects in the order in which rows are routed: first those whose records do not convert to another."""
    given = list(schemas)
    names = [each.name for each in given]
    return tuple(sorted(given, key=lambda each: any(other in names for other in each.converts_to)))


def _restrict_sync(sync: Sync, schema: ObjectSchema, schemas: Sequence[ObjectSchema]) -> Sync:
    """Return the sync restricted to one object.

    It keeps the fields that this object takes, and those that no object takes, so that they are reported. Its mode is
    update if new records go to another object.
    """
    taken = tuple(
        each
        for each in sync.fields
        if takes(schema, each.field, sync) or not any(takes(other, each.field, sync) for other in schemas)
    )
    return evolve(sync, objects=(schema.name,), fields=taken, mode=_mode_in(schema, sync))


def takes(schema: ObjectSchema, field_name: str, sync: Sync) -> bool:
    """Return whether an object of a sync has a field that the sync can write."""
    found = _field(schema, field_name)
    return found is not None and _mode_in(schema, sync) not in found.not_writable


def _mode_in(schema: ObjectSchema, sync: Sync) -> Mode:
    return sync.mode if sync.create_in in (None, schema.name) else Mode.UPDATE


def _field(schema: ObjectSchema, field_name: str) -> Field | None:
    return next((each for each in schema.fields if each.name == field_name), None)


def _allow_match(sync: Sync, schema: ObjectSchema) -> ObjectSchema:
    """Return the object with a match field that need not be matchable by the destination, because ids are looked up."""
    fields = tuple(
        evolve(each, not_matchable={}) if sync.match and each.name == sync.match.field else each
        for each in schema.fields
    )
    return evolve(schema, fields=fields)


def _match_place(sync: Sync) -> tuple[str, ...]:
    return ("syncs", sync.name, "match", "field")


def _match_problems(sync: Sync, schemas: Sequence[ObjectSchema], retell: Retell) -> Iterator[Problem]:
    """Yield a problem if the match field cannot identify one record in every object, with the fields that can."""
    if sync.match is None:
        return
    lacking = [schema for schema in schemas if _lack(schema, sync.match.field)]
    lacks = [f"in {schema.name} it {_lack(schema, sync.match.field)}" for schema in lacking]
    if not lacks:
        return
    first, *others = schemas
    usable = [each.name for each in first.fields if not any(_lack(schema, each.name) for schema in (first, *others))]
    listed = f"use one of: {', '.join(usable)}" if usable else "no field is unique in all of them"
    keeping = (each.convertible.shared_key_advice for each in schemas if each.convertible)
    advice = [listed, *dict.fromkeys(each for each in keeping if each)]
    message = f"{sync.match.field} cannot be matched on in several objects: {'; '.join(lacks)}"
    yield retell(Problem(message, _match_place(sync), ". ".join(advice)), lacking[0])


def _lack(schema: ObjectSchema, field_name: str) -> str:
    """Return what a field lacks to be matched on in several objects; empty if it lacks nothing."""
    found = _field(schema, field_name)
    if found is None:
        return schema.unavailable_fields.get(field_name) or f"is {schema.missing_hint or 'missing'}"
    return found.not_matchable.get(Mode.UPDATE) or ("" if found.unique else "is not unique")


def _join_mappings(mapped: Mapping[str, ResolvedMapping]) -> ResolvedMapping:
    each_ = list(mapped.values())
    prints: dict[str, str] = {}
    for name, one in mapped.items():
        for field, print_ in one.fingerprints.items():
            prints[field] = _hash(prints.get(field, ""), name, print_)
    match = next((one.match for one in each_ if one.match and Equality.CASELESS in one.match.field.equality), None)
    return ResolvedMapping(
        tuple(_of(name, filling) for name, one in mapped.items() for filling in one.fillings),
        _distinct(one.columns for one in each_),
        _distinct(one.compared for one in each_),
        frozenset.intersection(*(one.sets for one in each_)),
        match or each_[0].match,
        prints,
    )


def _of(object_name: str, filling: FieldBinding) -> FieldBinding:
    """Return a field mapping of one of several objects, whose values are kept apart from those of the others."""
    stored = filling.stored if filling.value is None else f"{filling.stored} in {object_name}"
    return evolve(filling, stored=stored, object_name=object_name)


def _distinct(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in lists for each in one))


def _hash(*parts: str) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
