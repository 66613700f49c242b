"""Rows whose writing locks another record: which one, and where to cut them so that no two batches lock it at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

from attrs import evolve, frozen

from connector_sdk.engines.sql import name
from connector_sdk.planning.mapping.model import ResolvedMapping
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.records import Ranges


def select_locked_record(request: PlanRequest, mapped: ResolvedMapping) -> str | None:
    """Return SQL for the record that a row locks, null if it locks none; None if batches need not be kept apart.

    If a mapping has several such references, the first one counts. Two values that look alike count as one record,
    which may keep more batches apart than necessary, but never fewer.
    """
    if not request.delivery.lock_aware or request.delivery.parallelism == 1:
        return None
    locked = {each.name: each.locking.fields for each in request.schemas if each.locking}
    locking: dict[str | None, str] = {}
    for each in mapped.fillings:
        if any(each.field.name in fields for owner, fields in locked.items() if each.object_name in (None, owner)):
            value = f"lower(trim(cast({name(each.stored)} as varchar)))"
            locking.setdefault(each.object_name, f"if({each.own}, {value}, null)" if each.object_name else value)
    return f"coalesce({', '.join(locking.values())})" if locking else None


@frozen
class Cut:
    """The rows of one batch, and its lane."""

    ranges: Ranges
    lane: int | None


def cut_by_record(starts: Iterable[Sequence[int]], first: int, locked: int, stop: int, size: int) -> Iterator[Cut]:
    """Yield batches of `size` rows from `first` to `stop`; the first `locked` rows are sorted by what they lock.

    `starts` has, in chunks, the rows at which another record begins. The rows of a record share a batch, or several
    full ones in one lane. Rows that lock nothing fill up batches, and make the last ones.
    """
    spare = first + locked
    for each in _lanes(starts, first, spare, size):
        ((begin, end),) = each.ranges
        more = min(size - (end - begin), stop - spare)
        yield evolve(each, ranges=_with((begin, end), (spare, spare + more)))
        spare += more
    for begin in range(spare, stop, size):
        yield Cut(((begin, min(begin + size, stop)),), None)


def _lanes(starts: Iterable[Sequence[int]], first: int, stop: int, size: int) -> Iterator[Cut]:
    lanes = count(first)
    begin, boundary, lane = first, first, next(lanes)
    for chunk in chain(starts, [[stop]]):
        while begin + size < chunk[-1]:
            place = bisect_right(chunk, begin + size)
            boundary = chunk[place - 1] if place else boundary
            within = boundary <= begin
            end = begin + size if within else boundary
            yield Cut(((begin, end),), lane)
            begin, lane = end, lane if within else next(lanes)
        boundary = chunk[-1]
    yield Cut(((begin, stop),), lane)


def _with(rows: tuple[int, int], more: tuple[int, int]) -> Ranges:
    if more[0] == more[1]:
        return (rows,)
    return ((rows[0], more[1]),) if rows[1] == more[0] else (rows, more)
