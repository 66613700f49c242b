"""Derive the JSON Schema (2020-12) of an attrs class, by which data are checked and editors complete files.

A field may be text, a number, true or false, a date, an enum, a literal, a secret, another attrs class, a tuple or a
mapping of these, or a union. `Annotated[int, "How many.", Rule(minimum=1)]` describes a field and limits it. A
field of type `Rest` collects the keys that the class does not name.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from connector_sdk.contract.secret import Secret

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_COLLECTS = object()

Rest = Annotated[Mapping[str, Any], _COLLECTS]
"""The type of a field that collects the keys that its class does not name."""

_SCALARS: dict[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Secret: {"type": "string", "writeOnly": True, "pattern": r"\$\{.+\}"},
}


@attrs.frozen
class Rule:
    """The limits of a value beyond its type. `form` says in words what `pattern` requires."""

    minimum: int | None = None
    maximum: int | None = None
    min_items: int | None = None
    pattern: str | None = None
    form: str | None = None

    def keywords(self) -> Schema:
        """Return the rule as keywords of JSON Schema."""
        named = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "minItems": self.min_items,
            "pattern": self.pattern,
            "description": self.form,
        }
        return {name: value for name, value in named.items() if value is not None}


def key_of(attribute: str) -> str:
    """Return the key of an attribute: without a trailing underscore, which keeps its name from being a keyword."""
    return attribute.removesuffix("_")


def rest_of(cls: type) -> str | None:
    """Return the name of the field of `cls` that is a `Rest`, None if there is none."""
    hints = get_type_hints(cls, include_extras=True)
    return next((name for name, hint in hints.items() if _COLLECTS in getattr(hint, "__metadata__", ())), None)


def json_schema(type_: Any) -> Schema:
    """Return the schema of an attrs class, or of any type that one of its fields may have.

    Raises `TypeError` for a type that a configuration cannot hold.
    """
    if type_ in _SCALARS:
        return dict(_SCALARS[type_])
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Annotated:
        return json_schema(arguments[0]) | _keywords(arguments[1:])
    if origin is Literal:
        return _literal(arguments)
    if origin in (Union, UnionType):
        return _union(arguments)
    if isinstance(origin, type):
        return _container(type_, origin, arguments)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _literal([each.value for each in type_])
    if isinstance(type_, type) and attrs.has(type_):
        return _object(type_)
    raise TypeError(f"{type_} cannot be a setting")


def types_of(schema: Schema) -> list[str]:
    """Return the JSON types that a schema allows, or nothing if it does not say."""
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def property_of(schema: Schema, name: str) -> Schema:
    """Return the schema of one key, an empty one if there is none."""
    found: Schema = schema.get("properties", {}).get(name, {})
    return found


def _keywords(extras: Sequence[Any]) -> Schema:
    keywords: Schema = {}
    for each in extras:
        if isinstance(each, str):
            keywords["description"] = each
        elif isinstance(each, Rule):
            keywords |= each.keywords()
    return keywords


def _literal(values: Sequence[Any]) -> Schema:
    schema = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    return {"type": "string"} | schema if all(isinstance(each, str) for each in values) else schema


def _container(type_: Any, origin: type, arguments: Sequence[Any]) -> Schema:
    if issubclass(origin, Mapping):
        names = json_schema(arguments[0])
        limits = {"propertyNames": names} if len(names) > 1 else {}
        return {"type": "object", "additionalProperties": json_schema(arguments[1])} | limits
    if issubclass(origin, Sequence | frozenset) and tuple(arguments[1:]) in ((), (...,)):
        return {"type": "array", "items": json_schema(arguments[0])}
    raise TypeError(f"{type_} cannot be a setting")


def _union(members: Sequence[Any]) -> Schema:
    """Return the schema of a union: one list of the plain types, and the other types as alternatives."""
    schemas = [json_schema(each) for each in members]
    plain = [each["type"] for each in schemas if list(each) == ["type"]]
    others = [each for each in schemas if list(each) != ["type"]]
    if not others:
        return {"type": plain}
    merged = [{"type": plain[0] if len(plain) == 1 else plain}] if plain else []
    return {"anyOf": [*merged, *others]}


def _object(cls: type) -> Schema:
    hints = get_type_hints(cls, include_extras=True)
    fields = {each.name: each for each in attrs.fields(cls)}
    others = rest_of(cls)
    properties = {key_of(name): _property(hints[name], each) for name, each in fields.items() if name != others}
    schema: Schema = {"type": "object"}
    if cls.__doc__:
        schema["description"] = inspect.cleandoc(cls.__doc__).split("\n\n")[0].replace("\n", " ")
    schema["properties"] = properties
    required = [key_of(name) for name, each in fields.items() if each.default is attrs.NOTHING]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = others is not None
    return schema


def _property(type_: Any, field: attrs.Attribute[Any]) -> Schema:
    schema = json_schema(type_)
    if field.default is attrs.NOTHING:
        return schema
    default = field.default.value if isinstance(field.default, Enum) else field.default
    if isinstance(default, str | int | Decimal):
        schema["default"] = float(default) if isinstance(default, Decimal) else default
    return schema
