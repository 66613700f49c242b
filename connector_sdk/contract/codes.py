"""The codes that the core itself gives to rows, with explanations. Plugins explain the codes of their destinations."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen


class Code(StrEnum):
    """Why a row was not sent, or why it is not known whether it arrived."""

    NULL_KEY = "NULL_KEY"
    INEXACT_KEY = "INEXACT_KEY"
    REPEATED_KEY = "REPEATED_KEY"
    NULL_MATCH = "NULL_MATCH"
    REPEATED_MATCH = "REPEATED_MATCH"
    NO_RECORD = "NO_RECORD"
    ALREADY_GONE = "ALREADY_GONE"
    SEVERAL_RECORDS = "SEVERAL_RECORDS"
    REFERENCE_NOT_FOUND = "REFERENCE_NOT_FOUND"
    REFERENCE_AMBIGUOUS = "REFERENCE_AMBIGUOUS"
    CIRCULAR_REFERENCE = "CIRCULAR_REFERENCE"
    BAD_VALUE = "BAD_VALUE"
    TOO_LONG = "TOO_LONG"
    NOT_A_CHOICE = "NOT_A_CHOICE"
    REQUIRED = "REQUIRED"
    NO_PARENT = "NO_PARENT"
    SEVERAL_PARENTS = "SEVERAL_PARENTS"
    FOREIGN_PARENT = "FOREIGN_PARENT"
    PARENT_NOT_WRITTEN = "PARENT_NOT_WRITTEN"
    NOTHING_TO_MERGE = "NOTHING_TO_MERGE"
    RECORD_MOVED = "RECORD_MOVED"
    RECORD_KEPT = "RECORD_KEPT"
    BASELINE = "BASELINE"
    HELD = "HELD"
    ANSWER_LOST = "ANSWER_LOST"
    NOT_SENT = "NOT_SENT"
    IN_FLIGHT = "IN_FLIGHT"


@frozen
class Explanation:
    """The cause of a code, and what a user can do about it."""

    cause: str
    advice: str


EXPLAINED: Mapping[Code, Explanation] = {
    Code.NULL_KEY: Explanation(
        "The row has no primary key, so nobody could tell whether it was sent before.",
        "Give every row of the model a primary key.",
    ),
    Code.INEXACT_KEY: Explanation(
        "The key or match value is a floating point number that is not whole, or too large to be exact.",
        "Cast the column in the model: to decimal or bigint where it is a number, or to text.",
    ),
    Code.REPEATED_KEY: Explanation(
        "Several rows of the model have this primary key.",
        "Make the primary key unique in the model; none of the rows that share it is sent.",
    ),
    Code.NULL_MATCH: Explanation(
        "The match column is empty, so the row means no record.",
        "Fill the match column; sent as it is, an empty value would create a record each time.",
    ),
    Code.REPEATED_MATCH: Explanation(
        "Several rows of the model mean the same record, as the destination compares these values.",
        "Keep one row per match value; the destination takes these values for the same one.",
    ),
    Code.NO_RECORD: Explanation(
        "No record has the row's match value, and this mode creates none.",
        "The row is tried again in the next run; mode upsert would create the record.",
    ),
    Code.ALREADY_GONE: Explanation(
        "No record has the row's id, and an id is never given to another one: it was deleted before.",
        "Nothing is to be done.",
    ),
    Code.SEVERAL_RECORDS: Explanation(
        "Several records have the row's match value.",
        "Merge or correct these records, or match on a unique field.",
    ),
    Code.REFERENCE_NOT_FOUND: Explanation(
        "No record has the key that the row names as the one it refers to.",
        "Create that record, or correct the column; the row is tried again in the next run.",
    ),
    Code.REFERENCE_AMBIGUOUS: Explanation(
        "Several records have the key that the row names as the one it refers to.",
        "Look it up by a unique field, narrow it by another field (and), or correct these records.",
    ),
    Code.CIRCULAR_REFERENCE: Explanation(
        "The row refers to itself, or rows refer to each other in a circle, so that none of them can be the first.",
        "Correct the column that names the parent; the other rows of the circle are not sent either.",
    ),
    Code.BAD_VALUE: Explanation("The field cannot hold this value.", "Correct the value in the model."),
    Code.TOO_LONG: Explanation(
        "The text has more characters than the field takes.",
        "Shorten it in the model, or, where it is text, set truncate: true on the field.",
    ),
    Code.NOT_A_CHOICE: Explanation(
        "The field takes just the values of its list, and this is none of them.",
        "Use one of the field's values, spelt exactly, or add the value to the field.",
    ),
    Code.REQUIRED: Explanation(
        "The field must have a value, and the row would leave it empty.",
        "Fill it in the model, or set null: keep on the field.",
    ),
    Code.NO_PARENT: Explanation(
        "The rows share an id, and none of them is the one that stays.",
        "Mark one row of the group as its parent; none of its rows is sent before.",
    ),
    Code.SEVERAL_PARENTS: Explanation(
        "The rows share an id, and several of them are to stay.",
        "Mark all rows of the group but one as children; none of its rows is sent before.",
    ),
    Code.FOREIGN_PARENT: Explanation(
        "A row of the group names another one than the group's parent as the one that stays.",
        "Correct its merge_id, or its shared_id; none of the group's rows is sent before.",
    ),
    Code.PARENT_NOT_WRITTEN: Explanation(
        "The row that stays was not accepted, so nothing was merged into its record.",
        "Correct that row; this one is tried again in the next run.",
    ),
    Code.NOTHING_TO_MERGE: Explanation(
        "The row is to be merged and has no record, and none is created only to be merged.",
        "Nothing is to be done; should it get a record, a later run merges it.",
    ),
    Code.RECORD_MOVED: Explanation(
        "The row's record became another one during the run, and the row cannot be written to that.",
        "Correct the row for it, where something is wrong with the row; the next run looks for its record again.",
    ),
    Code.RECORD_KEPT: Explanation(
        "The row left the model, and its record stays: it belongs to other rows, too, or it became another record, to"
        " which the row was never written.",
        "Nothing is to be done: a record of other rows is removed after the last of them has left.",
    ),
    Code.BASELINE: Explanation(
        "The first run was told to take the rows that were there as sent.",
        "Nothing is to be done; later rows are sent.",
    ),
    Code.HELD: Explanation(
        "An earlier run sent this row and its answer was lost; sent again, it might be there twice.",
        "connector resolve settles it: say whether it was sent.",
    ),
    Code.ANSWER_LOST: Explanation(
        "The row was sent, its answer was lost, and the destination cannot say what became of it.",
        "connector resolve settles it: look for the row at the destination, then say whether it was sent.",
    ),
    Code.NOT_SENT: Explanation(
        "The run has not sent the row yet, or ended before it did.",
        "Do nothing: this run sends it later, or the next run does.",
    ),
    Code.IN_FLIGHT: Explanation(
        "The row was sent, and its answer has not come yet, or did not come before the run stopped.",
        "Do nothing: this run, or the next one, finds out what became of the row before it sends anything.",
    ),
}
"""The explanation of every code of the core."""
