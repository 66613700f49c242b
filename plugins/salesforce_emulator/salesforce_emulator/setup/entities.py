"""Objects and fields as setup objects. Tooling API, "EntityDefinition" and "FieldDefinition"."""

from __future__ import annotations

from collections.abc import Iterator

from salesforce_emulator.org.model import Field, ObjectType
from salesforce_emulator.setup import names
from salesforce_emulator.setup.record import Record, of_entity

_DATA_TYPES = {
    "multipicklist": "Picklist (Multi-Select)",
    "string": "Text",
    "textarea": "Long Text Area",
    "boolean": "Checkbox",
    "double": "Number",
}


def entity_records(thing: ObjectType) -> Iterator[Record]:
    """Yield the records that describe one object and its fields."""
    namespace, developer_name = names.parts_of(thing.name)
    yield Record("EntityDefinition", names.entity_record_id(thing), {
        "DurableId": names.entity_durable_id(thing),
        "QualifiedApiName": thing.name,
        "DeveloperName": developer_name,
        "NamespacePrefix": namespace,
        "Label": thing.label,
        "MasterLabel": thing.label,
        "PluralLabel": thing.label_plural,
        "KeyPrefix": thing.key_prefix,
        "IsTriggerable": thing.triggerable,
        "IsQueryable": True,
        "IsCustomizable": thing.layoutable,
    })  # fmt: skip
    if thing.custom:
        named = {"DeveloperName": developer_name, "NamespacePrefix": namespace}
        state = {"ManageableState": names.manageable(namespace)}
        yield Record("CustomObject", names.object_id(thing), {**named, **state})
    for field in thing.fields.values():
        yield _field(thing, field)


def _field(thing: ObjectType, field: Field) -> Record:
    namespace, developer_name = names.parts_of(field.name)
    named = {"DeveloperName": developer_name, "NamespacePrefix": namespace}
    return Record("FieldDefinition", names.field_record_id(thing, field), {
        **named,
        **of_entity(thing),
        "DurableId": names.field_durable_id(thing, field),
        "QualifiedApiName": field.name,
        "Label": field.label,
        "MasterLabel": field.label,
        "DataType": _DATA_TYPES.get(field.type, field.type.title()),
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "IsIndexed": field.id_lookup or field.unique,
        "IsNillable": field.nillable,
    })  # fmt: skip
