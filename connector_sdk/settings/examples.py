"""Show what to write for a value: the keys that a mapping must have, as one line of a project file."""

from __future__ import annotations

import re

from connector_sdk.settings.json_schema import Schema, property_of, types_of

_OPEN = "..."
"""A value that only the user knows."""


def example_of(name: str, schema: Schema) -> str:
    """Return what to write for the key `name`: a mapping with its required keys, in the first of several forms."""
    if "const" in schema:
        return str(schema["const"])
    if schema.get("writeOnly"):
        return f"${{{variable_of(name)}}}"
    form = next(iter(_forms(schema)), None)
    if form is None:
        return _OPEN
    keys = (f"{each}: {example_of(each, property_of(form, each))}" for each in form["required"])
    return "{" + ", ".join(keys) + "}"


def suggest_mapping(name: str, schema: Schema) -> str:
    """Return a hint to add a key whose value is a mapping; empty if its value is none, or may be anything."""
    first, *others = _forms(schema) or [{}]
    if not first:
        return ""
    tag = next((each for each in first["required"] if "const" in property_of(first, each)), "")
    values = [str(property_of(each, tag)["const"]) for each in others if "const" in property_of(each, tag)]
    rest = f"; {tag} may be {', '.join(values)} as well" if values else ""
    return f"add {name}: {example_of(name, first)}{rest}"


def variable_of(name: str) -> str:
    """Return the name of an environment variable for the value of a key."""
    return re.sub(r"\W", "_", name).upper()


def _forms(schema: Schema) -> list[Schema]:
    """Return the forms of a mapping with required keys; none if the value may be something else than a mapping."""
    branches = schema.get("anyOf", [schema])
    return list(branches) if all(types_of(each) == ["object"] and each.get("required") for each in branches) else []
