"""One record of a setup object."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from salesforce_emulator.org.model import ObjectType
from salesforce_emulator.setup import names


@frozen
class Record:
    """A record with its object, id and values. Fields without a value are empty."""

    object_name: str
    id: str
    values: dict[str, Any]


def of_entity(thing: ObjectType) -> dict[str, Any]:
    """Return the fields that refer to the EntityDefinition of an object."""
    return {"EntityDefinitionId": names.entity_durable_id(thing), "EntityRecordId": names.entity_record_id(thing)}
