"""The modes in a few lines of Python: what a run must do, worked out row by row with nothing but dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from connector_sdk import Mode, Removal

TOO_LONG = "x" * 1_001
FORMER = "\x1f"
"""What separates a key from its former record, which could not be removed and is tried again in each run."""
Row = Mapping[str, str | None]
Line = tuple[str | None, str]


@frozen
class Step:
    """A run: the rows of the model, the columns that fill fields, and the match values whose rows are refused."""

    rows: Sequence[Row]
    fields: Mapping[str, str]
    refused: frozenset[str] = frozenset()
    full: bool = False


@define
class Known:
    """A row as it was accepted; `stale` are the fields whose mapping has changed since."""

    match: str | None
    record: int | None
    values: dict[str, str | None]
    stale: frozenset[str] = frozenset()


@define
class Oracle:
    """A destination, and what a sync remembers of it. `records` are those that exist, by number."""

    mode: Mode
    on_removed: Removal = Removal.NOTHING
    known: dict[str, Known] = field(factory=dict)
    records: dict[int, dict[str, str | None]] = field(factory=dict)
    mapping: Mapping[str, str] = field(factory=dict)
    made: int = 0

    def put(self, **values: str | None) -> int:
        """Create a record."""
        self.made += 1
        self.records[self.made] = dict(values)
        return self.made

    def step(self, step: Step) -> list[Line]:
        """Run once, and return the ledger: a key and an outcome for every planned line."""
        changed = {name for name, column in step.fields.items() if self.mapping.get(name) != column}
        for each in self.known.values():
            each.stale |= changed
        self.mapping = step.fields
        before = dict(self.known)
        matches = Counter(match for row in step.rows if (match := self._match(row)))
        keys = Counter(key for row in step.rows if (key := _text(row["k"])))
        lines: list[Line] = []
        rekeyed: dict[str | None, bool] = {}
        for row in step.rows:
            key = _text(row["k"])
            verdict = self._identity(row, keys, matches) or self._compare(row, step)
            if verdict == "due" and (refusal := self._refusal(row, step)):
                verdict = refusal
            if verdict == "due":
                moved = self._is_rekeyed(row)
                verdict = self._send(row, step)
                if moved:
                    rekeyed[key] = verdict == "succeeded"
            if verdict != "unchanged":
                lines.append((key, verdict))
        return [*lines, *self._remove(before, set(keys), rekeyed, set(matches), step)]

    def _match(self, row: Row) -> str | None:
        return None if self.mode is Mode.INSERT else fold(row["e"])

    def _identity(self, row: Row, keys: Counter[str], matches: Counter[str]) -> str:
        key, match = _text(row["k"]), self._match(row)
        if key is None:
            return "rejected NULL_KEY"
        if keys[key] > 1:
            return "rejected REPEATED_KEY"
        if match and matches[match] > 1:
            return "rejected REPEATED_MATCH"
        return ""

    def _compare(self, row: Row, step: Step) -> str:
        """Return `due` if a row has to be sent, otherwise `unchanged`."""
        known = self.known.get(row["k"] or "")
        compares = self.mode in (Mode.UPSERT, Mode.UPDATE)
        if known and not step.full:
            values = {column: _text(row[column]) for column in step.fields.values()}
            same = not (known.stale & set(step.fields) or self._is_rekeyed(row)) and all(
                known.values.get(column) == value for column, value in values.items()
            )
            if same or not compares:
                return "unchanged"
        return "due"

    def _is_rekeyed(self, row: Row) -> bool:
        known = self.known.get(row["k"] or "")
        return known is not None and known.match != self._match(row)

    def _refusal(self, row: Row, step: Step) -> str:
        """Return why a row cannot be sent, or an empty text."""
        if self.mode is not Mode.INSERT and self._match(row) is None:
            return "rejected NULL_MATCH"
        if "name" in step.fields and _text(row[step.fields["name"]]) is None:
            return "rejected REQUIRED"
        if "about" in step.fields and row[step.fields["about"]] == TOO_LONG:
            return "rejected TOO_LONG"
        if self.mode in (Mode.UPDATE, Mode.ARCHIVE) and self._record(row) is None:
            return "skipped NO_RECORD" if self.mode is Mode.UPDATE else "unchanged"
        return ""

    def _record(self, row: Row) -> int | None:
        """Return the record that a row means: the one that it had, or the one that has its match value now."""
        known = self.known.get(row["k"] or "")
        if self.mode is not Mode.UPSERT and known and not self._is_rekeyed(row):
            return known.record
        found = [number for number, each in self.records.items() if fold(each["key"]) == self._match(row)]
        return found[0] if found and self.mode is not Mode.INSERT else None

    def _send(self, row: Row, step: Step) -> str:
        record = self._record(row)
        sent = {name: _text(row[column]) for name, column in step.fields.items()}
        if self.mode in (Mode.UPSERT, Mode.INSERT):
            sent["key"] = row["e"] or None
        if fold(self.records[record]["key"] if record else row["e"]) in step.refused:
            return "rejected bad"
        if self.mode is Mode.ARCHIVE and record:
            del self.records[record]
        elif record:
            self.records[record] |= sent
        else:
            record = self.put(**sent)
        values = {column: _text(row[column]) for column in step.fields.values()}
        self.known[row["k"] or ""] = Known(self._match(row), record, values)
        return "succeeded"

    def _remove(
        self, before: Mapping[str, Known], keys: set[str], rekeyed: Mapping[str | None, bool], matches: set[str],
        step: Step,
    ) -> list[Line]:  # fmt: skip
        """Remove the records of rows that left, and the former records of keys with a new match value.

        `rekeyed` has those keys, and whether they were accepted under the new value. If not, the former record stays.
        If several rows had one record, the first of them removes it. Return the ledger lines.
        """
        if self.mode is Mode.INSERT or step.full:
            return []
        lines = []
        removed: set[int | None] = set()
        for key, former in before.items():
            if key in keys and key not in rekeyed:
                continue
            acts = self.on_removed is not Removal.NOTHING
            removes = acts and former.match not in matches and former.record not in removed
            removes = removes and not self._has_other_row(former, keys)
            if removes and not rekeyed.get(key, True):
                verdict = "unprocessed NOT_SENT"
            else:
                verdict = self._remove_record(former, step) if removes else ""
            if removes:
                removed.add(former.record)
                lines.append((key, verdict))
            elif acts and key not in rekeyed:
                lines.append((key, "skipped RECORD_KEPT"))
            gone = verdict == "succeeded" or (not removes and key not in rekeyed)
            if gone and self.known[key] is former:
                del self.known[key]
            if removes and not gone and rekeyed.get(key):
                self.known[f"{key}{FORMER}{former.record}"] = former
        return [(key and key.partition(FORMER)[0], verdict) for key, verdict in lines]

    def _has_other_row(self, former: Known, keys: set[str]) -> bool:
        """Return whether a row of the model has the record, too."""
        return any(
            key in keys and each is not former and each.record == former.record for key, each in self.known.items()
        )

    def _remove_record(self, former: Known, step: Step) -> str:
        if former.match in step.refused:
            return "rejected bad"
        record = former.record or 0
        if self.on_removed is Removal.DELETE:
            self.records.pop(record, None)
        elif record in self.records and "about" in step.fields:
            self.records[record]["about"] = None
        return "succeeded"


def fold(value: str | None) -> str | None:
    """Return a match value as its field compares it."""
    return (value or "").strip().lower() or None


def _text(value: str | None) -> str | None:
    return value if value and value.strip() else None
