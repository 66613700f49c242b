"""Read and write metadata components for every API."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata import global_value_set, standard_value_set
from salesforce_emulator.metadata.change import Change, raw_values
from salesforce_emulator.metadata.custom_field import PICKLISTS, field_tree
from salesforce_emulator.metadata.field_changes import field_change
from salesforce_emulator.metadata.new_fields import new_field_change
from salesforce_emulator.metadata.value_trees import Tree
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.reading import OrgError
from salesforce_emulator.origin import Origin
from salesforce_emulator.world import World

_BUSY = "Cannot update or delete a picklist while a picklist background job is being executed"
_NO_FIELD = "This custom field does not exist or is not accessible"


@frozen
class Kind:
    """How components of one type are read and written. `read` returns None for a missing component.

    `since` is the first version of the Metadata API that has the type.
    """

    read: Callable[[Org, str], Tree | None]
    change: Callable[[World, str, Tree, bool], Change]
    since: int = 0


def is_known(kind: str, version: str) -> bool:
    """Return whether the Metadata API of a version such as `58.0` has this component type."""
    return kind in KINDS and float(version) >= KINDS[kind].since


def read(org: Org, kind: str, full_name: str) -> Tree | None:
    """Return the tree of a component, or None if the org has none of that name. Raises KeyError for an unknown type."""
    return KINDS[kind].read(org, full_name)


@frozen
class Writing:
    """Who writes components, and how.

    `adds`: settings of dependent picklists are added to existing ones, as the Metadata API does. Without it they are
    replaced, as the Tooling API does. `creates`: missing components are created.
    """

    origin: Origin
    user: str
    adds: bool = False
    creates: bool = False


def write(world: World, writing: Writing, kind: str, full_name: str, tree: Tree) -> bool:
    """Replace a component by a tree. Return whether it was created. If it raises RowRefused, nothing has changed."""
    with world.engine.lock:
        try:
            action = world.faults.for_row(writing.origin, kind, [full_name])
            if action is not None and action.error is not None:
                raise RowRefused(action.error.code, action.error.message, action.error.fields)
            made = kind == "CustomField" and writing.creates and custom_field(world.org, full_name) is None
            make = _make_field if made else KINDS[kind].change
            _apply(world, make(world, full_name, tree, writing.adds), writing.user)
        except RowRefused:
            world.audit.row(kind, full_name, executed=False)
            raise
        world.audit.row(kind, full_name, executed=True)
        return made


def _apply(world: World, change: Change, user: str) -> None:
    if any(world.history.is_busy(name) for name in change.busy):
        raise RowRefused("UNABLE_TO_LOCK_ROW", _BUSY)
    try:
        world.change(change.org, user)
    except OrgError as error:
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", "; ".join(error.problems)) from error
    for name in change.busy:
        world.history.work_on(name, world.org.picklist_job_seconds)


def picklist_values(org: Org, path: str) -> list[Tree]:
    """Return every value of a picklist, standard or custom, as an org file has it. Raises KeyError."""
    object_name, _, name = path.partition(".")
    try:
        return raw_values(org.objects[object_name].fields[name].picklist_values)
    except KeyError:
        raise KeyError(f"the org has no field {path}") from None


def custom_field(org: Org, full_name: str) -> tuple[ObjectType, Field] | None:
    """Return the object and the field of a name such as `Account.Tier__c`, in any case."""
    object_name, _, name = full_name.lower().partition(".")
    for thing in org.objects.values():
        if thing.name.lower() == object_name:
            found = next((field for field in thing.fields.values() if field.name.lower() == name), None)
            return None if found is None or not found.name.endswith("__c") else (thing, found)
    return None


def _read_field(org: Org, full_name: str) -> Tree | None:
    found = custom_field(org, full_name)
    return None if found is None else field_tree(found[1])


def _change_field(world: World, full_name: str, tree: Tree, adds: bool) -> Change:
    found = custom_field(world.org, full_name)
    if found is None:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", _NO_FIELD)
    thing, field = found
    change = field_change(world.org, thing, field, tree, _find_held_values(world, thing, field), adds)
    return Change({"objects": {thing.name: change}}, (thing.name,) if field.type in PICKLISTS else ())


def _make_field(world: World, full_name: str, tree: Tree, adds: bool) -> Change:
    object_name, _, name = full_name.partition(".")
    thing = world.org.objects.get(object_name)
    if thing is None:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", f"Entity Enumeration Or ID: bad value: {object_name}")
    return Change({"objects": {thing.name: new_field_change(world.org, thing, name, tree)}})


def _find_held_values(world: World, thing: ObjectType, field: Field) -> Iterable[str]:
    """Return the values that records hold in an unrestricted picklist.

    Values among them that the list does not have count as inactive ones.
    """
    if field.type not in PICKLISTS or field.restricted_picklist:
        return ()
    schema = world.schemas.get(thing.name)
    at = schema.position[field.name.lower()]
    texts = dict.fromkeys(str(row[at]) for row in world.store[schema].live() if row[at] is not None)
    if field.type == "picklist":
        return texts
    return dict.fromkeys(part for text in texts for part in text.split(";"))


def _read_global(org: Org, full_name: str) -> Tree | None:
    one = org.global_value_sets.get(full_name)
    return None if one is None else global_value_set.set_tree(one)


def _change_global(world: World, full_name: str, tree: Tree, adds: bool) -> Change:
    if full_name not in world.org.global_value_sets:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {full_name} found")
    return global_value_set.set_change(world.org, full_name, tree)


def _change_standard(world: World, full_name: str, tree: Tree, adds: bool) -> Change:
    return standard_value_set.set_change(world.org, full_name, tree)


KINDS = {
    "CustomField": Kind(_read_field, _change_field),
    "GlobalValueSet": Kind(_read_global, _change_global, since=38),
    "StandardValueSet": Kind(standard_value_set.set_tree, _change_standard, since=38),
}
