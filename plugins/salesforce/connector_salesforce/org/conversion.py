"""Find the contact or account that a converted lead became, because that is the record to write.

Object Reference, "Lead"; Salesforce Help, "Map Custom Lead Fields for Lead Conversion".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAD = "Lead"

IS_CONVERTED = "IsConverted"
"""The field that says whether a lead was converted."""

_BECAME = {"Contact": "ConvertedContactId", "Account": "ConvertedAccountId"}
"""The objects that a lead may become, with the fields of a lead that hold the ids of those records."""


def becomes(object_name: str) -> tuple[str, ...]:
    """Return the objects whose records a record of an object may become."""
    return tuple(_BECAME) if object_name == LEAD else ()


def shared_key_advice(object_name: str) -> str:
    """Return how to give several objects one key that stays with a converted record, or an empty text."""
    if object_name != LEAD:
        return ""
    return (
        "Give each of the objects a field of the same name with External ID and Unique ticked, and map that of Lead to "
        "that of Contact or Account: Setup, Object Manager, Lead, Fields & Relationships, Map Lead Fields"
    )


def columns(object_name: str, objects: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that say which records of `objects` a record became, or none if it cannot be converted."""
    named = [field for name, field in _BECAME.items() if name in objects]
    return (IS_CONVERTED, *named) if object_name == LEAD and named else ()


def find_successor(record: Mapping[str, Any], objects: Sequence[str]) -> tuple[str, str] | None:
    """Return the object and id of what a lead became, or None if it is open or left no such record."""
    if not record.get(IS_CONVERTED):
        return None
    found = ((name, record.get(field)) for name, field in _BECAME.items() if name in objects)
    return next(((name, id_) for name, id_ in found if id_), None)
