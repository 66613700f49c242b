"""The order of a plan's lines: rows that are sent together stand side by side, and decided rows at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
from attrs import evolve, frozen

from connector_sdk.contract.batch import Action, Column, OnNull
from connector_sdk.contract.schema import Field
from connector_sdk.contract.spec import Mode, Removal
from connector_sdk.engines.compare import freeze
from connector_sdk.engines.sql import count, file, name, text
from connector_sdk.planning.batching.cut import Group
from connector_sdk.planning.diff.merge_groups import IS_MERGE
from connector_sdk.planning.diff.removals import list_cleared_columns, removal_action
from connector_sdk.planning.lookup.rematch_plan import select_rematch_columns
from connector_sdk.planning.mapping.model import FieldBinding, ResolvedMapping, only_created, only_updated
from connector_sdk.planning.request import PlanRequest
from connector_sdk.state.plan_file import FILE, MERGE_TARGET


@frozen
class OrderedPlan:
    """The ordered rows of a plan: the groups that are sent, and the lists of columns that they are sent with."""

    groups: tuple[Group, ...]
    shapes: tuple[tuple[Column, ...], ...]

    def line_condition(self, filling: FieldBinding) -> str:
        """Return SQL that is true for the lines with which a field is sent, by `file_row_number` of the plan."""
        spans: list[tuple[int, int]] = []
        for group in self.groups:
            fields = [column.field for column in self.shapes[group.shape]]
            if filling.object_name not in (None, group.object_name) or filling.field.name not in fields:
                continue
            if spans and spans[-1][1] == group.start:
                spans[-1] = (spans[-1][0], group.stop)
            else:
                spans.append((group.start, group.stop))
        conditions = (f"(file_row_number >= {start} and file_row_number < {stop})" for start, stop in spans)
        return " or ".join(conditions) or "false"


@frozen
class _Piece:
    """Lines of one file that satisfy a condition; `group` is None for lines that are not sent.

    `order` is the SQL to sort them by; without it they keep their order. `added` is SQL for more columns.
    """

    source: Path
    condition: str
    rows: int
    group: Group | None
    order: str | None = None
    added: str = ""

    @property
    def select(self) -> str:
        """SQL for the lines."""
        order = f" order by {self.order}" if self.order else ""
        return f"(select *{self.added} from {file(self.source)} where {self.condition}{order})"


def arrange(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    mapped: ResolvedMapping,
    changes: Path,
    removed: Path | None,
    *,
    locked: str | None,
    highest: int,
) -> OrderedPlan:
    """Write the plan's file from the changes and the rows to remove.

    `locked` is SQL for the record that a row locks: rows are sorted by it. `highest` is the highest level of a row.
    """
    shapes = _Shapes.of(request, mapped)
    pieces = [*_arrange_changes(connection, request, shapes, changes, locked, "level" if highest else "0")]
    if request.sync.merge is not None:
        highest += 1
        pieces += _arrange_merges(connection, request, shapes, changes, highest)
    if removed is not None:
        pieces += _arrange_removals(connection, request, shapes, removed, highest + 1)
    pieces = _in_stages(pieces)
    target = request.folder / FILE
    if len(pieces) == 1 and pieces[0].source == changes and not (pieces[0].order or pieces[0].added):
        changes.replace(target)
    else:
        freeze(
            connection,
            _join_pieces(pieces) if pieces else f"select * from {file(changes)}",
            target,
            rows=sum(each.rows for each in pieces),
        )
    return OrderedPlan(tuple(_number_groups(pieces)), shapes.all)


@frozen
class _Shapes:
    """The lists of columns that rows are sent with. A row's shape is its place in `all`.

    An empty reference by key is sent as an empty id. Each such column doubles the number of shapes, except in a list
    that is replaced as a whole. If a field can be set only on new records, or only on existing ones, the number doubles
    once more. Of several objects, each has its own shapes, and so have new records.

    - `written`: the shapes of written rows; `number` is SQL for the shape of such a row.
    - `removed`: the shape of removed rows, one for each of several objects.
    - `merged`: the shape of merged rows.
    - `elsewhere`: SQL for the columns that say how a written row would be written to a record of another object.
    """

    written: tuple[tuple[Column, ...], ...]
    number: str
    removed: tuple[tuple[Column, ...], ...]
    merged: tuple[tuple[Column, ...], ...]
    elsewhere: str = ""

    @classmethod
    def of(cls, request: PlanRequest, mapped: ResolvedMapping) -> _Shapes:
        """Return the shapes of a mapping."""
        whole = request.sync.mode is Mode.ALL
        optional = [
            each for each in mapped.fillings if each.column.by and each.column.on_null is OnNull.CLEAR and not whole
        ]
        bits = [f"{each.own} and {name(each.stored)} is null" for each in optional]
        kinds = [mapped.fillings]
        which = "0"
        if request.others:
            kinds, which = _bindings_by_object(request, mapped)
        elif request.sync.mode is Mode.UPSERT and mapped.depends_on_existence:
            bits.append("record_id is not null")
            kinds = [_without(mapped, only_updated), _without(mapped, lambda each: _not_updated(each, mapped))]
        written = tuple(
            tuple(_column(each, optional, number) for each in fillings)
            for fillings in kinds
            for number in range(2 ** len(optional))
        )
        clears = request.sync.on_removed is Removal.CLEAR
        objects = [each.name for each in request.schemas] if request.others else [None]
        removed = tuple(list_cleared_columns(mapped, each) if clears else () for each in objects)
        if request.sync.on_removed is Removal.NOTHING:
            removed = ()
        number = [f"if({condition}, {2**bit}, 0)" for bit, condition in enumerate(bits)]
        number += [] if which == "0" else [f"{2 ** len(bits)} * ({which})"]
        there = _select_other_objects(request, mapped, optional, kinds)
        return cls(written, " + ".join(number) or "0", removed, ((),) if request.sync.merge else (), there)

    @property
    def all(self) -> tuple[tuple[Column, ...], ...]:
        """All shapes; a row's shape is its place here."""
        return self.written + self.removed + self.merged


