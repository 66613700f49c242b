"""Record ids: their shape, and the three check characters that make 15 characters into 18."""

from __future__ import annotations

import re

SHAPE = "[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?"
"""Either form of an id, as a regular expression."""

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
