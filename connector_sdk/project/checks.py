"""Check a sync against the spec of its destination, without any call to the destination's server."""

from __future__ import annotations

from collections.abc import Iterator

from connector_sdk.contract.errors import Problem
from connector_sdk.contract.project import Find, Project, Sync
from connector_sdk.contract.spec import DestinationSpec, Mode, Removal
from connector_sdk.settings.references import Place
from connector_sdk.settings.suggest import suggest_list

_MATCHING = frozenset({Mode.UPSERT, Mode.UPDATE, Mode.ARCHIVE, Mode.ALL})
_SEVERAL_OBJECTS = frozenset({Mode.UPSERT, Mode.UPDATE})
_MERGING = frozenset({Mode.UPSERT, Mode.INSERT})


def check_sync(project: Project, sync: Sync, spec: DestinationSpec, *, narrows_lookups: bool = True) -> list[Problem]:
    """Return everything about a sync that its mode or its destination does not allow, each problem with its place.

    `narrows_lookups`: the destination finds records by further fields, too.
    """
    checks = (
        _check_mode(sync, spec), _check_removal(sync, spec), _check_match(sync, spec), _check_objects(sync),
        _check_merge(sync, spec), _check_fields(project, sync),
        () if narrows_lookups else _check_conditions(sync, spec),
    )  # fmt: skip
    return [problem for check in checks for problem in check]


def lookup_fields(project: Project, sync: Sync, find: Find) -> tuple[str, ...]:
    """Return the fields by which a lookup can find its record: `where`, or the match fields of the object's syncs."""
    if find.where is not None:
        return (find.where,)
    others = (each for each in project.syncs.values() if each.connection == sync.connection)
    fields = (each.match.field for each in others if each.match and set(find.objects) & set(each.objects))
    return tuple(dict.fromkeys(fields))


def _check_mode(sync: Sync, spec: DestinationSpec) -> Iterator[Problem]:
    if sync.mode not in spec.modes:
        message = f"{spec.name} does not offer mode {sync.mode}"
        yield Problem(message, ("syncs", sync.name, "mode"), f"it offers: {_join_words(spec.modes)}")


def _check_removal(sync: Sync, spec: DestinationSpec) -> Iterator[Problem]:
    if sync.on_removed is Removal.NOTHING:
        return
    offered = {removal for each in spec.modes.values() for removal in each}
    allowed = {Removal.NOTHING, *spec.modes.get(sync.mode, offered)}
    if sync.on_removed not in allowed:
        where = f"in mode {sync.mode}" if sync.mode in spec.modes else f"by {spec.name}"
        message = f"on_removed: {sync.on_removed} is not allowed {where}"
        yield Problem(message, ("syncs", sync.name, "on_removed"), f"allowed: {_join_words(allowed)}")


def _check_match(sync: Sync, spec: DestinationSpec) -> Iterator[Problem]:
    place: Place = ("syncs", sync.name)
    modes_with_match = _MATCHING & set(spec.modes)
    if sync.match is None and sync.mode in modes_with_match:
        hint = "add match: {field: FIELD, column: COLUMN}"
        yield Problem(f"mode {sync.mode} needs match, to find the record of each row", place, hint)
    if sync.match is not None and (sync.mode is Mode.INSERT or not modes_with_match):
        message = (
            f"match has no meaning in mode {sync.mode}" if sync.mode in spec.modes else f"{spec.name} matches nothing"
        )
        yield Problem(message, (*place, "match"), "remove it; the primary key says which rows were sent before")


def _check_objects(sync: Sync) -> Iterator[Problem]:
    place: Place = ("syncs", sync.name)
    several = len(sync.objects) > 1
    if len(set(sync.objects)) < len(sync.objects):
        repeated = ", ".join(sorted({each for each in sync.objects if sync.objects.count(each) > 1}))
        yield Problem(f"object names {repeated} more than once", (*place, "object"), "name each object once")
    if several and sync.mode not in _SEVERAL_OBJECTS:
        message = f"mode {sync.mode} writes one object, not {len(sync.objects)}"
        yield Problem(
            message, (*place, "object"), f"several objects need the mode {' or '.join(sorted(_SEVERAL_OBJECTS))}"
        )
    if several and sync.mode is Mode.UPSERT and sync.create_in is None:
        message = "it is not said which of the objects new records go to"
        yield Problem(message, place, f"add create_in: one of {', '.join(sync.objects)}")
    if sync.create_in is not None and not (several and sync.mode is Mode.UPSERT):
        message = "create_in has a meaning only in mode upsert with several objects"
        yield Problem(message, (*place, "create_in"), "remove it")
    elif sync.create_in is not None and sync.create_in not in sync.objects:
        message = f"create_in: {sync.create_in} is not one of the objects of the sync"
        yield Problem(message, (*place, "create_in"), f"use one of: {', '.join(sync.objects)}")


def _check_merge(sync: Sync, spec: DestinationSpec) -> Iterator[Problem]:
    if sync.merge is None:
        return
    place: Place = ("syncs", sync.name, "merge")
    if spec.mergeable is None:
        yield Problem(f"{spec.name} cannot merge records", place, "remove merge from the sync")
    if sync.mode not in _MERGING:
        message = f"rows cannot be merged in mode {sync.mode}"
        yield Problem(message, place, f"merging needs the mode {' or '.join(sorted(_MERGING))}")
    if len(sync.objects) > 1:
        yield Problem("rows that go to several objects cannot be merged", place, "name one object")
    if (sync.merge.is_child is None) == (sync.merge.merge_id is None):
        message = "merge needs exactly one of is_child and merge_id beside shared_id"
        yield Problem(message, place, "is_child marks the rows that go, merge_id names the one that stays")
    if sync.merge.merge_id is not None and sync.mode is Mode.INSERT:
        message = "merge_id names the row that stays by its match value, and mode insert matches nothing"
        yield Problem(message, (*place, "merge_id"), "use is_child")


def _check_fields(project: Project, sync: Sync) -> Iterator[Problem]:
    place: Place = ("syncs", sync.name)
    if sync.mode is Mode.ARCHIVE and sync.fields:
        yield Problem("mode archive deletes records and writes no fields", (*place, "fields"), "remove the fields")
    if sync.mode not in (Mode.ARCHIVE, Mode.ALL) and not sync.fields:
        yield Problem("no field is mapped", place, "add fields: {FIELD: column}")
    for mapping in sync.fields:
        if mapping.find is None:
            continue
        found = lookup_fields(project, sync, mapping.find)
        if len(found) != 1:
            other = " or ".join(mapping.find.objects)
            why = f"Syncs write {other} by {', '.join(found)}" if found else f"No sync of this project writes {other}"
            message = f"where is missing: by which field of {other} is the record found? {why}"
            listed = suggest_list(mapping.find.objects[0])
            yield Problem(message, (*place, "fields", mapping.field), listed or "add where: FIELD")


def _check_conditions(sync: Sync, spec: DestinationSpec) -> Iterator[Problem]:
    for mapping in sync.fields:
        if mapping.find is not None and mapping.find.conditions:
            place: Place = ("syncs", sync.name, "fields", mapping.field, "and")
            yield Problem(f"{spec.name} finds records by one field only", place, "remove and")


def _join_words(words: object) -> str:
    return ", ".join(sorted(str(each) for each in words))  # type: ignore[attr-defined]