def _bindings_by_object(request: PlanRequest, mapped: ResolvedMapping) -> tuple[list[tuple[FieldBinding, ...]], str]:
    """Return the fields to write to each object, and SQL for the place of a row's fields in that list.

    The list has an entry for the known records of each object, in the order of the objects, and a last one for new
    records. In mode upsert, the match value is written only to new records, since known records have it already.
    """
    object_names = [each.name for each in request.schemas]
    match_field = mapped.match.field.name if mapped.match else None
    bindings = []
    for object_name in object_names:
        own = (each for each in mapped.fillings if each.object_name == object_name and not only_created(each.field))
        bindings.append(
            tuple(each for each in own if request.sync.mode is Mode.UPDATE or each.field.name != match_field)
        )
    new = (each for each in mapped.fillings if each.object_name == request.sync.create_in)
    bindings.append(tuple(each for each in new if not only_updated(each.field)))
    places = " ".join(f"when {text(each)} then {number}" for number, each in enumerate(object_names))
    which = f"case when action <> {text(Action.UPDATE)} then {len(object_names)} else case object {places} end end"
    return bindings, which


def _select_other_objects(
    request: PlanRequest,
    mapped: ResolvedMapping,
    optional: Sequence[FieldBinding],
    kinds: Sequence[Sequence[FieldBinding]],
) -> str:
    """Return SQL for the columns on written rows that say how they would be written to other objects."""
    names = [each.name for each in request.schemas]
    shapes, fields = {}, {}
    for home in request.convertible_objects:
        place = names.index(home)
        bits = [(bit, each) for bit, each in enumerate(optional) if each.object_name == home]
        empty = [f"if({name(each.stored)} is null, {2**bit}, 0)" for bit, each in bits]
        shapes[home] = " + ".join([str(2 ** len(optional) * place), *empty])
        fields[home] = tuple(each.field.name for each in kinds[place])
    return select_rematch_columns(mapped, shapes, fields)


