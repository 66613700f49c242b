"""The ids and names of an org file's declarations in setup objects."""

from __future__ import annotations

from salesforce_emulator.ids import stable_id
from salesforce_emulator.org.model import Field, ObjectType


def parts_of(api_name: str) -> tuple[str | None, str]:
    """Return the namespace and developer name of an object or field: `ns__Tier__c` gives `ns` and `Tier`."""
    bare = api_name
    for suffix in ("__c", "__e", "__pc", "__s"):
        bare = bare.removesuffix(suffix)
    namespace, mark, name = bare.partition("__")
    return (namespace, name) if mark else (None, bare)


def object_id(thing: ObjectType) -> str:
    """Return the 18-character CustomObject id of a custom object, or the name of a standard object."""
    return stable_id("01I", thing.name) if thing.custom else thing.name


def entity_durable_id(thing: ObjectType) -> str:
    """Return the DurableId of EntityDefinition: 15 characters of the CustomObject id, or the name."""
    return object_id(thing)[:15] if thing.custom else thing.name


def entity_record_id(thing: ObjectType) -> str:
    """Return the record id of an EntityDefinition in the catalogue."""
    return stable_id("4ie", thing.name)


def custom_field_id(thing: ObjectType, field: Field) -> str:
    """Return the CustomField id of a custom field."""
    return stable_id("00N", thing.name, field.name)


def field_durable_id(thing: ObjectType, field: Field) -> str:
    """Return the DurableId of FieldDefinition: the object's, a dot, and the CustomField id or the name."""
    last = custom_field_id(thing, field)[:15] if field.custom else field.name
    return f"{entity_durable_id(thing)}.{last}"


def field_record_id(thing: ObjectType, field: Field) -> str:
    """Return the record id of a FieldDefinition in the catalogue."""
    return stable_id("4fd", thing.name, field.name)


def manageable(namespace: str | None) -> str:
    """Return the ManageableState: `installed` for components with a namespace, else `unmanaged`."""
    return "unmanaged" if namespace is None else "installed"
