"""Word what is wrong with a setting, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connector_sdk.settings.json_schema import Schema, property_of, types_of
from connector_sdk.settings.references import Interpolated, reads_as
from connector_sdk.settings.suggest import suggestion

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a mapping",
}


def word_error(error: Any) -> tuple[str, str]:
    """Return a `jsonschema.ValidationError` in words, and a next step."""
    return _WORDED.get(str(error.validator), _word_limit)(error)


def _word_type(error: Any) -> tuple[str, str]:
    wanted = " or ".join(_WORDS[each] for each in types_of(error.schema))
    return f"must be {wanted}, not {kind_of(error.instance)}", _retype(error.schema, error.instance)


def _retype(schema: Schema, instance: Any) -> str:
    types = types_of(schema)
    if schema.get("writeOnly"):
        return "put it into an environment variable and write ${NAME}"
    if "string" in types and isinstance(instance, int | Decimal | date) and not schema.get("format"):
        return "put it in quotes"
    if "array" in types:
        return "write a list: [one, two]"
    if "object" in types:
        known = list(schema.get("properties", {}))
        return f"write the keys below it: {', '.join(known)}" if known else "write name: value lines below it"
    return (
        "take the quotes away"
        if isinstance(instance, str) and reads_as(Interpolated(instance, ""), types[0])
        else ("correct the value, or leave the key out for the default")
    )


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
    if isinstance(error.instance, Mapping):
        forms = " | ".join("{" + ", ".join(each["required"]) + "}" for each in branches if each.get("required"))
        return f"must be exactly one of {forms}", "use the keys of one of these forms"
    words = [_WORDS[type_] for each in branches for type_ in types_of(each)]
    return (
        f"must be {' or '.join(dict.fromkeys(words))}, not {kind_of(error.instance)}",
        "write it in one of these forms",
    )


def _word_enum(error: Any) -> tuple[str, str]:
    value = error.validator_value
    listed = value if error.validator == "enum" else [value]
    names = [_plain(each) for each in listed]
    return f"{_format_instance(error.instance)} is not allowed here", suggestion(
        _format_instance(error.instance), names
    )


def _word_pattern(error: Any) -> tuple[str, str]:
    if error.schema.get("writeOnly"):
        variable = re.sub(r"\W", "_", str(error.absolute_path[-1] if error.absolute_path else "SECRET")).upper()
        hint = f"put it into an environment variable and write ${{{variable}}} here"
        return "a secret must not be written in the file in clear", hint
    form = error.schema.get("description") or f"it must match {error.validator_value}"
    return f"{_format_instance(error.instance)} does not have the right form", form


def _word_missing(error: Any) -> tuple[str, str]:
    meaning = property_of(error.schema, error.message).get("description")
    return f"{error.message} is missing", f"add {error.message}" + (f": {meaning}" if meaning else "")


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
