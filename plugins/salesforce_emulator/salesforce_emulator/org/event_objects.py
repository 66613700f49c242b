"""Complete the platform events of an org file. Platform Events Developer Guide, "Platform Event Fields"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from salesforce_emulator.org.model import ObjectType

Raw = dict[str, Any]

_TYPES = {"boolean", "date", "datetime", "double", "string", "textarea"}
_READ_ONLY = {"createable": False, "updateable": False, "permissionable": False}
_SYSTEM: Raw = {
    "Id": {**_READ_ONLY, "type": "id", "label": "Event ID", "nillable": False, "defaultedOnCreate": True},
    "ReplayId": {**_READ_ONLY, "type": "string", "label": "Replay ID", "length": 1000},
    "CreatedDate": {**_READ_ONLY, "type": "datetime", "label": "Created Date", "nillable": False},
    "CreatedById": {
        **_READ_ONLY, "type": "reference", "label": "Created By ID", "referenceTo": ["User"],
        "relationshipName": "CreatedBy", "nillable": False,
    },
    "EventUuid": {**_READ_ONLY, "type": "string", "label": "Event UUID", "length": 36},
}  # fmt: skip


def is_event(name: str, raw: Raw) -> bool:
    """Return whether an object is an event, which is published instead of stored."""
    return name.endswith("__e") or "eventType" in raw


def event_flags(name: str) -> Raw:
    """Return the flags that every event has. Field-level security does not apply to its fields."""
    never = dict.fromkeys(("updateable", "deletable", "layoutable", "owned"), False)
    return {
        **never,
        "createable": name.endswith("__e"),
        **({"eventType": "HighVolume"} if name.endswith("__e") else {}),
    }


def event_fields(declared: Raw) -> Raw:
    """Return the fields of an event, in the order of a describe call."""
    own = {
        key: {"updateable": False, "permissionable": False, **spec} if isinstance(spec, dict) else spec
        for key, spec in declared.items()
    }
    return {**_SYSTEM, **own}


def event_problems(thing: ObjectType) -> Iterator[str]:
    """Yield every problem in the declaration of an event."""
    if thing.name.endswith("__e") is not (thing.event_type in ("HighVolume", "StandardVolume")):
        yield "eventType: HighVolume and StandardVolume are those of __e, others have Change or Standard"
    for field in thing.fields.values():
        if field.custom and field.type not in _TYPES:
            yield f"fields.{field.name}.type: events have no {field.type}"
