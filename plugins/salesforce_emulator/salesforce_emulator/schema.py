"""An object as the engine sees it. Every field has a fixed position in the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from salesforce_emulator.org.model import Field, ObjectType, Value
from salesforce_emulator.values import reader

Row = list[Value]

_ADDRESS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")

COMPUTED = frozenset({"address", "location"})


class Schema:
    """One object: its fields by name and position, and the facts that the engine needs for every row."""

    def __init__(self, thing: ObjectType, before: Schema | None = None) -> None:
        self.object = thing
        self.name = thing.name
        # A field keeps its position when the org changes. A removed field leaves a hidden one in its place.
        known: list[Field] = before.fields if before is not None else []
        kept = [thing.fields.get(field.name) or _hide_removed(field) for field in known]
        names = {field.name for field in kept}
        self.fields: list[Field] = kept + [field for field in thing.fields.values() if field.name not in names]
        self.visible = [at for at, field in enumerate(self.fields) if not field.hidden]
        self.readers = [reader(field) for field in self.fields]
        self.position = {self.fields[at].name.lower(): at for at in self.visible}
        self.blank: Row = [field.default_value for field in self.fields]
        self.not_createable = self._where(lambda field: not field.createable)
        self.not_updateable = self._where(lambda field: not field.updateable)
        self.required = self._where(lambda field: field.createable and not field.nillable)
        self.required_on_create = self._where(
            lambda field: field.createable and not field.nillable and not field.defaulted_on_create
        )
        self.references = self._where(lambda field: field.type == "reference")
        matched = {rule.fields[0] for rule in thing.duplicate_rules}
        self.indexed = sorted(self._where(lambda field: field.unique or field.id_lookup or field.name in matched) - {0})
        self.auto_numbers = [at for at, field in enumerate(self.fields) if field.auto_number]
        self.external_ids = tuple(at for at, field in enumerate(self.fields) if field.external_id)
        self.stamps_on_update = self._find_positions("LastModifiedDate", "SystemModstamp")
        self.stamps_on_create = [*self._find_positions("CreatedDate"), *self.stamps_on_update]
        self.users_on_create = self._find_positions("OwnerId", "CreatedById", "LastModifiedById")
        self.photos = [at for at, field in enumerate(self.fields) if field.extra_type_info == "imageurl"]
        # Events have no name field.
        self.name_at = next((at for at, field in enumerate(self.fields) if field.name_field), 0)
        # A record of a custom object that gets no name takes its id as its name.
        self.names_itself = self.fields[self.name_at].defaulted_on_create
        self.relationships = {
            str(self.fields[at].relationship_name).lower(): self.fields[at]
            for at in self.visible
            if self.fields[at].relationship_name is not None
        }

    def _find_positions(self, *names: str) -> list[int]:
        return [self.position[name.lower()] for name in names if name.lower() in self.position]

    def _where(self, holds: Callable[[Field], bool]) -> frozenset[int]:
        return frozenset(at for at in self.visible if holds(self.fields[at]))

    def at(self, name: str) -> int | None:
        """Return the position of a field by its name in any case, or None if there is none."""
        return self.position.get(name.lower())

    def field(self, name: str) -> Field | None:
        """Return the field with this name in any case, or None if there is none."""
        at = self.position.get(name.lower())
        return None if at is None else self.fields[at]

    def parts(self, compound: Field) -> dict[str, int | None]:
        """Return the components of a compound field by their names in it.

        Each component has its position, or None if it is hidden.
        """
        if compound.type == "location":
            before = compound.name.removesuffix("c")
            return {name.lower(): self.at(f"{before}{name}__s") for name in ("Latitude", "Longitude")}
        before = compound.name.removesuffix("Address")
        return {name[0].lower() + name[1:]: self.at(before + name) for name in _ADDRESS}


class Schemas:
    """All objects of the org, by name in any case and by key prefix."""

    def __init__(self, objects: Mapping[str, ObjectType], before: Schemas | None = None) -> None:
        self.replace(objects, before)

    def replace(self, objects: Mapping[str, ObjectType], before: Schemas | None = None) -> None:
        """Replace the objects. Fields that `before` has keep their positions."""
        known: dict[str, Schema] = before.by_name if before is not None else {}
        self.all = [Schema(thing, known.get(thing.name.lower())) for thing in objects.values()]
        self.by_name: dict[str, Schema] = {schema.name.lower(): schema for schema in self.all}
        self._by_prefix = {schema.object.key_prefix: schema for schema in self.all if schema.object.key_prefix}

    def find(self, name: str) -> Schema | None:
        """Return the object with this name in any case, or None if there is none."""
        return self.by_name.get(name.lower())

    def get(self, name: str) -> Schema:
        """Return the object with this name in any case. Raises KeyError."""
        return self.by_name[name.lower()]

    def of_id(self, record_id: str) -> Schema | None:
        """Return the object that an id belongs to."""
        return self._by_prefix.get(record_id[:3])

    def children(self, parent: Schema) -> list[tuple[Schema, Field]]:
        """Return the objects and fields that refer to an object."""
        return [
            (child, child.fields[at])
            for child in self.all
            for at in child.visible
            if parent.name in child.fields[at].reference_to
        ]


def _hide_removed(field: Field) -> Field:
    """Return the hidden placeholder of a field that the org no longer has."""
    return attrs.evolve(
        field, hidden=True, external_id=False, auto_number=False, default_value=None, extra_type_info=None
    )
