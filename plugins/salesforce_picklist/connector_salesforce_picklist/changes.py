"""The change that a list of rows makes to a picklist: values added, changed, reactivated and deactivated."""

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

ADDED_OR_REACTIVATED = "added or reactivated"
"""The description of a new value if Salesforce hides the field's inactive values."""


@frozen
class Wanted:
    """A row: a value that must be active. Without a label, it keeps the org's label, or a new value shows its API name.

    `attributes` has only the attributes to set; None clears one.
    """

    name: str
    label: str | None = None
    attributes: Mapping[str, Any] = field(factory=dict)


@frozen
class Fate:
    """What happens to a value: its state before (None if Salesforce shows none) and after.

    `hidden`: the org may have it as an inactive value, which Salesforce does not show.
    """

    before: Value | None
    after: Value
    hidden: bool = False

    @property
    def added(self) -> bool:
        """Whether the value is new in the org, as far as Salesforce shows."""
        return self.before is None

    @property
    def reactivated(self) -> bool:
        """Whether the value was inactive and becomes active."""
        return self.before is not None and not self.before.active and self.after.active

    @property
    def relabelled(self) -> bool:
        """Whether the label changes."""
        return self.before is not None and self.before.label != self.after.label

    @property
    def differing(self) -> list[str]:
        """The names of the other attributes that change."""
        return self.before.differs(self.after) if self.before is not None else []

    @property
    def text(self) -> str:
        """A description of all changes; empty if nothing changes."""
        words = []
        if self.added:
            words.append(ADDED_OR_REACTIVATED if self.hidden else "added")
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
    """A picklist as it was read, and as it must become. `fates` has one entry per wanted row, in order."""

    before: Picklist
    after: Picklist
    fates: tuple[Fate, ...]
    deactivated: tuple[Value, ...]

    @property
    def steps(self) -> tuple[Picklist, ...]:
        """The picklists to write one after another; none if nothing changes."""
        return steps(self.before, self.after)


def read_wanted(batch: Batch) -> list[Wanted]:
    """Return the rows of a batch."""
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
    """Plan the change that makes the rows the active values of a picklist.

    Existing values keep their places and all attributes that their rows do not set. New values follow them. Active
    values without a row are deactivated.
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
            values.append(each.deactivate())
        else:
            values.append(each)
    for row in _order_rows([each for key, each in by_key.items() if key not in fates], order):
        new = Value.new(row.name, row.label or row.name, row.attributes, in_xml=picklist.kind is Kind.STANDARD)
        fates[new.key] = Fate(None, new, hidden=picklist.hides_inactive)
        values.append(new)
    in_order = tuple(fates[same(each.name)] for each in rows)
    return Change(picklist, picklist.with_values(values), in_order, tuple(deactivated))


def holds(current: Picklist, wanted_: Picklist) -> bool:
    """Return whether a picklist has the wanted active values, with their labels, defaults and attributes."""
    return not list(differences(current, wanted_))


def differences(current: Picklist, wanted_: Picklist) -> Iterator[str]:
    """Yield the differences: names of extra values, of missing values, and of what differs in the others.

    A color that was not wanted is not a difference, because Salesforce gives a color to values without one.
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
