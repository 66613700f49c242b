"""What the fields of a destination are filled with, in words."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from connector_sdk.contract.batch import Column
from connector_sdk.contract.schema import Field
from connector_sdk.engines.sql import text
from connector_sdk.planning.mapping.conversions import Check


@frozen
class Lookup:
    """The id of the record of `object_name` whose `field` has the value that the row holds.

    The `equality` of the field is the one that counts for this question.
    """

    object_name: str
    field: Field


@frozen
class Filling:
    """A field of the destination and what it is filled with.

    `stored` is the plan's column that holds the values, `value` the SQL that makes them (None where the model's own
    column serves). With `lookup`, the values are looked for before the plan is complete. `object_name` is the object
    whose rows it fills, where there are several. `former` is SQL for a key as earlier versions spelled it, None where
    they spelled it in the same way.
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
        """SQL that is true for the lines that it fills."""
        return "true" if self.object_name is None else f"object = {text(self.object_name)}"


@frozen
class Mapped:
    """What a sync takes from its model: `columns`, of which `compared` are those whose changes count.

    `sets` are the columns that fill nothing but fields of several choices. `fingerprints` say, per field, what a change
    of the mapping would change.
    """

    fillings: tuple[Filling, ...]
    columns: tuple[str, ...]
    compared: tuple[str, ...]
    sets: frozenset[str]
    match: Filling | None
    fingerprints: Mapping[str, str]

    @property
    def depends_on_existence(self) -> bool:
        """Whether what is sent depends on whether the record is there."""
        return any(only_created(each.field) or only_updated(each.field) for each in self.fillings)


def as_searched(field: Field) -> Field:
    """Return a field as a search for references compares it."""
    return field if field.search_equality is None else evolve(field, equality=field.search_equality)


def only_created(field: Field) -> bool:
    """Whether a field can be set on a new record and never again."""
    return field.createable and not field.updateable


def only_updated(field: Field) -> bool:
    """Whether a field can be set on a record that exists and on no new one."""
    return field.updateable and not field.createable
