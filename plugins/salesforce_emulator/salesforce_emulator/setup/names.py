"""Ids and names by which Setup knows what an org file declares."""

from __future__ import annotations

from salesforce_emulator.ids import stable_id
from salesforce_emulator.org.model import Field, ObjectType


def parts_of(api_name: str) -> tuple[str | None, str]:
    """Namespace and developer name of an object or a field: `ns__Tier__c` is `ns` and `Tier`."""
    bare = api_name
    for suffix in ("__c", "__e", "__pc", "__s"):
        bare = bare.removesuffix(suffix)
    namespace, mark, name = bare.partition("__")
    return (namespace, name) if mark else (None, bare)


def object_id(thing: ObjectType) -> str:
    """The CustomObject id of a custom object, with 18 characters; the name of a standard one."""
    return stable_id("01I", thing.name) if thing.custom else thing.name


def entity_durable_id(thing: ObjectType) -> str:
    """The DurableId of EntityDefinition: 15 characters of the CustomObject id, or the name."""
    return object_id(thing)[:15] if thing.custom else thing.name


def entity_record_id(thing: ObjectType) -> str:
    """The id under which the catalogue files an EntityDefinition."""
    return stable_id("4ie", thing.name)


def custom_field_id(thing: ObjectType, field: Field) -> str:
    """The CustomField id of a custom field."""
    return stable_id("00N", thing.name, field.name)


def field_durable_id(thing: ObjectType, field: Field) -> str:
    """The DurableId of FieldDefinition: the object's, a dot, and the CustomField id or the name."""
    last = custom_field_id(thing, field)[:15] if field.custom else field.name
    return f"{entity_durable_id(thing)}.{last}"


def field_record_id(thing: ObjectType, field: Field) -> str:
    """The id under which the catalogue files a FieldDefinition."""
    return stable_id("4fd", thing.name, field.name)


def manageable(namespace: str | None) -> str:
    """Whether a component came with a package."""
    return "unmanaged" if namespace is None else "installed"
