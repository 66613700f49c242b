"""Write a tree over a custom field. Tooling API Developer Guide, "CustomField": the tree replaces the whole field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata import bounds
from salesforce_emulator.metadata.change import make_replacement, raw_values, record_types
from salesforce_emulator.metadata.custom_field import PICKLISTS, field_tree
from salesforce_emulator.metadata.dependencies import check_settings, read_settings
from salesforce_emulator.metadata.value_list import Values, replace_values
from salesforce_emulator.metadata.value_trees import Tree, read_value, wrong_type
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.picklists import PicklistValue

_OWN = frozenset({"fullName", "label", "inlineHelpText", "required", "valueSet", "urls"})
_FIXED = frozenset({
    *("type", "length", "precision", "scale", "formula", "referenceTo", "relationshipName", "relationshipOrder"),
    *("externalId", "unique", "caseSensitive"),
})  # fmt: skip
_NO_VALUES = "You must specify either picklist, globalPicklist, or valueSet"


def field_change(
    org: Org, thing: ObjectType, field: Field, tree: Tree, held: Iterable[str], adds_settings: bool
) -> Tree:
    """Return what the tree changes in the field and its object, in the form of an org file. Raises RowRefused.

    `held`: values that records hold. An unrestricted list counts them as inactive values. `adds_settings`: settings of
    a dependent picklist are added to the existing ones.
    """
    _check_fixed(field, tree)
    usual = field_tree(attrs.evolve(field, metadata={}))
    further = {key: value for key, value in tree.items() if key not in _OWN | _FIXED and value != usual.get(key)}
    change: Tree = {
        "label": _text(tree, "label"),
        "inlineHelpText": _text(tree, "inlineHelpText"),
        "metadata": make_replacement(field.metadata, further),
    }
    if field.type != "boolean":
        change["nillable"] = tree.get("required") is not True and field.relationship_order is None
    elif tree.get("required"):
        raise _make_refusal("Can not specify 'required' for a CustomField of type Checkbox")
    if field.type not in PICKLISTS:
        return {"fields": {field.name: change}}
    known = _add_held_values(field, held)
    listed, after = _value_set_change(org, thing, field, tree.get("valueSet"), known, adds_settings)
    return {"fields": {field.name: change | listed}, **record_types(thing, [field.name], known, after)}


def _check_fixed(field: Field, tree: Tree) -> None:
    present = field_tree(field)
    for key in sorted(_FIXED & tree.keys()):
        if tree[key] is not None and tree[key] != present[key] and not (tree[key] is False and present[key] is None):
            raise _make_refusal(f"{field.name}: {key} cannot be changed from {present[key]} to {tree[key]}")
    if tree.get("type") is None:
        raise RowRefused("REQUIRED_FIELD_MISSING", "Required fields are missing: [type]", ["type"])


def _add_held_values(field: Field, held: Iterable[str]) -> Values:
    names = {value.value.lower() for value in field.picklist_values}
    found: dict[str, str] = {}
    for text in held:
        found.setdefault(text.lower(), text)
    brought = (text for lower, text in found.items() if lower not in names)
    return (*field.picklist_values, *(PicklistValue(text, text, active=False) for text in brought))


def _value_set_change(
    org: Org, thing: ObjectType, field: Field, value_set: Any, known: Values, adds_settings: bool
) -> tuple[Tree, Values]:
    """Return what the value set changes in the field, and the resulting values."""
    if value_set is None:
        raise _make_refusal(_NO_VALUES)
    if not isinstance(value_set, dict):
        raise wrong_type("ValueSet", value_set)
    listed, after = _list_change(org, thing, field, value_set, known)
    return listed | _settings_change(thing, field, value_set, after, adds_settings), after


def _list_change(org: Org, thing: ObjectType, field: Field, value_set: Tree, known: Values) -> tuple[Tree, Values]:
    shared, definition = value_set.get("valueSetName"), value_set.get("valueSetDefinition")
    if shared is None and definition is None:
        raise _make_refusal(_NO_VALUES)
    if (shared or None) != field.global_value_set or (shared is not None and definition is not None):
        raise _make_refusal(f"{field.name}: a field keeps its own list, or its global value set")
    if definition is None:
        return {}, field.picklist_values
    if not isinstance(definition, dict) or not isinstance(definition.get("value") or [], list):
        raise wrong_type("ValueSetValuesDefinition", definition)
    restricted = value_set.get("restricted") is True
    sent = tuple(read_value(one) for one in definition.get("value") or [])
    after = replace_values(known, sent, bounds.of_field(org, thing, field, restricted))
    facts = {"restrictedPicklist": restricted, "sorted": definition.get("sorted") is True, "defaultValue": None}
    return {"picklistValues": raw_values(after), **facts}, after


def _settings_change(
    thing: ObjectType, field: Field, value_set: Tree, values: Values, adds_settings: bool
) -> dict[str, Any]:
    settings = read_settings(value_set.get("valueSettings"))
    controller = value_set.get("controllingField") or None
    if adds_settings and controller == field.controller_name:
        settings = {
            name: tuple(dict.fromkeys((*field.value_settings.get(name, ()), *settings.get(name, ()))))
            for name in (*field.value_settings, *settings)
        }
    check_settings(thing, controller, settings, values)
    spelled = {name: list(allowing) for name, allowing in settings.items()}
    facts = {"controllerName": controller, "dependentPicklist": controller is not None}
    return {**facts, "valueSettings": make_replacement(field.value_settings, spelled)}


def _text(tree: Tree, key: str) -> str | None:
    value = tree.get(key)
    if value is not None and not isinstance(value, str):
        raise wrong_type("string", value)
    return value


def _make_refusal(message: str) -> RowRefused:
    return RowRefused("FIELD_INTEGRITY_EXCEPTION", message)
