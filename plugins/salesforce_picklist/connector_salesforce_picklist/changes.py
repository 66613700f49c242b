"""What a list of rows makes of a picklist: which values join, change, come back and leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import field, frozen

from connector_salesforce_picklist.picklist import Kind, Picklist
from connector_salesforce_picklist.steps import steps
from connector_salesforce_picklist.values import Value, same
from connector_sdk import Batch, OnNull

Order = Literal["key", "model"]

LABEL = "label"

ADDED_OR_BACK = "added or reactivated"
"""Words for a new value of a field whose inactive values Salesforce hides."""


@frozen
class Wanted:
    """A row: a value that is to be active. Without a label, that of the org stays, or the API name serves.

    `attributes` has just those that are to be set; None empties one.
    """

    name: str
    label: str | None = None
    attributes: Mapping[str, Any] = field(factory=dict)


@frozen
class Fate:
    """What becomes of a value: as it was (None where Salesforce shows none) and as it will be.

    `hidden`: it may be there as an inactive value, which Salesforce does not show.
    """

    before: Value | None
    after: Value
    hidden: bool = False

    @property
    def added(self) -> bool:
        """Whether the org has not had it."""
        return self.before is None

    @property
    def reactivated(self) -> bool:
        """Whether it was inactive."""
        return self.before is not None and not self.before.active and self.after.active

    @property
    def relabelled(self) -> bool:
        """Whether people see another label."""
        return self.before is not None and self.before.label != self.after.label

    @property
    def differing(self) -> list[str]:
        """The names of other attributes that change."""
        return self.before.differs(self.after) if self.before is not None else []

    @property
    def text(self) -> str:
        """All of it in words; nothing where nothing changes."""
        words = []
        if self.added:
            words.append(ADDED_OR_BACK if self.hidden else "added")
        if self.reactivated:
            words.append("reactivated")
        if self.relabelled and self.before is not None:
            words.append(f"relabelled from {self.before.label!r} to {self.after.label!r}")
        if self.before is not None and self.before.default != self.after.default:
            words.append("made the default" if self.after.default else "no longer the default")
        if self.differing:
            words.append(f"{', '.join(self.differing)} changed")
        return ", ".join(words)


@frozen
class Change:
    """A picklist as it was read and as it is to be. `fates` are those of the wanted rows, in their order."""

    before: Picklist
    after: Picklist
    fates: tuple[Fate, ...]
    deactivated: tuple[Value, ...]

    @property
    def steps(self) -> tuple[Picklist, ...]:
        """The writes that lead there, none where nothing changes."""
        return steps(self.before, self.after)


def read_wanted(batch: Batch) -> list[Wanted]:
    """The rows of a batch."""
    others = [(number, each) for number, each in enumerate(batch.columns) if each.field != batch.match_field]
    found = []
    for row in zip(*(column.to_pylist() for column in batch.rows.columns), strict=True):
        cells = {
            each.field: row[number]
            for number, each in others
            if row[number] is not None or each.on_null is OnNull.CLEAR
        }
        label = cells.pop(LABEL, None)
        name = row[batch.rows.schema.get_field_index(batch.match_field or "")]
        found.append(Wanted(name.strip(), label and label.strip(), cells))
    return found


def plan_change(picklist: Picklist, rows: Sequence[Wanted], order: Order) -> Change:
    """What the rows make of a picklist: existing values keep their places and everything that no row speaks of, new
    ones join after them, and those that no row has are deactivated.
    """
    by_key = {same(each.name): each for each in rows}
    fates: dict[str, Fate] = {}
    values, deactivated = [], []
    for each in picklist.values:
        row = by_key.get(each.key)
        if row is not None:
            fates[each.key] = Fate(each, each.activate().with_label(row.label).with_attributes(row.attributes))
            values.append(fates[each.key].after)
        elif each.active:
            deactivated.append(each)
            values.append(each.deactivated())
        else:
            values.append(each)
    for row in _order_rows([each for key, each in by_key.items() if key not in fates], order):
        new = Value.new(row.name, row.label or row.name, row.attributes, in_xml=picklist.kind is Kind.STANDARD)
        fates[new.key] = Fate(None, new, hidden=picklist.hides_inactive)
        values.append(new)
    in_order = tuple(fates[same(each.name)] for each in rows)
    return Change(picklist, picklist.with_values(values), in_order, tuple(deactivated))


def holds(current: Picklist, wanted_: Picklist) -> bool:
    """Whether a picklist has the active values that were wanted, with their labels, defaults and attributes."""
    return not list(differences(current, wanted_))


def differences(current: Picklist, wanted_: Picklist) -> Iterator[str]:
    """The active values that a picklist lacks or has too much, and in what the others are not as they were wanted.

    Salesforce gives a colour to values that have none.
    """
    have = {each.key: each for each in current.active}
    want = {each.key: each for each in wanted_.active}
    yield from (each.name for key, each in have.items() if key not in want)
    yield from (each.name for key, each in want.items() if key not in have)
    for key in have.keys() & want.keys():
        for name in _find_missing(have[key], want[key]):
            yield f"{name} of {want[key].name}"


def _find_missing(value: Value, wanted_: Value) -> Iterator[str]:
    if value.label != wanted_.label:
        yield "label"
    if value.default != wanted_.default:
        yield "default"
    yield from (each for each in value.differs(wanted_) if each != "color" or wanted_.attribute("color"))


def _order_rows(rows: list[Wanted], order: Order) -> list[Wanted]:
    return rows if order == "model" else sorted(rows, key=lambda each: (same(each.name), each.name))
