"""The active values of picklists as setup objects. Object Reference, "PicklistValueInfo"."""

from __future__ import annotations

from collections.abc import Iterator

from salesforce_emulator.ids import stable_id
from salesforce_emulator.metadata.dependencies import list_shown_values, valid_for
from salesforce_emulator.org.model import Field, ObjectType
from salesforce_emulator.setup import names
from salesforce_emulator.setup.record import Record, of_entity


def picklist_records(thing: ObjectType) -> Iterator[Record]:
    """Yield the records of an object's picklists and of their values."""
    for field in thing.fields.values():
        if field.type in ("picklist", "multipicklist"):
            particle = stable_id("4ep", thing.name, field.name)
            durable_id = names.field_durable_id(thing, field)
            named = {"DurableId": durable_id, "QualifiedApiName": field.name, "Label": field.label}
            yield Record("EntityParticle", particle, {**of_entity(thing), **named})
            yield from _values(thing, field, {"EntityParticleId": durable_id, "ParticleRecordId": particle})


def _values(thing: ObjectType, field: Field, of_particle: dict[str, str]) -> Iterator[Record]:
    controller = thing.fields.get(field.controller_name or "")
    valid = {} if controller is None else valid_for(field, controller)
    for at, value in enumerate(list_shown_values(field)):
        yield Record("PicklistValueInfo", stable_id("4pv", thing.name, field.name, value.value), {
            **of_particle,
            "DurableId": f"{of_particle['EntityParticleId']}.{at}",
            "Value": value.value,
            "Label": value.label,
            "IsActive": True,
            "IsDefaultValue": value.default_value,
            "ValidFor": value.valid_for or valid.get(value.value),
        })  # fmt: skip
