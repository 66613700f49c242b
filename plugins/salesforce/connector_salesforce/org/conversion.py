"""Find the contact or account that a converted lead became, because that is the record to write.

Object Reference, "Lead"; Salesforce Help, "Map Custom Lead Fields for Lead Conversion".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector_sdk import Convertible

LEAD = "Lead"

IS_CONVERTED = "IsConverted"
"""The field that says whether a lead was converted."""

_BECAME = {"Contact": "ConvertedContactId", "Account": "ConvertedAccountId"}
"""The objects that a lead may become, with the fields of a lead that hold the ids of those records."""


_SHARED_KEY = (
    "Give each of the objects a field of the same name with External ID and Unique ticked, and map that of Lead to "
    "that of Contact or Account: Setup, Object Manager, Lead, Fields & Relationships, Map Lead Fields"
)


def describe_conversion(object_name: str) -> Convertible | None:
    """Return what records of an object may be converted to, or None if they cannot be converted."""
    return Convertible(tuple(_BECAME), _SHARED_KEY) if object_name == LEAD else None


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
