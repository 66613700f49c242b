"""Dependent picklists: the values that a controlling value allows.

Metadata API Developer Guide, "ValueSet" and "ValueSettings"; SOAP API Developer Guide, "PicklistEntry": `validFor`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from salesforce_emulator.errors import RowRefused
from salesforce_emulator.metadata.value_trees import Tree, wrong_type
from salesforce_emulator.org.model import Field, ObjectType
from salesforce_emulator.org.picklists import PicklistValue

Settings = Mapping[str, tuple[str, ...]]

_OF_CHECKBOX = ("unchecked", "checked")
_MISSING = "INVALID_CROSS_REFERENCE_KEY"


def list_shown_values(field: Field) -> list[PicklistValue]:
    """Return the values that a describe call shows: active ones, ordered by label if the list is sorted."""
    active = [value for value in field.picklist_values if value.active]
    return sorted(active, key=lambda value: value.label.lower()) if field.sorted else active


def valid_for(field: Field, controller: Field) -> dict[str, str]:
    """Return for each value the controlling values that allow it, as base64 bits of three bytes or more."""
    places = {name: at for at, name in enumerate(controlling_values(controller))}
    size = -(-len(places) // 24) * 3 or 3
    return {
        value.value: _bits(field.value_settings.get(value.value, ()), places, size)
        for value in list_shown_values(field)
    }


def settings_tree(field: Field) -> list[Tree]:
    """Return the settings in the form of metadata."""
    return [
        {"controllingFieldValue": list(allowing), "valueName": name} for name, allowing in field.value_settings.items()
    ]


def read_settings(tree: Any) -> dict[str, tuple[str, ...]]:
    """Return the settings that a client sent. Raises RowRefused."""
    if tree is None:
        return {}
    if not isinstance(tree, list) or not all(isinstance(one, dict) for one in tree):
        raise wrong_type("ValueSettings", tree)
    found: dict[str, tuple[str, ...]] = {}
    for one in tree:
        allowing = one.get("controllingFieldValue") or ()
        several = (allowing,) if isinstance(allowing, str) else tuple(map(str, allowing))
        name = str(one.get("valueName") or "")
        found[name] = (*found.get(name, ()), *several)
    return found


def check_settings(
    thing: ObjectType, controller_name: str | None, settings: Settings, values: Iterable[PicklistValue]
) -> None:
    """Refuse settings that name unknown fields or values. Raises RowRefused."""
    if controller_name is None:
        if settings:
            raise RowRefused("FIELD_INTEGRITY_EXCEPTION", "valueSettings need a controllingField")
        return
    controller = thing.fields.get(controller_name)
    if controller is None:
        raise RowRefused(_MISSING, f"controllingField: {thing.name} has no field {controller_name}")
    if controller.type not in ("picklist", "boolean"):
        raise RowRefused("FIELD_INTEGRITY_EXCEPTION", f"{controller_name} cannot control another field")
    names = {value.value for value in values}
    known = {value.value for value in controller.picklist_values} | set(controlling_values(controller))
    for name, allowing in settings.items():
        for one in (name,) if name not in names else (other for other in allowing if other not in known):
            raise RowRefused(_MISSING, f"valueSettings: there is no picklist value {one}")


def controlling_values(controller: Field) -> Iterable[str]:
    """Return the values of a controlling field in the order of the bits of `validFor`.

    A checkbox has the values unchecked and checked.
    """
    if controller.type == "boolean":
        return _OF_CHECKBOX
    return [value.value for value in list_shown_values(controller)]


def _bits(allowing: tuple[str, ...], places: Mapping[str, int], size: int) -> str:
    bits = bytearray(size)
    for name in allowing:
        if name in places:
            bits[places[name] >> 3] |= 0x80 >> (places[name] & 7)
    return base64.b64encode(bits).decode()
