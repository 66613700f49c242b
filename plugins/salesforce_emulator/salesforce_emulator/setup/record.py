"""One record of Setup."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from salesforce_emulator.org.model import ObjectType
from salesforce_emulator.setup import names


@frozen
class Record:
    """Of which object, with which id and values; what is not named is empty."""

    object_name: str
    id: str
    values: dict[str, Any]


def of_entity(thing: ObjectType) -> dict[str, Any]:
    """What leads a record to the EntityDefinition of its object."""
    return {"EntityDefinitionId": names.entity_durable_id(thing), "EntityRecordId": names.entity_record_id(thing)}
