"""The writes that turn one picklist into another: usually one, more if labels move from value to value.

Salesforce refuses a label that another active value has before the write, even if the same write changes that value.
A value that needs such a label therefore waits until the label is free. If labels move in a circle, one value gets a
temporary label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connector_salesforce_picklist.picklist import Picklist
from connector_salesforce_picklist.values import Value, same


def steps(before: Picklist, after: Picklist) -> tuple[Picklist, ...]:
    """Return the picklists to write in order, the last of which is `after`; none if nothing changes."""
    return () if before.tree == after.tree else tuple(_steps(before, after))


def _steps(before: Picklist, after: Picklist) -> Iterator[Picklist]:
    now: Sequence[Value] = before.values
    while waiting := _find_blocked(now, after.values):
        step = list(_without(now, after.values, waiting))
        if step == list(now):
            step = [each.with_label(f"{each.label} (moving)") if each.key == waiting[0] else each for each in now]
        yield after.with_values(step)
        now = step
    yield after


def _find_blocked(now: Iterable[Value], wanted: Iterable[Value]) -> list[str]:
    """Return the keys of the values whose label another active value has, beginning with those that are active now."""
    holders = {same(each.label): each.key for each in now if each.active}
    there = {each.key for each in now if each.active}
    found = [each.key for each in wanted if each.active and holders.get(same(each.label), each.key) != each.key]
    return sorted(found, key=lambda key: key not in there)


def _without(now: Iterable[Value], wanted: Iterable[Value], waiting: Sequence[str]) -> Iterator[Value]:
    """Yield the wanted values, except that waiting values stay as they are, or absent if they are new.

    A waiting value never becomes the default, but may stop being it.
    """
    present = {each.key: each for each in now}
    for each in wanted:
        if each.key not in waiting:
            yield each
        elif each.key in present:
            former = present[each.key]
            yield former if each.default or not former.default else Value({**former.raw, "default": False})
