"""The size limits of picklists, by kind. Help, "Picklist Limitations"."""

from __future__ import annotations

from salesforce_emulator.metadata.value_list import Bounds
from salesforce_emulator.org.model import Field, ObjectType, Org
from salesforce_emulator.org.standard_value_sets import MOST

_MOST = 1_000
_MOST_INACTIVE = 4_000
_MOST_OF_SEVERAL = 500
_MOST_CONTROLLING = 300


def of_field(org: Org, thing: ObjectType, field: Field, restricted: bool) -> Bounds:
    """Return the limits of the list of one custom field."""
    several = field.type == "multipicklist"
    most = _MOST_OF_SEVERAL if several else _MOST if restricted else None
    return Bounds(
        field.label,
        most=min(most or _MOST_CONTROLLING, _MOST_CONTROLLING) if controls(thing, field) else most,
        most_active=None if restricted else _MOST,
        most_inactive=None if restricted else _MOST_INACTIVE,
        several=several,
        keeps_omitted=org.omitted_values == "merge" and not restricted,
        locked=field.locked_values,
    )


def of_global_set(label: str, users: list[tuple[ObjectType, Field]]) -> Bounds:
    """Return the limits of a global value set that these fields use."""
    return Bounds(
        label,
        most=_MOST_CONTROLLING if any(controls(*one) for one in users) else _MOST,
        several=any(field.type == "multipicklist" for _, field in users),
    )


def of_standard_set(name: str, users: list[tuple[ObjectType, Field]]) -> Bounds:
    """Return the limits of a standard value set that these fields use."""
    return Bounds(
        name,
        longest=min(field.length for _, field in users),
        most=_MOST_CONTROLLING if any(controls(*one) for one in users) else MOST.get(name),
    )


def controls(thing: ObjectType, field: Field) -> bool:
    """Return whether other fields depend on a field."""
    return any(other.controller_name == field.name for other in thing.fields.values())
