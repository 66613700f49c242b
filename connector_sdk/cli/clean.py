"""Make text from data and APIs safe to show on a terminal and in a spreadsheet."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters except tab and line feed, and characters that change the direction of writing."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The first characters of a formula in a spreadsheet cell. Some spreadsheets accept full-width forms, too."""


def printable(text: str) -> str:
    """Return the text without characters that control a terminal."""
    return _CONTROL.sub("", text)


def escape_controls(json: str) -> str:
    """Escape the characters in JSON that control a terminal. The JSON keeps its value."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def one_line(text: str) -> str:
    """Return the text on one line, without characters that control a terminal."""
    return printable(" ".join(text.split())) if text else text


def spreadsheet_safe(text: str) -> str:
    """Return text that a spreadsheet does not run as a formula. A leading apostrophe marks it as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
