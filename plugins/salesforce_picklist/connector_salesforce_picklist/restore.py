"""The change that restores a picklist to its state before a run, as far as Salesforce allows.

No API deletes a value, so added values stay as inactive ones. When a value is deactivated, Salesforce forgets which
record types had it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector_salesforce_picklist.changes import Change, Fate
from connector_salesforce_picklist.picklist import Picklist


def plan_restore(current: Picklist, former: Picklist) -> Change:
    """Plan the change that restores the values: which are active, their labels, attributes, default and order."""
    have = {each.key: each for each in current.values}
    had = {each.key for each in former.values}
    kept = [*former.values, *(each.deactivate() for each in current.values if each.key not in had)]
    coming = {each.key for each in former.active}
    fates = tuple(Fate(have.get(each.key, each.deactivate()), each) for each in former.active)
    leaving = tuple(each for each in current.active if each.key not in coming)
    return Change(current, current.with_values(kept), fates, leaving)


def list_changes(change: Change, former: Picklist) -> Iterator[Mapping[str, str]]:
    """Yield what happens to each value that is not in its former state, as `value`, `label` and `change`."""
    had = {each.key for each in former.values}
    leaving = [each for each in change.deactivated if each.key in had]
    for fate in change.fates:
        if fate.text:
            yield {"value": fate.after.name, "label": fate.after.label, "change": fate.text}
    for each in leaving:
        yield {"value": each.name, "label": each.label, "change": "deactivated"}
    for each in change.before.values:
        if each.key not in had:
            words = "stays as an inactive value: no API deletes it"
            yield {"value": each.name, "label": each.label, "change": words}
