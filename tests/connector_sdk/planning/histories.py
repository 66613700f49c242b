"""Histories of a sync whose rows are merged, parted, converted and removed, and an oracle that says what an org holds.

The oracle knows no SQL, no snapshot and no plan: it keeps books of records and of the rows that own them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from connector_sdk import Removal


@frozen
class Person:
    """A row of the model: its text, the group that it belongs to, and whether it goes into the group's parent."""

    text: str
    group: str | None = None
    child: bool = False


@frozen
class Day:
    """What happened since the last run, and the rows of the model in this one.

    `converted` are keys of guests who became people by hand, `deleted` keys whose records were deleted by hand.
    `type_` is the type of the key column.
    """

    rows: Mapping[int, Person]
    converted: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    type_: str = "bigint"


@define
class Record:
    """A record of the org. `became` is the record that took the place of a guest."""

    object_name: str
    key: str
    text: str | None
    became: int | None = None


@define
class Owned:
    """A row that was accepted: the record that it has, and whether it was merged into that."""

    record: int
    row: Person
    merged: bool = False


@define
class Org:
    """The records by number, and the rows that own them by key."""

    on_removed: Removal
    merges: bool
    records: dict[int, Record] = field(factory=dict)
    owned: dict[int, Owned] = field(factory=dict)
    made: int = 0

    def live(self) -> list[tuple[str, str, str | None]]:
        """Return object, key and text of every record that is there."""
        return sorted((each.object_name, each.key, each.text) for each in self.records.values())

    def by_hand(self, day: Day) -> None:
        """Do what people did in the org before the run. A guest who became one of the people stays as it is."""
        for key in day.deleted:
            for number, record in list(self.records.items()):
                if record.key == str(key) and record.became is None:
                    del self.records[number]
        for key in day.converted:
            guest = self._find("guests", key)
            if guest is not None and self.records[guest].became is None and self._find("people", key) is None:
                self.records[guest].became = self._make("people", key, self.records[guest].text)

    def run(self, day: Day) -> None:
        """Run the sync."""
        before = dict(self.owned)
        parted = {key for key, each in before.items() if self._has_parted(key, each, day)}
        for key in parted:
            del self.owned[key]
        refused, children = self._judge(day)
        for key, row in day.rows.items():
            if key in refused or key in children or (key in self.owned and self.owned[key].merged):
                continue
            if key not in self.owned or self.owned[key].row.text != row.text:
                self._write(key, row)
            else:
                self.owned[key].row = row
        for key, parent in children.items():
            self._merge(key, parent, day)
        for key in parted - set(self.owned):  # it was not accepted, so it still has the record that it was merged into
            self.owned[key] = before[key]
        self._remove([key for key in before if key not in day.rows])

    def _has_parted(self, key: int, owned: Owned, day: Day) -> bool:
        """Return whether a merged row shares no group with its parent any more, while both have a row."""
        if not owned.merged or key not in day.rows:
            return False
        parents = [each for each, other in self.owned.items() if other.record == owned.record and not other.merged]
        group = day.rows[key].group
        return any(each in day.rows and (group is None or day.rows[each].group != group) for each in parents)

    def _judge(self, day: Day) -> tuple[set[int], dict[int, int]]:
        """Return the rows of groups of which it cannot be said what stays, and the children of the others."""
        refused: set[int] = set()
        children: dict[int, int] = {}
        groups = Counter(row.group for row in day.rows.values() if row.group is not None) if self.merges else {}
        for group in [group for group, rows in groups.items() if rows > 1]:
            members = [key for key, row in day.rows.items() if row.group == group]
            if all(key in self.owned and self.owned[key].merged for key in members):
                continue
            parents = [key for key in members if not day.rows[key].child]
            if len(parents) != 1 or (parents[0] in self.owned and self.owned[parents[0]].merged):
                refused |= set(members)
            else:
                children |= {key: parents[0] for key in members if day.rows[key].child}
        return refused, children

    def _write(self, key: int, row: Person) -> None:
        number = next((found for each in ("people", "guests") if (found := self._find(each, key)) is not None), None)
        if number is None:
            number = self._make("people" if self.merges else "guests", key, row.text)
        number = self.records[number].became or number
        if number not in self.records:  # what the guest became was deleted, and the guest is not written any more
            self.owned.pop(key, None)
            return
        self.records[number].text = row.text
        self.owned[key] = Owned(number, row)

    def _merge(self, key: int, parent: int, day: Day) -> None:
        if key in self.owned and self.owned[key].merged:
            return
        record = self.owned[key].record if key in self.owned else self._find("people", key)
        if record is None:
            return
        into = self.owned[parent].record
        if record not in self.records or into not in self.records:
            return
        del self.records[record]
        self.owned[key] = Owned(into, day.rows[key], merged=True)

    def _remove(self, gone: Sequence[int]) -> None:
        removed = [self.owned.pop(key) for key in gone if key in self.owned]
        kept = {each.record for each in self.owned.values()}
        for owned in removed:
            record = self.records.get(owned.record)
            if owned.record in kept or record is None or record.became is not None:
                continue
            kept.add(owned.record)
            if self.on_removed is Removal.DELETE:
                del self.records[owned.record]
            elif self.on_removed is Removal.CLEAR:
                record.text = None

    def _find(self, object_name: str, key: int) -> int | None:
        found = (
            number for number, each in self.records.items() if (each.object_name, each.key) == (object_name, str(key))
        )
        return next(found, None)

    def _make(self, object_name: str, key: int, text: str | None) -> int:
        self.made += 1
        self.records[self.made] = Record(object_name, str(key), text)
        return self.made
