"""Custom fields that a client creates. Metadata API Developer Guide, "CustomField" and "Metadata Field Types"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata.field_changes import field_change
from salesforce_emulator.metadata.value_trees import Tree
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.reading import camel

_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?!_))*__c\Z")
_ON_DELETE = {"Cascade": "cascade", "Restrict": "restrict"}
_RAW = (
    *("type", "length", "precision", "scale", "external_id", "unique", "case_sensitive", "default_value"),
    *("reference_to", "relationship_order", "child_relationship_name", "on_parent_delete", "global_value_set"),
    *("html_formatted", "hidden"),
)


def new_field_change(org: Org, thing: ObjectType, name: str, tree: Tree) -> Tree:
    """Return a change that adds a field to an object, in the form of an org file. Raises RowRefused.

    A new field is hidden from all users until they get access, unless it is required.
    """
    if not _NAME.match(name):
        raise _make_refusal(f"{name}: not the name of a custom field")
    facts = _facts(org, tree)
    required = tree.get("required") is True or tree["type"] == "MasterDetail"
    field = Field(name=name, hidden=not required, **facts)
    after = attrs.evolve(thing, fields={**thing.fields, name: field})
    change = field_change(org, after, field, tree, (), adds_settings=False)
    usual = attrs.fields_dict(Field)
    spelled = {camel(key): _plain(fact) for key in _RAW if (fact := getattr(field, key)) != usual[key].default}
    change["fields"][name] = {**spelled, **change["fields"][name]}
    return change


def _facts(org: Org, tree: Tree) -> dict[str, Any]:
    make = _MAKERS.get(str(tree.get("type")))
    if make is None:
        raise _make_refusal(f"type: the emulator makes no field of type {tree.get('type')}")
    facts = make(tree)
    if facts["type"] in ("picklist", "multipicklist"):
        shared = (tree.get("valueSet") or {}).get("valueSetName")
        if shared is not None and shared not in org.global_value_sets:
            raise RowRefused("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {shared} found")
        if shared is not None:
            known = {"global_value_set": shared, "restricted_picklist": True}
            facts |= {**known, "picklist_values": org.global_value_sets[shared].values}
    return facts


def _text(tree: Tree) -> dict[str, Any]:
    marks = {"external_id": tree.get("externalId") is True, "unique": tree.get("unique") is True}
    return {"type": "string", **_length(tree), **marks, "case_sensitive": tree.get("caseSensitive") is True}


def _length(tree: Tree) -> dict[str, Any]:
    if not isinstance(tree.get("length"), int):
        raise RowRefused("REQUIRED_FIELD_MISSING", "Required fields are missing: [length]", ["length"])
    return {"length": tree["length"]}


def _number(type_: str) -> Callable[[Tree], dict[str, Any]]:
    return lambda tree: {
        "type": type_,
        "precision": tree.get("precision") or 18,
        "scale": tree.get("scale") or 0,
        "external_id": tree.get("externalId") is True,
    }


def _reference(tree: Tree) -> dict[str, Any]:
    if not tree.get("referenceTo"):
        raise RowRefused("REQUIRED_FIELD_MISSING", "Required fields are missing: [referenceTo]", ["referenceTo"])
    name = tree.get("relationshipName")
    facts = {"type": "reference", "length": 18, "reference_to": (tree["referenceTo"],)}
    facts["child_relationship_name"] = f"{name}__r" if name else None
    if tree["type"] == "MasterDetail":
        return {**facts, "relationship_order": 0, "on_parent_delete": "cascade", "nillable": False}
    return {**facts, "on_parent_delete": _ON_DELETE.get(str(tree.get("deleteConstraint")), "clear")}


def _of_type(type_: str, **facts: Any) -> Callable[[Tree], dict[str, Any]]:
    return lambda tree: {"type": type_, **facts}


_MAKERS: dict[str, Callable[[Tree], dict[str, Any]]] = {
    "Text": _text,
    "TextArea": _of_type("textarea", length=255),
    "LongTextArea": lambda tree: {"type": "textarea", **_length(tree)},
    "Html": lambda tree: {"type": "textarea", **_length(tree), "html_formatted": True},
    "Number": _number("double"),
    "Currency": _number("currency"),
    "Percent": _number("percent"),
    "Checkbox": lambda tree: {"type": "boolean", "default_value": str(tree.get("defaultValue")).lower() == "true"},
    "Date": _of_type("date"),
    "DateTime": _of_type("datetime"),
    "Time": _of_type("time"),
    "Email": _of_type("email", length=80),
    "Phone": _of_type("phone", length=40),
    "Url": _of_type("url", length=255),
    "Picklist": _of_type("picklist", length=255),
    "MultiselectPicklist": _of_type("multipicklist", length=4099),
    "Lookup": _reference,
    "MasterDetail": _reference,
}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _make_refusal(message: str) -> RowRefused:
    return RowRefused("FIELD_INTEGRITY_EXCEPTION", message)
