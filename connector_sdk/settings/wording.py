"""Word what is wrong with a setting, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any

from connector_sdk.settings.examples import example_of, suggest_mapping, variable_of
from connector_sdk.settings.json_schema import Schema, property_of, types_of
from connector_sdk.settings.references import Interpolated, reads_as
from connector_sdk.settings.suggest import suggest_list, suggestion

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a mapping",
    "date": "a date",
}

_ADD_REFERENCE = "put it into an environment variable and write ${NAME}"


def word_error(error: Any) -> tuple[str, str]:
    """Return a `jsonschema.ValidationError` in words, and a next step."""
    return _WORDED.get(str(error.validator), _word_limit)(error)


def _word_type(error: Any) -> tuple[str, str]:
    is_fraction = "integer" in types_of(error.schema) and kind_of(error.instance) == kind_of(0)
    found = str(error.instance) if is_fraction else kind_of(error.instance)
    return f"must be {_name_types([error.schema])}, not {found}", _retype(error)


def _name_types(branches: Sequence[Schema]) -> str:
    """Return in words what the alternatives take."""
    types = [
        "date" if type_ == "string" and each.get("format") else type_ for each in branches for type_ in types_of(each)
    ]
    words = list(dict.fromkeys(_WORDS[each] for each in types if not (each == "integer" and "number" in types)))
    return f"{', '.join(words[:-1])}, or {words[-1]}" if len(words) > 2 else " or ".join(words)


def _retype(error: Any) -> str:
    schema, instance = error.schema, error.instance
    types = types_of(schema)
    if schema.get("writeOnly"):
        return _ADD_REFERENCE
    if "string" in types and isinstance(instance, int | float | Decimal | date) and not schema.get("format"):
        return _quote(schema, instance)
    if "array" in types:
        return _suggest_entries(schema, instance)
    if "object" in types:
        known = list(schema.get("properties", {}))
        key = _key_of(error)
        inline = f", or {key}: {{name: value}}" if key else ""
        return f"write the keys below it: {', '.join(known)}" if known else f"write name: value lines below it{inline}"
    if isinstance(instance, str) and reads_as(Interpolated(instance, ""), types[0]):
        return "take the quotes away"
    return _describe_value(schema)


def _suggest_entries(schema: Schema, instance: Any) -> str:
    """Return the hint to write a list: of the text itself, unless it may be a secret."""
    if not isinstance(instance, str) or schema.get("items", {}).get("writeOnly"):
        return "write a list: [one, two]"
    return suggest_list(_format_instance(instance)) or f"write a list: [{_format_instance(instance)}]"


def _quote(schema: Schema, instance: Any) -> str:
    """Return the hint at quotes: with the text itself if the default shows its form, such as "66.0" for 66."""
    form = re.sub(r"\d+", r"\\d+", re.escape(str(schema.get("default") or "")))
    fitting = (each for each in (str(instance), f"{instance}.0") if re.fullmatch(form, each))
    written = next(fitting, None)
    return f'write "{written}"' if written else "put it in quotes"


def _describe_value(schema: Schema) -> str:
    """Return the hint at a value of another type: what the key means, and its default."""
    meaning, default = schema.get("description"), schema.get("default")
    if not meaning or not set(types_of(schema)) <= {"integer", "number", "null"}:
        return "correct the value, or leave the key out for the default"
    such = "" if default is None else f", such as {default}"
    wanted = _name_types([{"type": [each for each in types_of(schema) if each != "null"]}])
    return f"write {wanted}{such}: {meaning}"


def _key_of(error: Any) -> str:
    """Return the key of a value; empty for an entry of a list, or for a value without a key."""
    key = error.absolute_path[-1] if error.absolute_path else ""
    return key if isinstance(key, str) else ""


def kind_of(instance: Any) -> str:
    """Return what a value is, in the words of a project file. Other values go by the name of their class."""
    kinds: tuple[tuple[Any, str], ...] = (
        (type(None), "nothing"),
        (bool, "true or false"),
        (str, "text"),
        (int | float | Decimal, "a number"),
        (date, "a date"),
        (list | tuple, "a list"),
        (Mapping, "a mapping"),
    )
    named = with_article(type(instance).__name__)
    return next((word for type_, word in kinds if isinstance(instance, type_)), named)


def with_article(name: str) -> str:
    """Return the name of a class with its article, for a sentence."""
    return f"an {name}" if name[:1] in "AEIOUaeiou" else f"a {name}"


def _word_alternatives(error: Any) -> tuple[str, str]:
    branches = error.schema["anyOf"]
    if any(each.get("writeOnly") for each in branches):
        return f"must be {_name_types(branches)}, not {kind_of(error.instance)}", _ADD_REFERENCE
    forms = [each for each in branches if each.get("required")]
    listed = " | ".join("{" + ", ".join(each["required"]) + "}" for each in forms)
    if isinstance(error.instance, Mapping) and forms:
        return f"must be exactly one of {listed}", "use the keys of one of these forms"
    types = {type_ for each in branches for type_ in types_of(each)}
    if isinstance(error.instance, Mapping | list | tuple) and not types & {"object", "array"}:
        return f"takes one value, not {kind_of(error.instance)}", _suggest_value(error)
    hint = "write it in one of these forms"
    if len(forms) == 1 and _key_of(error):
        hint = f"write {_key_of(error)}: {example_of(_key_of(error), forms[0])}"
    elif forms:
        hint = f"write {'text, or ' if 'string' in types else ''}one of {listed}"
    return f"must be {_name_types(branches)}, not {kind_of(error.instance)}", hint


def _suggest_value(error: Any) -> str:
    """Return the hint to write one value: the first in the list or the mapping."""
    inner = list(error.instance.values() if isinstance(error.instance, Mapping) else error.instance)
    key = _key_of(error)
    if not inner or not key or isinstance(inner[0], Mapping | list | tuple | NoneType):
        return "write one value"
    return f"write {key}: {_format_instance(inner[0])}" + (", or another single value" if len(inner) > 1 else "")


def _word_enum(error: Any) -> tuple[str, str]:
    value = error.validator_value
    listed = value if error.validator == "enum" else [value]
    names = [_plain(each) for each in listed]
    return f"{_format_instance(error.instance)} is not allowed here", suggestion(
        _format_instance(error.instance), names
    )


def _word_pattern(error: Any) -> tuple[str, str]:
    if error.schema.get("writeOnly"):
        variable = variable_of(str(error.absolute_path[-1] if error.absolute_path else "SECRET"))
        hint = f"put it into an environment variable and write ${{{variable}}} here"
        return "a secret must not be written in the file in clear", hint
    form = error.schema.get("description") or f"it must match {error.validator_value}"
    return f"{_format_instance(error.instance)} does not have the right form", form


def _word_missing(error: Any) -> tuple[str, str]:
    wanted = property_of(error.schema, error.message)
    meaning = wanted.get("description")
    hint = suggest_mapping(error.message, wanted) or f"add {error.message}" + (f": {meaning}" if meaning else "")
    return f"{error.message} is missing", hint


def _word_unknown_key(error: Any) -> tuple[str, str]:
    return f"the key {error.message} is not known here", suggestion(error.message, list(error.schema["properties"]))


def _word_limit(error: Any) -> tuple[str, str]:
    limit = error.validator_value
    wording = {
        "minimum": f"must be at least {limit}",
        "maximum": f"must be at most {limit}",
        "exclusiveMinimum": f"must be more than {limit}",
        "minItems": "must have at least one entry" if limit == 1 else f"must have at least {limit} entries",
        "minLength": "must not be empty" if limit == 1 else f"must have at least {limit} characters",
    }
    hint = error.schema.get("description") or "correct the value"
    return wording.get(str(error.validator), f"breaks the rule {error.validator}: {limit}"), hint


def _format_instance(instance: Any) -> str:
    if isinstance(instance, Interpolated):
        return instance.source
    return _plain(instance)[:60]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else str(value)


_WORDED: dict[str, Callable[[Any], tuple[str, str]]] = {
    "type": _word_type,
    "anyOf": _word_alternatives,
    "enum": _word_enum,
    "const": _word_enum,
    "pattern": _word_pattern,
    "required": _word_missing,
    "additionalProperties": _word_unknown_key,
}
