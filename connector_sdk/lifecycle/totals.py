"""Add up a ledger: rows by outcome, records by what was done to them, and the rows that a person must settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pyarrow as pa
from attrs import evolve, frozen

from connector_sdk.contract.batch import Action
from connector_sdk.contract.errors import ConnectorError, ExitCode
from connector_sdk.contract.outcome import Outcome
from connector_sdk.contract.project import OnHeld
from connector_sdk.contract.report import ActionCounts, CodeCount, RowCounts
from connector_sdk.state.counts import count_rows
from connector_sdk.state.records import UNKNOWN_KEY, CountedRows, HeldRow

TOP_CODES = 10
"""How many reasons why rows were not accepted a report keeps. These are the most frequent ones."""

_DISTINCT_CODES = 1_000
"""How many different reasons are counted. If a destination gives more of them, the later ones are not counted."""

_NONE = RowCounts()


@frozen
class RunTotals:
    """The totals of a ledger. `held` are the rows whose fate a person must settle."""

    rows: RowCounts
    actions: ActionCounts
    held: tuple[HeldRow, ...]
    possible_duplicates: int
    codes: tuple[CodeCount, ...]

    @property
    def without_outcome(self) -> int:
        """The number of planned rows that have no outcome yet."""
        accounted: int = sum(getattr(self.rows, each.value) for each in Outcome)
        return self.rows.planned - accounted

    def require_sums(self) -> None:
        """Raise `ConnectorError` unless every row is counted exactly once."""
        rows = self.rows
        if self.without_outcome or rows.read + rows.removed != rows.unchanged + rows.planned:
            raise ConnectorError(
                f"rows are missing or counted twice: {rows}; the run is left open, report this as a bug"
            )


class TotalsBuilder:
    """The sums of the ledger lines so far. `holds`: rows that may have been created wait for a person."""

    def __init__(self, *, holds: bool = True) -> None:
        self._holds = holds
        self._outcomes: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._codes: Counter[tuple[str, str, str]] = Counter()
        self._duplicates = self._unsettled = 0
        self._held: dict[str, HeldRow] = {}

    def add(self, lines: pa.Table) -> pa.Table:
        """Add ledger lines to the totals, and return the lines unchanged."""
        import pyarrow.compute as pc  # imported here to keep lists of runs fast

        self.count(count_rows(lines))
        unknown = pc.equal(lines.column("outcome"), Outcome.UNKNOWN.value)
        held = pc.and_(unknown, pc.equal(lines.column("action"), Action.CREATE.value))
        for row in lines.filter(held).select(["key", "message"]).to_pylist() if self._holds else ():
            key = row["key"] or UNKNOWN_KEY
            former = self._held.get(key)
            self._held[key] = HeldRow(key, row["message"] or "", former.rows + 1 if former else 1)
        return lines

    def count(self, counted: Iterable[CountedRows]) -> None:
        """Add rows that were counted before."""
        for each in (each for each in counted if each.rows):
            self._outcomes[each.outcome] += each.rows
            self._duplicates += each.rows if each.duplicate else 0
            self._unsettled += each.rows if (each.outcome, each.action) == (Outcome.UNKNOWN, Action.CREATE) else 0
            if each.outcome == Outcome.SUCCEEDED:
                self._actions[each.action] += each.rows
                continue
            reason = (each.outcome, each.code, each.advice)
            if reason in self._codes or len(self._codes) < _DISTINCT_CODES:
                self._codes[reason] += each.rows

    def result(self, planned: RowCounts, decided: RowCounts = _NONE) -> RunTotals:
        """Return the totals of the lines, together with the rows that were `decided` while planning."""
        counts = {each.value: self._outcomes[each.value] + getattr(decided, each.value) for each in Outcome}
        done = self._actions
        actions = ActionCounts(
            created=done["created"],
            updated=done["updated"] + done["created or updated"],
            deleted=done["deleted"],
            cleared=done["cleared"],
            merged=done["merged"],
            deactivated=done["deactivated"],
        )
        held = tuple(self._held.values())
        return RunTotals(evolve(planned, **counts), actions, held, self._duplicates, self.codes)

    @property
    def unsettled(self) -> int:
        """The number of counted rows that will wait for a person."""
        return self._unsettled if self._holds else 0

    @property
    def codes(self) -> tuple[CodeCount, ...]:
        """The most frequent reasons why rows were not accepted, beginning with the most frequent one."""
        found = sorted(self._codes.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            CodeCount(code=code, outcome=outcome, rows=rows, advice=advice)
            for (outcome, code, advice), rows in found[:TOP_CODES]
        )


def exit_code(rows: RowCounts, held: int, on_held: OnHeld) -> ExitCode:
    """Return the exit code of a run that ended with these rows while `held` rows of its sync are held."""
    if held and on_held is not OnHeld.IGNORE:
        return ExitCode.HELD
    return ExitCode.ROWS_FAILED if rows.rejected or rows.unprocessed or rows.unknown else ExitCode.OK


def count_held(before: Iterable[HeldRow], fresh: Sequence[HeldRow]) -> int:
    """Return how many rows of a sync are held after a run that ended and holds the `fresh` ones.

    Rows that were held without a known key are settled by then: the run began only because a person decided about
    them.
    """
    held = {each.key: each.rows for each in before if each.key != UNKNOWN_KEY}
    return sum((held | {each.key: each.rows for each in fresh}).values())