def _not_updated(field: Field, mapped: ResolvedMapping) -> bool:
    """Return whether a field is not sent to a known record: it is only set on creation, or it is the match field."""
    return only_created(field) or (mapped.match is not None and field.name == mapped.match.field.name)


def _without(mapped: ResolvedMapping, left_out: Callable[[Field], bool]) -> tuple[FieldBinding, ...]:
    return tuple(each for each in mapped.fillings if not left_out(each.field))


def _column(filling: FieldBinding, optional: Sequence[FieldBinding], number: int) -> Column:
    empty = filling in optional and number >> optional.index(filling) & 1
    return evolve(filling.column, by=None) if empty else filling.column


def _arrange_changes(
    connection: duckdb.DuckDBPyConnection,
    request: PlanRequest,
    shapes: _Shapes,
    changes: Path,
    locked: str | None,
    level: str,
) -> Iterator[_Piece]:
    found = connection.execute(
        f"select outcome is not null as decided, {level} as stage, {shapes.number} as shape, object, action,"
        f" count(*), count({locked or 'null'}) from {file(changes)}"
        f" where outcome is not null or not {IS_MERGE} group by all order by all"
    ).fetchall()
    for stage, shape, object_name, action, rows, locking in (line for decided, *line in found if not decided):
        condition = f"outcome is null and not {IS_MERGE} and {level} = {stage} and {shapes.number} = {shape}"
        group = Group(0, rows, stage, object_name, Action(action), shape, locking)
        order = f"{locked} nulls last" if locking else None
        yield _Piece(changes, condition, rows, group, order, shapes.elsewhere)
    decided_rows = sum(rows for decided, *_, rows, _ in found if decided)
    if decided_rows:
        yield _Piece(changes, "outcome is not null", decided_rows, None)


def _arrange_merges(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, shapes: _Shapes, changes: Path, stage: int
) -> Iterator[_Piece]:
    """Yield the children to merge: after everything that is written, and those of one parent side by side."""
    condition = f"outcome is null and {IS_MERGE}"
    rows = count(connection, file(changes), condition)
    mergeable, shape = request.spec.mergeable, len(shapes.all) - 1
    most = mergeable.max_rows if mergeable else None
    group = Group(0, rows, stage, request.schema.name, Action.MERGE, shape, rows_max=most)
    if rows:
        yield _Piece(changes, condition, rows, group, f"{MERGE_TARGET}, key")


def _arrange_removals(
    connection: duckdb.DuckDBPyConnection, request: PlanRequest, shapes: _Shapes, removed: Path, stage: int
) -> Iterator[_Piece]:
    """Yield the removed rows, in a stage of their own after everything that is written."""
    names = [each.name for each in request.schemas]
    found = connection.execute(
        f"select if(outcome is null, object, null) as object, count(*) from {file(removed)} group by all order by all"
    ).fetchall()
    for object_name, rows in found:
        if object_name is None:
            yield _Piece(removed, "outcome is not null", rows, None)
            continue
        shape = len(shapes.written) + names.index(object_name)
        group = Group(0, rows, stage, object_name, removal_action(request), shape)
        condition = f"outcome is null and object = {text(object_name)}"
        yield _Piece(removed, condition, rows, group)


def _in_stages(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Return the pieces in the order of their stages, with those that are not sent at the end.

    Only one group of a stage may lock records: two groups might lock the same record at the same time.
    """
    sent = sorted((each for each in pieces if each.group), key=lambda each: each.group.stage if each.group else 0)
    found, later, locking = [], 0, set[int]()
    for each in sent:
        assert each.group is not None
        later += each.group.locked > 0 and each.group.stage + later in locking
        group = evolve(each.group, stage=each.group.stage + later)
        locking |= {group.stage} if group.locked else set()
        found.append(evolve(each, group=group))
    return [*found, *(each for each in pieces if each.group is None)]


def _join_pieces(pieces: Sequence[_Piece]) -> str:
    return " union all by name ".join(each.select for each in pieces)


def _number_groups(pieces: Sequence[_Piece]) -> Iterator[Group]:
    start = 0
    for each in pieces:
        if each.group is not None:
            yield evolve(each.group, start=start)
        start += each.rows
