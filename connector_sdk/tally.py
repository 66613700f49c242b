"""Add a ledger up: rows by outcome, records by what was done to them, and the rows that a person must settle."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from connector_sdk.batch import Action
from connector_sdk.errors import ConnectorError, ExitCode
from connector_sdk.outcome import Outcome
from connector_sdk.report import ActionCounts, RowCounts
from connector_sdk.state.entries import UNNAMED, Held

_NONE = RowCounts()


@frozen
class Tally:
    """What a ledger adds up to; `held` are the rows whose fate a person must settle."""

    rows: RowCounts
    actions: ActionCounts
    held: tuple[Held, ...]

    @property
    def exit_code(self) -> ExitCode:
        """How a run that ends with these rows ends."""
        if self.held:
            return ExitCode.HELD
        rows = self.rows
        return ExitCode.ROWS_FAILED if rows.rejected or rows.unprocessed or rows.unknown else ExitCode.OK

    @property
    def without_outcome(self) -> int:
        """How many planned rows have no outcome yet."""
        accounted: int = sum(getattr(self.rows, each.value) for each in Outcome)
        return self.rows.planned - accounted

    def require_sums(self) -> None:
        """Raise `ConnectorError` unless every row is accounted for, once."""
        rows = self.rows
        if self.without_outcome or rows.read + rows.removed != rows.unchanged + rows.planned:
            raise ConnectorError(
                f"rows are missing or counted twice: {rows}; the run is left open, report this as a bug"
            )


class Tallying:
    """Adds the lines of a ledger up as they come."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._held: dict[str, Held] = {}

    def add(self, lines: pa.Table) -> pa.Table:
        """Add lines up, and answer them."""
        outcome = lines.column("outcome")
        self._outcomes.update(_counted(outcome))
        self._actions.update(_counted(lines.filter(pc.equal(outcome, Outcome.SUCCEEDED.value)).column("action")))
        held = pc.and_(pc.equal(outcome, Outcome.UNKNOWN.value), pc.equal(lines.column("action"), Action.CREATE.value))
        for row in lines.filter(held).select(["key", "message"]).to_pylist():
            key = row["key"] or UNNAMED
            self._held[key] = Held(key, row["message"] or "")
        return lines

    def result(self, planned: RowCounts, decided: RowCounts = _NONE) -> Tally:
        """What the lines add up to, together with rows that were `decided` while planning."""
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
        return Tally(evolve(planned, **counts), actions, tuple(self._held.values()))


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()}
