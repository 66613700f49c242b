"""A change of the org that results from writing a component."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from salesforce_emulator.metadata.value_list import Values
from salesforce_emulator.metadata.value_trees import Tree, raw_value
from salesforce_emulator.org.model import ObjectType, RecordType


@frozen
class Change:
    """A change of the org.

    `org` is applied to the org file. `busy` names the objects whose picklists Salesforce then processes.
    """

    org: Tree
    busy: tuple[str, ...] = ()


def make_replacement(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return a change that, applied to `before`, leaves only `after`."""
    both = {key: (before[key], value) for key, value in after.items() if key in before}
    nested = {key: make_replacement(*pair) for key, pair in both.items() if all(isinstance(one, dict) for one in pair)}
    return {**dict.fromkeys(before), **after, **nested}


def raw_values(values: Values) -> list[Tree]:
    """Return values as an org file has them."""
    return [raw_value(value) for value in values]


def record_types(thing: ObjectType, names: list[str], before: Values, after: Values) -> Tree:
    """Return the change of an object's record types after its picklists got other values.

    Record types do not get new values, and they lose inactive ones. Help, "Record Types".
    """
    if not thing.record_types or _active(before) == _active(after):
        return {}
    return {"recordTypes": [_raw(one, names, _active(before), _active(after)) for one in thing.record_types]}


def _raw(one: RecordType, names: list[str], before: list[str], after: list[str]) -> Tree:
    limited = {name: [value for value in one.picklists.get(name, before) if value in after] for name in names}
    facts: Tree = {"name": one.name, "label": one.label, "id": one.id, "active": one.active}
    facts |= {"available": one.available, "default": one.default, "person": one.person}
    kept = {name: list(values) for name, values in one.picklists.items()}
    return {**facts, "picklists": {**kept, **limited}}


def _active(values: Values) -> list[str]:
    return [value.value for value in values if value.active]
