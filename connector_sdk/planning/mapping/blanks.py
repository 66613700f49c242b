"""Blanks in SQL: text without those around it, and text that has nothing but blanks."""

from __future__ import annotations

from connector_sdk.engines.sql import text

_BLANKS = "".join(each for each in map(chr, range(0x3001)) if each.isspace())


def trim_blanks(value: str) -> str:
    """SQL for a text without the blanks around it, null when nothing is left.

    Nearly all have none, and are not searched for rare ones.
    """
    plain = f"{_plain(value)} and {_plain(f'right({value}, 1)')}"
    return f"case when {plain} then {value} else nullif(trim({value}, {text(_BLANKS)}), '') end"


def blank_as_null(value: str) -> str:
    """SQL for a text as it is, null when there is nothing in it to see."""
    return f"case when {_plain(value)} or trim({value}, {text(_BLANKS)}) <> '' then {value} end"


def _plain(value: str) -> str:
    """SQL that is true when a text begins with a visible character of ASCII."""
    return f"ascii({value}) between 33 and 126"
