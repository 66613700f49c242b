"""By which writes a picklist becomes another one: usually one, more where labels move from value to value.

Salesforce refuses a label that another active value has before the write, even where the write takes it from there. So
a value that is to get such a label waits until it is free. Labels that move in a circle need another one meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connector_salesforce_picklist.picklist import Picklist
from connector_salesforce_picklist.values import Value, same


def steps(before: Picklist, after: Picklist) -> tuple[Picklist, ...]:
    """The writes in their order, the last of them what is wanted; none where nothing changes."""
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
    """The values whose label another one has, by their keys; first those that are there."""
    holders = {same(each.label): each.key for each in now if each.active}
    there = {each.key for each in now if each.active}
    found = [each.key for each in wanted if each.active and holders.get(same(each.label), each.key) != each.key]
    return sorted(found, key=lambda key: key not in there)


def _without(now: Iterable[Value], wanted: Iterable[Value], waiting: Sequence[str]) -> Iterator[Value]:
    """The list that is wanted, but for the values that wait: they stay as they are, and none becomes a default."""
    present = {each.key: each for each in now}
    for each in wanted:
        if each.key not in waiting:
            yield each
        elif each.key in present:
            former = present[each.key]
            yield former if each.default or not former.default else Value({**former.raw, "default": False})
