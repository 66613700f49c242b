"""Write a list of values: read, compare, write, and read again whether it is there.

The metadata as they were are noted before the first write, so that a write whose answer was lost, or the second one of
two, can be told from what somebody else did, and so that `restore` can bring them back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from attrs import evolve
from connector_salesforce import CallFailed

from connector_salesforce_picklist.changes import Change, differences, holds, plan_change, read_wanted
from connector_salesforce_picklist.checks import stops
from connector_salesforce_picklist.codes import NOT_STORED, NOT_WRITABLE, as_transient
from connector_salesforce_picklist.config import Options
from connector_salesforce_picklist.lists import Lists
from connector_salesforce_picklist.picklist import Picklist
from connector_sdk import NOT_EXECUTED, Anchor, Attempt, Batch, Executed, NotExecuted, Recovery, Stale, WriteResult

_NAMED = 10
_MOVED = "{}.{} changed in the org since it was read"

FORMER = "former"
"""The step of the anchor that holds the metadata as they were: `object`, `field`, and `metadata` (JSON)."""


def write(lists: Lists, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Make the rows of a batch the active values. Raises `Stale` when the metadata moved, `CallFailed`."""
    current = _current(lists, batch)
    former = _former(attempt, current)
    if former is None:
        if current.version != batch.version:
            raise Stale(_MOVED.format(current.object_name, current.field))
        former = current
    change = plan_change(former, read_wanted(batch), options.order)
    left = find_remaining_steps(current, former, change.steps)
    if left is None:
        raise Stale(_MOVED.format(current.object_name, current.field))
    _require_sound(change)
    if left and not attempt.anchors:
        note(attempt, former)
    store(lists, left, attempt.number, begun=len(left) < len(change.steps))
    return results(change)


def recover(lists: Lists, batch: Batch, options: Options, attempt: Attempt) -> WriteResult | Recovery:
    """Whether the list is there. A write that is late repeats what is written next, so nothing has to be fenced off."""
    current = _current(lists, batch)
    former = _former(attempt, current)
    if former is None:
        return NOT_EXECUTED
    change = plan_change(former, read_wanted(batch), options.order)
    return results(change) if find_remaining_steps(current, former, change.steps) == () else NOT_EXECUTED


def find_remaining_steps(current: Picklist, former: Picklist, steps: Sequence[Picklist]) -> tuple[Picklist, ...] | None:
    """The steps that are still to be written where a picklist is at now; None where it is at none of them.

    What somebody changed in the meantime beside the values stays: just the values of a step are put in.
    """
    if not steps or holds(current, steps[-1]):
        return ()
    for done in range(len(steps) - 1, 0, -1):
        if holds(current, steps[done - 1]):
            return tuple(current.with_values(each.values) for each in steps[done:])
    return tuple(steps) if current.version == former.version else None


def note(attempt: Attempt, former: Picklist) -> None:
    """Keep the metadata as they were."""
    kept = json.dumps(former.tree, ensure_ascii=False)
    attempt.anchor(FORMER, object=former.object_name, field=former.field, metadata=kept)


def read_former(anchors: Sequence[Anchor], current: Picklist) -> Picklist | None:
    """The picklist as the first anchor of a run kept it; None where there is none."""
    for each in anchors:
        if each.step == FORMER:
            return evolve(current, tree=json.loads(each.handle["metadata"]))
    return None


def store(lists: Lists, left: Sequence[Picklist], attempt: int, *, begun: bool = False) -> None:
    """Write the steps that are left, and read whether the last one holds.

    `attempt` counts how often it was tried; `begun`: a step before them was written.
    """
    for step in left:
        try:
            lists.write(step)
        except CallFailed as error:
            known = as_transient(error, attempt)
            raise known.about_batch(Executed.MAYBE) if begun else known from error
        begun = True
    if not left:
        return
    try:
        stored = lists.read(left[-1].object_name, left[-1].field)
    except CallFailed as error:
        raise error.about_batch(Executed.MAYBE) from error
    differing = sorted(differences(stored, left[-1]))
    if differing:
        named = ", ".join(differing[:_NAMED]) + (", ..." if len(differing) > _NAMED else "")
        raise CallFailed(NOT_STORED, f"after the write these differ: {named}", Executed.MAYBE)


def results(change: Change) -> WriteResult:
    """A line for each row: what became of its value."""
    fates = change.fates
    return WriteResult.of(
        ["succeeded"] * len(fates),
        record_id=[each.after.name if each.after.name.isprintable() else None for each in fates],
        created=[each.added or each.reactivated for each in fates],
        message=[each.text or None for each in fates],
    )


def _current(lists: Lists, batch: Batch) -> Picklist:
    assert batch.match_field is not None
    return lists.read(batch.object_name, batch.match_field)


def _former(attempt: Attempt, current: Picklist) -> Picklist | None:
    return read_former(attempt.anchors, current)


def _require_sound(change: Change) -> None:
    """What the plan has checked is checked again: a saved plan may be older than the rules that it met."""
    found = stops(change)
    if found:
        raise NotExecuted(NOT_WRITABLE, "; ".join(each.message for each in found))
