"""A standard value set as metadata. Metadata API Developer Guide, "StandardValueSet"."""

from __future__ import annotations

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata import bounds
from salesforce_emulator.metadata.change import Change, raw_values, record_types
from salesforce_emulator.metadata.value_list import replace_values
from salesforce_emulator.metadata.value_trees import Tree, read_value, value_tree, wrong_type
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.standard_value_sets import FIELDS, OF_ADDRESSES


def users_of(org: Org, name: str) -> list[tuple[ObjectType, Field]]:
    """Return the fields of the org that use a set, with their objects."""
    paths = [path.partition(".")[::2] for path in FIELDS.get(name, ())]
    things = [(org.objects[thing], field) for thing, field in paths if thing in org.objects]
    return [(thing, thing.fields[field]) for thing, field in things if field in thing.fields]


def set_tree(org: Org, name: str) -> Tree | None:
    """Return the complete tree of a set, or None if no field of the org uses it."""
    users = users_of(org, name)
    if not users:
        return None
    field = users[0][1]
    return {"sorted": field.sorted, "standardValue": [value_tree(value, name) for value in field.picklist_values]}


def set_change(org: Org, name: str, tree: Tree) -> Change:
    """Return what the tree changes in every field that uses the set. Raises RowRefused."""
    if name in OF_ADDRESSES:
        message = f"{name}: the values of state and country picklists are part of the address settings"
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", message)
    users = users_of(org, name)
    if not users:
        raise RowRefused("INVALID_CROSS_REFERENCE_KEY", f"In field: fullName - no StandardValueSet named {name} found")
    sent = tree.get("standardValue") or []
    if not isinstance(sent, list):
        raise wrong_type("StandardValue", sent)
    before = users[0][1].picklist_values
    after = replace_values(
        before, tuple(read_value(value, name) for value in sent), bounds.of_standard_set(name, users)
    )
    spelled = {"picklistValues": raw_values(after), "sorted": tree.get("sorted") is True, "defaultValue": None}
    objects: Tree = {
        thing.name: {"fields": {field.name: spelled}, **record_types(thing, [field.name], before, after)}
        for thing, field in users
    }
    return Change({"objects": objects}, tuple(objects))
