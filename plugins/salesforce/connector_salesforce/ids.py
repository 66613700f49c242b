"""Check record ids, and complete short ids with the three check characters that turn 15 characters into 18."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

SHAPE = "[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?"
"""A regular expression for both forms of an id."""

REST = "[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?"
"""A regular expression for what follows the three characters that name the object.

SOAP API Developer Guide, "ID Field Type".
"""

SHORT = 15
"""The length of the short form. The long form adds three characters that encode which letters are upper case."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(SHAPE)


def to18(record_id: str) -> str | None:
    """Return the 18-character form of an id, or None for a text that is not an id or has wrong check characters.

    Each check character encodes which of five characters are upper case (SOAP API Developer Guide, "ID Field Type").
    """
    if not _ID.fullmatch(record_id):
        return None
    whole = record_id[:15] + _check_characters(record_id)
    return whole if record_id in (whole, whole[:15]) else None


def _check_characters(record_id: str) -> str:
    groups = (record_id[start : start + 5] for start in (0, 5, 10))
    return "".join(_LETTERS[sum(1 << bit for bit, each in enumerate(group) if "A" <= each <= "Z")] for group in groups)


def wrong_ids(ids: pa.StringArray) -> pa.BooleanArray:
    """Return a mask of the cells that are no ids or have wrong check characters (null for a null cell)."""
    letters = pa.array(list(_LETTERS))
    good = pc.match_substring_regex(ids, f"^{SHAPE}$")
    short = pc.equal(pc.utf8_length(ids), 15)
    for group in range(3):
        bits = (_bit(ids, 5 * group + place, place) for place in range(5))
        expected = letters.take(reduce(pc.add, bits))
        good = pc.and_(good, pc.or_(short, pc.equal(pc.utf8_slice_codeunits(ids, 15 + group, 16 + group), expected)))
    return pc.invert(good)


def other_prefixes(ids: pa.StringArray, prefixes: Sequence[str]) -> pa.BooleanArray:
    """Return a mask of the cells that begin with none of the prefixes (null for a null cell)."""
    begins = pc.utf8_slice_codeunits(ids, 0, 3)
    return pc.if_else(pc.is_null(ids), None, pc.invert(pc.is_in(begins, value_set=pa.array(prefixes))))


def impossible_ids(ids: pa.StringArray, prefix: str | None) -> pa.BooleanArray:
    """Return a mask of the cells that cannot be ids with this prefix (null for a null cell).

    If the prefix is None, the object's prefix is unknown, and any id is possible.
    """
    wrong = wrong_ids(ids)
    return wrong if prefix is None else pc.or_(wrong, other_prefixes(ids, [prefix]))


def _bit(ids: pa.StringArray, at: int, place: int) -> pa.Array:
    upper = pc.ascii_is_upper(pc.utf8_slice_codeunits(ids, at, at + 1))
    return pc.multiply(upper.cast(pa.int8()), pa.scalar(1 << place, pa.int8()))
