"""A picklist as it was read: the complete metadata of the component that holds its values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from attrs import evolve, frozen

from connector_salesforce_picklist.values import Raw, Value, is_true, same


class Kind(StrEnum):
    """The component that holds the values.

    Metadata API Guide, "Metadata Field Types", "GlobalValueSet", "StandardValueSet".
    """

    FIELD = "CustomField"
    GLOBAL = "GlobalValueSet"
    STANDARD = "StandardValueSet"


_PATHS: Mapping[Kind, tuple[str, ...]] = {
    Kind.FIELD: ("valueSet", "valueSetDefinition", "value"),
    Kind.GLOBAL: ("customValue",),
    Kind.STANDARD: ("standardValue",),
}
"""The path to the list of values in the metadata of each kind."""


@frozen
class Picklist:
    """The picklist of a field. `name` is the name of the component, `record_id` its id in the Tooling API.

    `tree` is the component's complete metadata, of which only the list of values is ever changed. `several`: a record
    may have several values. `package` is the namespace of the managed package that installed the component.
    """

    object_name: str
    field: str
    kind: Kind
    name: str
    tree: Raw
    record_id: str = ""
    several: bool = False
    field_tree: Raw | None = None
    package: str = ""

    @property
    def values(self) -> tuple[Value, ...]:
        """All values that Salesforce shows, in order. It hides inactive values of fields that are not restricted."""
        found: Any = self.tree
        for key in _PATHS[self.kind]:
            found = (found or {}).get(key)
        return tuple(map(Value, found or ()))

    @property
    def active(self) -> tuple[Value, ...]:
        """The active values, which users can choose."""
        return tuple(each for each in self.values if each.active)

    @property
    def version(self) -> str:
        """A hash of the metadata, which changes whenever the metadata change."""
        text = json.dumps(self.tree, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def restricted(self) -> bool:
        """Whether records may hold only these values, as is always so with a global set."""
        return self.kind is Kind.GLOBAL or is_true(self._value_set.get("restricted"))

    @property
    def hides_inactive(self) -> bool:
        """Whether Salesforce hides the inactive values."""
        return self.kind is Kind.FIELD and not self.restricted

    @property
    def controlling_field(self) -> str | None:
        """The field whose value decides which values can be chosen; None if there is none."""
        return self._value_set.get("controllingField") or None

    @property
    def _value_set(self) -> Raw:
        """The field's own settings for its values."""
        tree = self.field_tree if self.field_tree is not None else self.tree
        return tree.get("valueSet") or {}

    def with_values(self, values: Iterable[Value]) -> Picklist:
        """Return the same metadata with another list of values.

        Salesforce refuses a dependency of a value that is not in the list, so such dependencies are removed.
        """
        made = list(values)
        tree = _replace(self.tree, _PATHS[self.kind], [dict(each.raw) for each in made])
        settings = (tree.get("valueSet") or {}).get("valueSettings")
        if settings:
            keys = {each.key for each in made}
            kept = [each for each in settings if same(each["valueName"]) in keys]
            tree = _replace(tree, ("valueSet", "valueSettings"), kept)
        return evolve(self, tree=tree)


def _replace(tree: Raw, path: Sequence[str], value: Any) -> Raw:
    key, *rest = path
    return {**tree, key: _replace(tree.get(key) or {}, rest, value) if rest else value}
