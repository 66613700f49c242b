"""A global value set as metadata. Metadata API Developer Guide, "GlobalValueSet"."""

from __future__ import annotations

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata import bounds
from salesforce_emulator.metadata.change import Change, make_replacement, raw_values, record_types
from salesforce_emulator.metadata.value_list import replace_values
from salesforce_emulator.metadata.value_trees import Tree, read_value, value_tree, wrong_type
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.picklists import GlobalValueSet

_OWN = frozenset({"fullName", "customValue", "description", "masterLabel", "sorted", "urls"})


def set_tree(one: GlobalValueSet) -> Tree:
    """Return the complete tree of a set, including inactive values."""
    tree: Tree = {
        "customValue": [value_tree(value) for value in one.values],
        "description": one.description,
        "masterLabel": one.label,
        "sorted": one.sorted,
        "urls": None,
    }
    return {**tree, **one.metadata}


def users_of(org: Org, name: str) -> list[tuple[ObjectType, Field]]:
    """Return the fields that use a set, with their objects."""
    return [
        (thing, field)
        for thing in org.objects.values()
        for field in thing.fields.values()
        if field.global_value_set == name
    ]


def set_change(org: Org, name: str, tree: Tree) -> Change:
    """Return what the tree changes in the set, and in the record types of the objects that use it.

    Raises RowRefused.
    """
    one, users = org.global_value_sets[name], users_of(org, name)
    sent = tree.get("customValue") or []
    if not isinstance(sent, list):
        raise wrong_type("CustomValue", sent)
    label = tree.get("masterLabel")
    if not isinstance(label, str) or not label:
        raise RowRefused("REQUIRED_FIELD_MISSING", "Required fields are missing: [masterLabel]", ["masterLabel"])
    after = replace_values(one.values, tuple(read_value(value) for value in sent), bounds.of_global_set(label, users))
    further = {key: value for key, value in tree.items() if key not in _OWN and value is not None}
    spelled: Tree = {
        "label": label,
        "description": tree.get("description"),
        "sorted": tree.get("sorted") is True,
        "values": raw_values(after),
        "metadata": make_replacement(one.metadata, further),
    }
    objects = {thing.name: thing for thing, _ in users}
    limited = {
        name: record_types(thing, [field.name for other, field in users if other is thing], one.values, after)
        for name, thing in objects.items()
    }
    return Change({"globalValueSets": {name: spelled}, "objects": limited}, tuple(objects))
