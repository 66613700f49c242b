"""SQL for blanks: text without surrounding blanks, and text that has nothing but blanks."""

from __future__ import annotations

from connector_sdk.engines.sql import text

_BLANKS = "".join(each for each in map(chr, range(0x3001)) if each.isspace())


def trim_blanks(value: str) -> str:
    """Return SQL for a text without the blanks around it, null if nothing is left.

    Most texts begin and end with a visible ASCII character, and are then not searched for rare blanks.
    """
    plain = f"{_plain(value)} and {_plain(f'right({value}, 1)')}"
    return f"case when {plain} then {value} else nullif(trim({value}, {text(_BLANKS)}), '') end"


def blank_as_null(value: str) -> str:
    """Return SQL for an unchanged text, null if it has only blanks."""
    return f"case when {_plain(value)} or trim({value}, {text(_BLANKS)}) <> '' then {value} end"


def _plain(value: str) -> str:
    """Return SQL that is true if a text begins with a visible ASCII character."""
    return f"ascii({value}) between 33 and 126"
