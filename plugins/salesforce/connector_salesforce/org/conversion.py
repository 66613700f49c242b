"""Leads that were converted: the contact or account that each became is what is written.

Object Reference, "Lead"; Salesforce Help, "Map Custom Lead Fields for Lead Conversion".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAD = "Lead"

IS_CONVERTED = "IsConverted"
"""The field that says whether a lead was converted."""

_BECAME = {"Contact": "ConvertedContactId", "Account": "ConvertedAccountId"}
"""The fields of a lead that have the ids of the records that it became."""


def becomes(object_name: str) -> tuple[str, ...]:
    """The objects whose records a record of an object may become."""
    return tuple(_BECAME) if object_name == LEAD else ()


def shared_key_advice(object_name: str) -> str:
    """How a key comes to stand in several objects, and stays with a record that is converted."""
    if object_name != LEAD:
        return ""
    return (
        "Give each of the objects a field of the same name with External ID and Unique ticked, and map that of Lead to "
        "that of Contact or Account: Setup, Object Manager, Lead, Fields & Relationships, Map Lead Fields"
    )


def columns(object_name: str, objects: Sequence[str]) -> tuple[str, ...]:
    """The fields that say what records of an object became, as far as that is asked for."""
    named = [field for name, field in _BECAME.items() if name in objects]
    return (IS_CONVERTED, *named) if object_name == LEAD and named else ()


def find_successor(record: Mapping[str, Any], objects: Sequence[str]) -> tuple[str, str] | None:
    """The object and id of what a lead became; None for one that is open, or that left no such record."""
    if not record.get(IS_CONVERTED):
        return None
    found = ((name, record.get(field)) for name, field in _BECAME.items() if name in objects)
    return next(((name, id_) for name, id_ in found if id_), None)
