"""Picklist values in the form of metadata.

Tooling API Developer Guide, "CustomField"; Metadata API Developer Guide, "CustomValue" and "StandardValue".
"""

from __future__ import annotations

import re
from typing import Any

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.org.picklists import STANDARD_ATTRIBUTES, PicklistValue
from salesforce_emulator.org.standard_value_sets import REQUIRED

Tree = dict[str, Any]

_OWN = frozenset({"valueName", "fullName", "label", "default", "isActive", "color", "description", "urls"})
_CAPITAL = re.compile("[A-Z]")


def value_tree(value: PicklistValue, standard_set: str | None = None) -> Tree:
    """Return the tree of one value. `isActive` is null for active values."""
    tree: Tree = {
        "color": value.color,
        "default": value.default_value,
        "description": value.description,
        "isActive": None if value.active else False,
        "label": value.label,
        "urls": None,
        "valueName": value.value,
    }
    if standard_set is not None:
        usual = REQUIRED.get(standard_set, {})
        tree |= {name: _attribute(value, name, usual.get(name)) for name in STANDARD_ATTRIBUTES}
    return {**tree, **value.metadata}


def read_value(tree: Any, standard_set: str | None = None) -> PicklistValue:
    """Return the value that a client sent. Raises RowRefused."""
    if not isinstance(tree, dict):
        raise wrong_type("CustomValue", tree)
    name = (_text(tree, "valueName") or _text(tree, "fullName") or "").strip()
    attributes = STANDARD_ATTRIBUTES if standard_set is not None else ()
    missing = [key for key in REQUIRED.get(standard_set or "", ()) if tree.get(key) is None]
    if missing:
        raise RowRefused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    return PicklistValue(
        value=name,
        label=(_text(tree, "label") or "").strip() or name,
        active=_flag(tree, "isActive") is not False,
        default_value=_flag(tree, "default") is True,
        color=_text(tree, "color"),
        description=_text(tree, "description"),
        metadata={key: value for key, value in tree.items() if key not in (*_OWN, *attributes) and value is not None},
        **{snake(key): tree[key] for key in attributes if tree.get(key) is not None},
    )


def raw_value(value: PicklistValue) -> Tree:
    """Return the value as an org file has it."""
    facts: Tree = {
        "value": value.value,
        "label": value.label,
        "active": value.active,
        "defaultValue": value.default_value,
        "managed": value.managed,
        "validFor": value.valid_for,
        "color": value.color,
        "description": value.description,
        "metadata": value.metadata,
        **{name: getattr(value, snake(name)) for name in STANDARD_ATTRIBUTES},
    }
    return {key: fact for key, fact in facts.items() if fact is not None}


def wrong_type(type_: str, value: Any) -> RowRefused:
    """Return the error for JSON with another structure."""
    return RowRefused("JSON_PARSER_ERROR", f"Cannot deserialize instance of {type_} from value {value}")


def snake(name: str) -> str:
    """Return the attribute name of an org file key."""
    return _CAPITAL.sub(lambda letter: f"_{letter[0].lower()}", name)


def _attribute(value: PicklistValue, name: str, usual: Any) -> Any:
    held = getattr(value, snake(name))
    if name == "converted" and usual is None:
        return None
    return usual if held is None else held


def _text(tree: Tree, key: str) -> str | None:
    value = tree.get(key)
    if value is not None and not isinstance(value, str):
        raise wrong_type("string", value)
    return value


def _flag(tree: Tree, key: str) -> bool | None:
    value = tree.get(key)
    if value is not None and not isinstance(value, bool):
        raise wrong_type("boolean", value)
    return value
