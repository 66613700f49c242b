"""Verdicts of planning: rows that are not sent, each with its code, message and advice."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from connector_sdk.contract.codes import EXPLAINED, Code
from connector_sdk.contract.outcome import Outcome
from connector_sdk.engines.sql import text

_SKIPPED = frozenset({
    Code.ALREADY_GONE, Code.BASELINE, Code.HELD, Code.NO_RECORD, Code.NOTHING_TO_MERGE, Code.RECORD_KEPT,
})  # fmt: skip


@frozen
class Verdict:
    """A reason not to send a row: SQL that is true if it holds, and SQL for its message."""

    holds: str
    code: Code
    message: str

    @property
    def outcome(self) -> Outcome:
        """The outcome of a row with this verdict."""
        return Outcome.SKIPPED if self.code in _SKIPPED else Outcome.REJECTED


def verdict_columns(verdicts: Sequence[Verdict], relation: str, *, former: bool = False) -> str:
    """Return SQL that adds `outcome`, `code`, `message` and `advice` to a relation, from the first verdict that holds.

    With `former`, the relation has these columns already, and keeps their values if no verdict holds.
    """
    chosen = _case([(each.holds, str(number)) for number, each in enumerate(verdicts)])
    columns = {
        "outcome": [text(each.outcome.value) for each in verdicts],
        "code": [text(each.code) for each in verdicts],
        "message": [each.message for each in verdicts],
        "advice": [text(EXPLAINED[each.code].advice) for each in verdicts],
    }
    decided = ", ".join(
        f"case when verdict is null then {column if former else 'null::varchar'}"
        f" else {_case(_number_verdicts(values))} end as {column}"
        for column, values in columns.items()
    )
    left_out = ", ".join(["verdict", *(columns if former else ())])
    return f"select * exclude ({left_out}), {decided} from (select *, {chosen} as verdict from {relation})"


def _number_verdicts(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"verdict = {number}", value) for number, value in enumerate(values)]


def _case(branches: Sequence[tuple[str, str]]) -> str:
    return "case " + " ".join(f"when {condition} then {value}" for condition, value in branches) + " end"
