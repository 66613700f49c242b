"""Check data against a JSON Schema. Each problem has its place; of several alternatives, the likeliest one counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from connector_sdk.contract.errors import Problem
from connector_sdk.contract.secret import Secret
from connector_sdk.settings.json_schema import Schema, property_of, types_of
from connector_sdk.settings.references import Interpolated, Place, reads_as
from connector_sdk.settings.wording import word_error


def schema_problems(schema: Schema, data: Any, path: Place = ()) -> list[Problem]:
    """Return everything that is wrong with `data`, in the order in which it is written. Return nothing if it fits."""
    errors = list(_Validator(schema).iter_errors(data))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator in ("type", "anyOf")}
    return [
        _problem(error, path)
        for error in errors
        if error.validator in ("type", "anyOf") or tuple(error.absolute_path) not in mistyped
    ]


def fits(schema: Schema, data: Any) -> bool:
    """Return whether nothing is wrong with `data`."""
    return bool(_Validator(schema).is_valid(data))


def _has_type(validator: Any, instance: Any, type_: str, schema: Schema) -> bool:
    if isinstance(instance, Secret):
        return bool(schema.get("writeOnly"))
    if isinstance(instance, Interpolated):
        return reads_as(instance, type_)
    if isinstance(instance, date):
        return schema.get("format") in ("date", "date-time")
    if type_ == "string" and schema.get("format") in ("date", "date-time"):
        return False
    return bool(validator.is_type(instance, type_))


# The keywords of JSON Schema. The message of each error is only the key that it is about, if any. `wording` turns the
# errors into sentences.


def _type(validator: Any, _allowed: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if not any(_has_type(validator, instance, each, schema) for each in types_of(schema)):
        yield ValidationError("")


def _pattern(validator: Any, pattern: str, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if not isinstance(instance, str) or (schema.get("writeOnly") and isinstance(instance, Interpolated)):
        return
    if schema.get("writeOnly") or not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("")


def _check_required(validator: Any, required: Sequence[str], instance: Any, _: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, Mapping):
        yield from (ValidationError(name) for name in required if name not in instance)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if not isinstance(instance, Mapping) or allowed is True:
        return
    for name in [each for each in instance if each not in schema.get("properties", {})]:
        if allowed is False:
            yield ValidationError(str(name), path=[name])
        else:
            yield from validator.descend(instance[name], allowed, path=name)


def _names(validator: Any, names: Schema, instance: Any, _: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, Mapping):
        for name in instance:
            yield from validator.descend(name, names, path=name)


def _any_of(validator: Any, branches: Sequence[Schema], instance: Any, _: Schema) -> Iterator[ValidationError]:
    failures = [list(validator.descend(instance, branch, schema_path=at)) for at, branch in enumerate(branches)]
    if not all(failures):
        return
    meant = _guess_branch(validator, branches, instance)
    if meant is not None:
        yield from failures[meant]
    else:
        yield _describe_undecided(validator, branches, instance)


def _guess_branch(validator: Any, branches: Sequence[Schema], instance: Any) -> int | None:
    """Return the index of the alternative that the author of `instance` meant, None if it is undecided."""
    near = [
        at
        for at, each in enumerate(branches)
        if any(_has_type(validator, instance, type_, each) for type_ in types_of(each))
    ]
    if len(near) <= 1 or not isinstance(instance, Mapping):
        return near[0] if near else None
    tag = _tag([branches[at] for at in near])
    if tag is not None:
        tagged = (at for at in near if branches[at]["properties"][tag]["const"] == instance.get(tag))
        return next(tagged, None)
    known = {at: len(set(instance) & _own_keys(branches, at)) for at in near}
    best = max(known.values())
    return next(at for at in near if known[at] == best) if list(known.values()).count(best) == 1 else None


def _own_keys(branches: Sequence[Schema], at: int) -> set[str]:
    """Return the keys that only this alternative has."""
    others = {name for other, each in enumerate(branches) if other != at for name in each.get("properties", {})}
    return set(branches[at].get("properties", {})) - others


def _tag(branches: Sequence[Schema]) -> str | None:
    """Return the key whose constant distinguishes the alternatives, None if there is none."""
    names = branches[0].get("properties", {})
    return next((name for name in names if all("const" in property_of(each, name) for each in branches)), None)


def _describe_undecided(validator: Any, branches: Sequence[Schema], instance: Any) -> ValidationError:
    near = [each for each in branches if isinstance(instance, Mapping) and "object" in types_of(each)]
    tag = _tag(near) if near else None
    if tag is None:
        return ValidationError("")
    values = [property_of(each, tag)["const"] for each in near]
    if tag not in instance:
        missing = {"properties": {tag: {"description": f"one of {', '.join(map(str, values))}"}}}
        return ValidationError(tag, validator="required", validator_value=[tag], instance=instance, schema=missing)
    return ValidationError(
        "", path=[tag], validator="enum", validator_value=values, instance=instance[tag], schema={"enum": values}
    )


_CHECKER = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "object": lambda _, instance: isinstance(instance, Mapping),
        "array": lambda _, instance: isinstance(instance, list | tuple),
        "integer": lambda _, instance: isinstance(instance, int) and not isinstance(instance, bool),
        "number": lambda _, instance: isinstance(instance, int | float | Decimal) and not isinstance(instance, bool),
    }
)
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "type": _type,
        "pattern": _pattern,
        "required": _check_required,
        "additionalProperties": _additional,
        "propertyNames": _names,
        "anyOf": _any_of,
    },
    type_checker=_CHECKER,
)


def _problem(error: ValidationError, path: Place) -> Problem:
    message, hint = word_error(error)
    return Problem(message, (*path, *error.absolute_path), hint)
