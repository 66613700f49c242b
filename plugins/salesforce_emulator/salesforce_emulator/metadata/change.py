"""A change of the org, as writing a component makes it."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from salesforce_emulator.metadata.value_list import Values
from salesforce_emulator.metadata.value_trees import Tree, raw_value
from salesforce_emulator.org.model import ObjectType, RecordType


@frozen
class Change:
    """`org`: laid over the org file; `busy`: the objects whose picklists Salesforce then works on."""

    org: Tree
    busy: tuple[str, ...] = ()


def make_replacement(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A mapping that, laid over `before`, leaves just `after`."""
    both = {key: (before[key], value) for key, value in after.items() if key in before}
    nested = {key: make_replacement(*pair) for key, pair in both.items() if all(isinstance(one, dict) for one in pair)}
    return {**dict.fromkeys(before), **after, **nested}


def raw_values(values: Values) -> list[Tree]:
    """Values as an org file has them."""
    return [raw_value(value) for value in values]


def record_types(thing: ObjectType, names: list[str], before: Values, after: Values) -> Tree:
    """What becomes of the record types of an object when picklists of it get other values.

    They neither get new values nor keep those that are inactive. Help, "Record Types".
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
