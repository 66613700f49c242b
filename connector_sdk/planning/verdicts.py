"""What is decided about rows while planning: rows that are not sent, each with its code, message and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from connector_sdk.engines.embedded import text
from connector_sdk.outcome import Outcome
from connector_sdk.planning.conversions import BAD_VALUE, NOT_A_CHOICE, REQUIRED, TOO_LONG

BASELINE = "BASELINE"
HELD = "HELD"
NULL_KEY = "NULL_KEY"
REPEATED_KEY = "REPEATED_KEY"
NULL_MATCH = "NULL_MATCH"
REPEATED_MATCH = "REPEATED_MATCH"
NO_RECORD = "NO_RECORD"
SEVERAL_RECORDS = "SEVERAL_RECORDS"
REFERENCE_NOT_FOUND = "REFERENCE_NOT_FOUND"
REFERENCE_AMBIGUOUS = "REFERENCE_AMBIGUOUS"

ADVICE: Mapping[str, str] = {
    BASELINE: "",
    HELD: "connector resolve settles it: say whether it was sent.",
    NULL_KEY: "Give every row of the model a primary key.",
    REPEATED_KEY: "Make the primary key unique in the model; none of the rows that share it is sent.",
    NULL_MATCH: "Fill the match column; a row without a match value means no record.",
    REPEATED_MATCH: "Keep one row per match value; the destination takes these values for the same one.",
    NO_RECORD: "The row is tried again in the next run; mode upsert would create the record.",
    SEVERAL_RECORDS: "Merge or correct these records, or match on a unique field.",
    REFERENCE_NOT_FOUND: "Create that record, or correct the column; the row is tried again in the next run.",
    REFERENCE_AMBIGUOUS: "Look it up by a unique field, or correct these records.",
    BAD_VALUE: "Correct the value in the model.",
    TOO_LONG: "Shorten it in the model, or set truncate: true on the field.",
    NOT_A_CHOICE: "Use one of the field's values, spelt exactly, or add the value to the field.",
    REQUIRED: "Fill it in the model, or set null: keep on the field.",
}
"""What to do about each code that planning gives."""

_SKIPPED = frozenset({BASELINE, HELD, NO_RECORD})


@frozen
class Verdict:
    """A reason not to send a row: SQL that is true when it holds, and SQL for its message."""

    holds: str
    code: str
    message: str

    @property
    def outcome(self) -> Outcome:
        """What a row ends as for this reason."""
        return Outcome.SKIPPED if self.code in _SKIPPED else Outcome.REJECTED


def verdict_columns(verdicts: Sequence[Verdict], relation: str, *, former: bool = False) -> str:
    """SQL that adds `outcome`, `code`, `message` and `advice` to a relation; the first verdict that holds counts.

    With `former` the relation has them already, and keeps them where no verdict holds.
    """
    chosen = _case([(each.holds, str(number)) for number, each in enumerate(verdicts)])
    columns = {
        "outcome": [text(each.outcome.value) for each in verdicts],
        "code": [text(each.code) for each in verdicts],
        "message": [each.message for each in verdicts],
        "advice": [text(ADVICE[each.code]) for each in verdicts],
    }
    decided = ", ".join(
        f"case when verdict is null then {column if former else 'null::varchar'} else {_case(_numbered(values))} end"
        f" as {column}"
        for column, values in columns.items()
    )
    left_out = ", ".join(["verdict", *(columns if former else ())])
    return f"select * exclude ({left_out}), {decided} from (select *, {chosen} as verdict from {relation})"


def _numbered(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"verdict = {number}", value) for number, value in enumerate(values)]


def _case(branches: Sequence[tuple[str, str]]) -> str:
    return "case " + " ".join(f"when {condition} then {value}" for condition, value in branches) + " end"
