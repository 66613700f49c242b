"""Rows whose record has been replaced by another since the plan was made: they are matched again and sent there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.plan import Effect
from connector_sdk.delivery.context import BatchDelivery, RunContext
from connector_sdk.delivery.split import ranges_of
from connector_sdk.state.plan_file import MatchRule, shape_in, unfit_in
from connector_sdk.state.records import JournalledBatch, NewBatch


@frozen
class Rematched:
    """The rows that were matched again.

    - `batches`: the rows that are sent to another record.
    - `unfit`: why other rows cannot be sent there, by row number.
    - `kept`: which record has replaced that of a row that left the model, by row number. It is not the row's to remove.

    All other rows keep their outcomes: they match the same record, or none.
    """

    batches: tuple[NewBatch, ...] = ()
    unfit: Mapping[int, str] = field(factory=dict)
    kept: Mapping[int, str] = field(factory=dict)

    @property
    def rows(self) -> pa.Array:
        """The numbers of the rows that are sent to another record."""
        return pa.array([row for each in self.batches for row in each.found], pa.int64())

    def __bool__(self) -> bool:
        return bool(self.batches or self.unfit or self.kept)


def rematch(delivery: BatchDelivery, selected: pa.BooleanArray) -> Rematched:
    """Match again the rows that `selected` marks. Rows that now match another record go into new batches for it.

    A row that does not fit the object of that record is `unfit`. A row that left the model is never sent to another
    record. No row is matched again if the batch has used up its retries, or if an abandoned run only settles batches.
    Raises `RunStopped` if the destination cannot be queried now.
    """
    run, batch, rows = delivery.run, delivery.batch, delivery.rows
    rule = run.match_rule
    if rule is None or run.settle_only or batch.round >= run.pace.rounds:
        return Rematched()
    places = pc.indices_nonzero(selected)
    numbers, former = rows.rows.take(places).to_pylist(), rows.record_ids.take(places).to_pylist()
    left = pc.equal(rows.effects.take(places), Effect.LEFT.value).to_pylist()
    values, homes = _read_rematch_plan(delivery, rule, places, () if all(left) else rule.homes)
    successors = rule.successors if all(left) else ()
    groups: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
    unfit, kept = {}, {}
    for place, (object_name, id_) in _find_records(run, rule, values, successors).items():
        same = object_name == batch.object_name
        if same and (id_ == former[place] or batch.action not in (Action.UPDATE, Action.DELETE)):
            continue
        if left[place]:
            kept[numbers[place]] = f"its record became {id_} of {object_name}, to which this row was never written"
            continue
        shape, reason = (batch.shape, None) if same else homes[place].get(object_name, (0, "no values are planned"))
        if reason is None:
            groups[object_name, shape][numbers[place]] = id_
        else:
            unfit[numbers[place]] = f"its record is {id_} of {object_name} now, and the row does not go there: {reason}"
    return Rematched(tuple(_batches(batch, groups)), unfit, kept)


def _read_rematch_plan(
    delivery: BatchDelivery, rule: MatchRule, places: pa.Array, homes: Sequence[str]
) -> tuple[pa.Array, list[dict[str, tuple[int, str | None]]]]:
    """Return the match values of rows, and each row's shape in other objects, or why it does not fit them."""
    names = [each for home in homes for each in (shape_in(home), unfit_in(home))]
    table = delivery.stage.rows.columns(delivery.batch, [rule.stored, "match", *names]).take(places)
    values = table.column(rule.stored).combine_chunks()
    if pa.types.is_string(values.type):  # a row that left the model has only the compared value
        values = pc.coalesce(values, table.column("match").combine_chunks())
    planned = [
        {home: (line[shape_in(home)], line[unfit_in(home)]) for home in homes}
        for line in table.select(names).to_pylist()
    ]
    return values, planned or [{}] * len(places)


def _find_records(
    run: RunContext, rule: MatchRule, values: pa.Array, successors: Sequence[str]
) -> dict[int, tuple[str, str]]:
    """Return object and id of the one record that each value has now, by the value's place among the values."""
    asked = pc.indices_nonzero(pc.is_valid(values))
    if not len(asked):
        return {}
    asks = values.take(asked)
    found = run.destination.match(run.connection, rule.objects, rule.field, asks, successors=successors)
    ids: dict[int, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for position, object_name, id_ in zip(*(column.to_pylist() for column in found.columns), strict=True):
        ids[asked[position].as_py()][object_name].add(id_)
    records = {}
    for place, of_objects in ids.items():
        object_name = next(each for each in (*rule.objects, *successors) if each in of_objects)
        first, *others = of_objects[object_name]
        if first is not None and not others:
            records[place] = (object_name, first)
    return records


def _batches(batch: JournalledBatch, groups: Mapping[tuple[str, int], Mapping[int, str]]) -> Iterator[NewBatch]:
    """Yield a batch of the same stage and lane for each object and list of columns."""
    action = Action.DELETE if batch.action is Action.DELETE else Action.UPDATE
    for (object_name, shape), found in groups.items():
        ranges = ranges_of(pa.array(sorted(found), pa.int64()))
        yield NewBatch(
            batch.stage, object_name, action, shape, ranges, batch.round + 1, batch.lane, found,
            batch.submitted, batch.repeated,
        )  # fmt: skip
