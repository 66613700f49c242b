"""The resolved mapping of a sync: what fills each field of the destination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, evolve, frozen

from connector_sdk.contract.batch import Column
from connector_sdk.contract.schema import Field
from connector_sdk.engines.sql import text
from connector_sdk.planning.mapping.conversions import Check


@frozen
class Lookup:
    """A search for the id of the record of one of `objects` whose `field` has the row's value.

    The `equality` of the field is the one that counts for this search. `conditions` are further fields, each with the
    value that the record must have there.
    """

    objects: tuple[str, ...]
    field: Field
    conditions: Mapping[str, Any] = Factory(dict)

    @property
    def target(self) -> str | None:
        """The object, if any record of it may be found; None if there are several objects, or conditions."""
        return self.objects[0] if len(self.objects) == 1 and not self.conditions else None

    @property
    def wanted(self) -> str:
        """The record in words, up to the value of its field: `Account whose Name is `."""
        told = [
            f"{name} is {str(value).lower() if isinstance(value, bool) else value}"
            for name, value in self.conditions.items()
        ]
        told.append(f"{self.field.name} is ")
        return f"{' or '.join(self.objects)} whose {' and whose '.join(told)}"


@frozen
class FieldBinding:
    """A field of the destination and what fills it.

    - `stored`: the plan's column that holds the values.
    - `value`: the SQL that makes the values; None if the model's own column serves.
    - `lookup`: the search for the records that the values refer to; None if the destination needs none.
    - `object_name`: the object whose rows it fills, in a sync of several objects.
    - `former`: SQL for a key as earlier versions spelled it; None if their spelling was the same.
    """

    field: Field
    column: Column
    stored: str
    value: str | None
    checks: tuple[Check, ...]
    lookup: Lookup | None = None
    object_name: str | None = None
    former: str | None = None

    @property
    def own(self) -> str:
        """SQL that is true for the lines that this fills."""
        return "true" if self.object_name is None else f"object = {text(self.object_name)}"


@frozen
class ResolvedMapping:
    """What a sync takes from its model: `columns`, and among these the `compared` ones, whose changes count.

    `sets` are the columns that fill only fields of several choices. `fingerprints` has a hash of each field's mapping,
    which differs after a change of the mapping.
    """

    fillings: tuple[FieldBinding, ...]
    columns: tuple[str, ...]
    compared: tuple[str, ...]
    sets: frozenset[str]
    match: FieldBinding | None
    fingerprints: Mapping[str, str]

    @property
    def depends_on_existence(self) -> bool:
        """Whether the values that are sent depend on whether the record exists."""
        return any(only_created(each.field) or only_updated(each.field) for each in self.fillings)


def as_searched(field: Field) -> Field:
    """Return a field as a search for references compares it."""
    return field if field.search_equality is None else evolve(field, equality=field.search_equality)


def only_created(field: Field) -> bool:
    """Return whether a field can be set on a new record but never changed."""
    return field.creatable and not field.updatable


def only_updated(field: Field) -> bool:
    """Return whether a field can be set on an existing record but not on a new one."""
    return field.updatable and not field.creatable
