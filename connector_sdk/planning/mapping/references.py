"""The lookup that fills a reference: the field by which the record is found in its object, or in each of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import evolve

from connector_sdk.contract.errors import ConfigError, Problem
from connector_sdk.contract.project import Find, Scalar
from connector_sdk.contract.schema import Field, ObjectSchema
from connector_sdk.planning.mapping.constants import RefusedError, constant_value
from connector_sdk.planning.mapping.missing_fields import describe_missing_field
from connector_sdk.planning.mapping.model import Lookup
from connector_sdk.settings.references import Place
from connector_sdk.settings.suggest import suggest_list, suggestion

Discover = Callable[[str], ObjectSchema]
"""A function that returns the schema of an object, and raises `ConfigError` if there is none."""


def resolve_lookup(find: Find, where: str, filled: Field, discover: Discover, place: Place) -> Lookup:
    """Return the lookup by the field `where` that fills the field `filled` at `place`.

    Raises `ConfigError` with every problem.
    """
    problems = list(_check_references(find, filled, place))
    schemas = [] if problems else list(_discover_objects(find, discover, place, problems))
    fields = {each.name: _find_field(each, where, (*place, "where"), problems) for each in schemas}
    found = {name: each for name, each in fields.items() if each is not None}
    if len({each.type for each in found.values()}) > 1:
        listed = ", ".join(f"{each.type} in {name}" for name, each in found.items())
        problems.append(Problem(f"{where} has different types: {listed}", (*place, "where"), "look in one object"))
    conditions = {
        name: _read_condition(schemas, name, value, (*place, "and", name), problems)
        for name, value in find.conditions.items()
    }
    if problems:
        raise ConfigError(problems)
    return Lookup(find.objects, _widen(list(found.values())), conditions)


def _check_references(find: Find, filled: Field, place: Place) -> Iterator[Problem]:
    wrong = [each for each in find.objects if filled.references and each not in filled.references]
    if wrong:
        hint = suggest_list(wrong[0]) or suggestion(wrong[0], filled.references)
        if len(wrong) > 1:
            hint = f"use one of: {', '.join(filled.references)}"
        yield Problem(f"{filled.name} cannot refer to {' or '.join(wrong)}", (*place, "find"), hint)
    if len(set(find.objects)) < len(find.objects):
        repeated = ", ".join(sorted({each for each in find.objects if find.objects.count(each) > 1}))
        yield Problem(f"find names {repeated} more than once", (*place, "find"), "name each object once")


def _discover_objects(find: Find, discover: Discover, place: Place, problems: list[Problem]) -> Iterator[ObjectSchema]:
    for each in find.objects:
        try:
            yield discover(each)
        except ConfigError as error:
            listed = suggest_list(each)
            problems += [
                evolve(problem, path=(*place, "find"), hint=listed or problem.hint) for problem in error.problems
            ]


def _find_field(schema: ObjectSchema, name: str, place: Place, problems: list[Problem]) -> Field | None:
    """Return a field by which records can be found; add a problem if there is none."""
    found = next((each for each in schema.fields if each.name == name), None)
    searchable = [each.name for each in schema.fields if each.searchable]
    if found is None:
        problems.append(Problem(describe_missing_field(schema, name), place, suggestion(name, searchable)))
    elif not found.searchable:
        problems.append(Problem(f"{schema.name}.{name} cannot be searched for", place, "use another field"))
        return None
    return found


def _read_condition(
    schemas: Sequence[ObjectSchema], name: str, value: Scalar, place: Place, problems: list[Problem]
) -> Any:
    """Return the value of a condition in the type of its field, which every object must have."""
    read = None
    if value == "":
        problems.append(Problem("a condition needs a value, and an empty text is none", place, "write a value"))
    for schema in schemas:
        found = _find_field(schema, name, place, problems)
        try:
            read = found and constant_value(value, found)
        except RefusedError as error:
            problems.append(Problem(str(error), place, "correct the value"))
    return read


def _widen(fields: Sequence[Field]) -> Field:
    """Return the first of fields of one type, with room for the keys that any of them can hold."""
    first, *others = fields
    return evolve(
        first,
        length=_largest([each.length for each in fields]),
        precision=_largest([each.precision for each in fields]),
        scale=_largest([each.scale for each in fields]),
        restricted=first.restricted and all(each.values == first.values for each in others),
        pattern=first.pattern if all(each.pattern == first.pattern for each in others) else "",
    )


def _largest(limits: Sequence[int | None]) -> int | None:
    """Return the largest limit; None if one is without."""
    return None if None in limits else max(each for each in limits if each is not None)
