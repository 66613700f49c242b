"""Write a list of values: read, compare, write, and read again to check the result.

An anchor stores the former metadata before the first write. Recovery compares the org with them, to distinguish this
batch's own writes from changes by another user. The command `restore` brings them back.
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
"""The step of the anchor that holds the former metadata: `object`, `field`, and `metadata` (JSON)."""


def write(lists: Lists, batch: Batch, options: Options, attempt: Attempt) -> WriteResult:
    """Make the rows of a batch the active values.

    Raises `Stale` if the metadata changed in the org, `NotExecuted` if the list breaks a rule, and `CallFailed`.
    """
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
    """Return the result if the org has the list, else `NOT_EXECUTED`.

    A late write only repeats the next write, so it needs no fence.
    """
    current = _current(lists, batch)
    former = _former(attempt, current)
    if former is None:
        return NOT_EXECUTED
    change = plan_change(former, read_wanted(batch), options.order)
    return results(change) if find_remaining_steps(current, former, change.steps) == () else NOT_EXECUTED


def find_remaining_steps(current: Picklist, former: Picklist, steps: Sequence[Picklist]) -> tuple[Picklist, ...] | None:
    """Return the steps that are still to write from the current picklist, or None if it is at none of them.

    Changes that another user made to other metadata stay, because a step replaces only the values.
    """
    if not steps or holds(current, steps[-1]):
        return ()
    for done in range(len(steps) - 1, 0, -1):
        if holds(current, steps[done - 1]):
            return tuple(current.with_values(each.values) for each in steps[done:])
    return tuple(steps) if current.version == former.version else None


def note(attempt: Attempt, former: Picklist) -> None:
    """Store the former metadata in an anchor."""
    kept = json.dumps(former.tree, ensure_ascii=False)
    attempt.anchor(FORMER, object=former.object_name, field=former.field, metadata=kept)


def read_former(anchors: Sequence[Anchor], current: Picklist) -> Picklist | None:
    """Return the picklist that the first anchor of step `former` holds, or None if there is no such anchor."""
    for each in anchors:
        if each.step == FORMER:
            return evolve(current, tree=json.loads(each.handle["metadata"]))
    return None


def store(lists: Lists, left: Sequence[Picklist], attempt: int, *, begun: bool = False) -> None:
    """Write the remaining steps, and check that the org then has the last one. Raises `CallFailed`.

    `attempt` is the number of the attempt. `begun`: an earlier step is already written.
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
    """Return a line for each row with what happened to its value."""
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
    """Raise `NotExecuted` if the change breaks a rule.

    The plan has checked this already, but a saved plan may be older than the rules.
    """
    found = stops(change)
    if found:
        raise NotExecuted(NOT_WRITABLE, "; ".join(each.message for each in found))
