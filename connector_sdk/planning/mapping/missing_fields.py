"""Fields that an object does not have: what to say of them, and the lookup that a user may have meant."""

from __future__ import annotations

from connector_sdk.contract.schema import FieldType, ObjectSchema
from connector_sdk.settings.suggest import closest


def describe_missing_field(schema: ObjectSchema, field_name: str, what: str = "field") -> str:
    """Return the message on a field that does not exist."""
    if field_name in schema.unavailable_fields:
        return f"{schema.name}.{field_name} {schema.unavailable_fields[field_name]}"
    if schema.missing_hint:
        return f"the {what} {schema.name}.{field_name} is {schema.missing_hint}"
    return f"{schema.name} has no {what} {field_name}"


def suggest_find(schema: ObjectSchema, field_name: str) -> str:
    """Return the lookup to write for a name such as `Account.Number`, as other tools spell one; empty for others."""
    object_name, _, where = field_name.partition(".")
    references = {each.name: each for each in schema.fields if each.type is FieldType.REFERENCE and each.references}
    near = closest(object_name, references) if where else None
    if near is None:
        return ""
    return f"write {near}: {{find: {references[near].references[0]}, where: {where}, equals: COLUMN}}"
