"""Record ids: their shape, and the three check characters that make 15 characters into 18."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

SHAPE = "[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?"
"""Either form of an id, as a regular expression."""

REST = "[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?"
"""What follows the three characters that name the object (SOAP API Developer Guide, "ID Field Type")."""

SHORT = 15
"""Characters of the short form; the long one adds three that check which of them are upper case."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(SHAPE)


def to18(record_id: str) -> str | None:
    """An id in its 18-character form; None for text that is no id, or whose check characters are wrong.

    Check characters say which of the 15 before them are upper case, five to a character (SOAP API Developer Guide,
    "ID Field Type").
    """
    if not _ID.fullmatch(record_id):
        return None
    whole = record_id[:15] + _check_characters(record_id)
    return whole if record_id in (whole, whole[:15]) else None


def _check_characters(record_id: str) -> str:
    groups = (record_id[start : start + 5] for start in (0, 5, 10))
    return "".join(_LETTERS[sum(1 << bit for bit, each in enumerate(group) if "A" <= each <= "Z")] for group in groups)


def wrong_ids(ids: pa.StringArray) -> pa.BooleanArray:
    """Which cells of a column are no ids, or have wrong check characters (null where there is no id)."""
    letters = pa.array(list(_LETTERS))
    good = pc.match_substring_regex(ids, f"^{SHAPE}$")
    short = pc.equal(pc.utf8_length(ids), 15)
    for group in range(3):
        bits = (_bit(ids, 5 * group + place, place) for place in range(5))
        expected = letters.take(reduce(pc.add, bits))
        good = pc.and_(good, pc.or_(short, pc.equal(pc.utf8_slice_codeunits(ids, 15 + group, 16 + group), expected)))
    return pc.invert(good)


def other_prefixes(ids: pa.StringArray, prefixes: Sequence[str]) -> pa.BooleanArray:
    """Which cells of a column begin with none of the prefixes (null where there is no id)."""
    begins = pc.utf8_slice_codeunits(ids, 0, 3)
    return pc.if_else(pc.is_null(ids), None, pc.invert(pc.is_in(begins, value_set=pa.array(prefixes))))


def impossible_ids(ids: pa.StringArray, prefix: str | None) -> pa.BooleanArray:
    """Which cells of a column cannot be ids of records whose ids begin with a prefix (null where there is no id).

    Where the prefix is not known, ids of any object can.
    """
    wrong = wrong_ids(ids)
    return wrong if prefix is None else pc.or_(wrong, other_prefixes(ids, [prefix]))


def _bit(ids: pa.StringArray, at: int, place: int) -> pa.Array:
    upper = pc.ascii_is_upper(pc.utf8_slice_codeunits(ids, at, at + 1))
    return pc.multiply(upper.cast(pa.int8()), pa.scalar(1 << place, pa.int8()))
