"""Changes at the destination since a plan was made that give the plan another meaning or make it fail."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector_sdk.contract.batch import Column
from connector_sdk.contract.plan import Effect
from connector_sdk.contract.schema import Field, ObjectSchema, ReferenceKey
from connector_sdk.files.corruption import PLAN
from connector_sdk.planning.frozen import FrozenPlan
from connector_sdk.planning.mapping.drift import describe_narrowing, find_field, find_newly_required, is_closed
from connector_sdk.state.plan_file import stored_name

_NAMED = 5


def find_changed_fields(
    plan: FrozenPlan, then: Mapping[str, ObjectSchema], now: Mapping[str, ObjectSchema]
) -> Iterator[str]:
    """Yield, in words, the changes of objects and fields that the rows of a plan do not survive.

    `then` are the schemas that the plan was made with, `now` the present ones, by object.
    """
    columns = _columns_by_field(plan)
    for name, former in then.items():
        present = now.get(name)
        if present is None or plan.summary.mode not in present.modes:
            yield f"{name} cannot be written in mode {plan.summary.mode} any more"
            continue
        for column in columns.values():
            before = find_field(former, column.field)
            if before is not None:
                for change in _find_changes(plan, name, column, before, find_field(present, column.field)):
                    yield f"{name}.{column.field} {change}"
        required = [each for each in find_newly_required(former, present) if each not in columns]
        if plan.actions.created + plan.created_or_updated and required:
            yield f"records of {name} are not created without {', '.join(required)} any more"


def read_entries(plan: FrozenPlan) -> frozenset[str]:
    """Return the values that a list held when the plan of mode `all` was made that replaces it."""
    stored = plan.layout.stored[_match(plan)]
    with PLAN.reading(plan.file):
        rows = pq.read_table(plan.file, columns=["effect", stored])
    return frozenset(
        map(str, rows.filter(pc.not_equal(rows.column("effect"), Effect.NEW.value)).column(stored).to_pylist())
    )


def find_changed_entries(plan: FrozenPlan, then: Collection[str], present: pa.Table) -> str:
    """Return, in words, how the list that a plan of mode `all` replaces differs from its values `then`."""
    now = set(map(str, present.column(_match(plan)).to_pylist()))
    changes = [
        f"{_join(sorted(values))} {'was' if len(values) == 1 else 'were'} {what}"
        for values, what in ((now - set(then), "added"), (set(then) - now, "removed"))
        if values
    ]
    said = ", ".join(changes) or "labels, order or settings are not what they were"
    return f"{plan.summary.object_names[0]}.{_match(plan)}: {said}"


def _columns_by_field(plan: FrozenPlan) -> dict[str, Column]:
    """Return the column of each field that is written or matched: the one by key if empty references have another."""
    written = [column for shape in plan.layout.shapes for column in shape]
    match = [] if plan.layout.match_field is None else [Column(plan.layout.match_field)]
    return {column.field: column for column in (*match, *sorted(written, key=lambda each: each.by is not None))}


def _match(plan: FrozenPlan) -> str:
    assert plan.layout.match_field is not None
    return plan.layout.match_field


def _find_changes(plan: FrozenPlan, name: str, column: Column, before: Field, now: Field | None) -> Iterator[str]:
    if now is None:
        yield "is not there any more, or this user does not see it"
    elif is_closed(before, now, plan.summary.mode):
        reason = now.not_writable.get(plan.summary.mode) or now.not_matchable.get(plan.summary.mode)
        yield reason or "is not unique any more"
    elif column.by is not None and _is_key_lost(column, before, now):
        yield f"does not find records by {column.by.object_name}.{column.by.field} any more"
    else:
        yield from describe_narrowing(before, now)
        yield from _find_lost_values(plan, name, before, now)


def _is_key_lost(column: Column, before: Field, now: Field) -> bool:
    assert column.by is not None
    key = ReferenceKey(column.by.object_name, column.by.field)
    return key in before.reference_keys and key not in now.reference_keys


def _find_lost_values(plan: FrozenPlan, name: str, before: Field, now: Field) -> Iterator[str]:
    """Yield the values that left a list and that rows of the plan have."""
    gone = set(before.values) - set(now.values) if now.restricted else set()
    own = stored_name(name, before.name)
    stored = plan.layout.stored.get(own) or plan.layout.stored.get(before.name)
    if not gone or stored is None:
        return
    with PLAN.reading(plan.file):
        sent = pq.read_table(plan.file, columns=[stored]).column(stored).unique().to_pylist()
    used = {value for each in sent if isinstance(each, str) for value in each.split(";")} & gone
    if used:
        yield f"does not take {_join(sorted(used))} any more"


def _join(values: list[str]) -> str:
    return ", ".join(values[:_NAMED]) + (", ..." if len(values) > _NAMED else "")
