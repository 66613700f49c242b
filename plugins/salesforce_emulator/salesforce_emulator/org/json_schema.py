"""The JSON Schema of an org file, generated from the model."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from salesforce_emulator.org import model, picklists
from salesforce_emulator.org.field_types import SOAP_TYPES
from salesforce_emulator.org.reading import camel

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
# A file leaves these keys out. They follow from other keys or from their place.
_FROM_PLACE = {"ObjectType.name", "Field.name", "Org.source"}


def org_file_schema() -> dict[str, Any]:
    """Return the schema, with a definition for each class of the model."""
    definitions: dict[str, Any] = {}
    _define(model.Org, definitions)
    org = definitions.pop("Org")
    required = org.pop("required")
    # A file may change a single flag of a field in the default org. The field's type then comes from the default org.
    del definitions["Field"]["required"]
    org["properties"] = {"extends": {"const": "default"}, **org["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Org file of salesforce-emulator",
        **org,
        # A file that extends the default org may omit every key.
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": required},
        "$defs": dict(sorted(definitions.items())),
    }


def _define(cls: type[Any], definitions: dict[str, Any]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}
    hints = get_type_hints(cls)
    fields = [field for field in attrs.fields(cls) if f"{cls.__name__}.{field.name}" not in _FROM_PLACE]
    required = [camel(field.name) for field in fields if field.default is attrs.NOTHING]
    definitions[cls.__name__] = {
        "description": " ".join((cls.__doc__ or "").split()),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            camel(field.name): _describe_field(cls, field, hints[field.name], definitions) for field in fields
        },
        **({"required": required} if required else {}),
    }


def _describe_field(cls: type[Any], field: Any, hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    place = f"{cls.__name__}.{field.name}"
    if place == "Field.type":
        return {"enum": sorted(SOAP_TYPES)}
    if place in ("Field.picklist_values", "GlobalValueSet.values"):
        value = _schema(picklists.PicklistValue, definitions)
        return {"type": "array", "items": {"anyOf": [{"type": "string"}, value]}}
    if place == "Org.locks":
        return {"anyOf": [{"type": "boolean"}, _schema(hint, definitions)]}
    return _schema(hint, definitions)


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if attrs.has(hint):
        _define(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _values(arguments[1], definitions)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(argument, definitions) for argument in arguments]}
    return {}


def _values(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping's values. Null removes a name that the default org has."""
    schema = _schema(hint, definitions)
    return {"anyOf": [schema, {"type": "null"}]} if attrs.has(hint) else schema
