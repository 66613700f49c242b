"""Make text from elsewhere safe to show: on a terminal, and in a spreadsheet."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and those that turn the direction of writing."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that is a formula, also in letters of full width, which some spreadsheets take for the same."""


def printable(text: str) -> str:
    """The text without characters that steer a terminal."""
    return _CONTROL.sub("", text)


def escape_controls(json: str) -> str:
    """JSON in which characters that steer a terminal are written as escapes: the same value, safe to look at."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def one_line(text: str) -> str:
    """Printable text on one line."""
    return printable(" ".join(text.split())) if text else text


def spreadsheet_safe(text: str) -> str:
    """Text that a spreadsheet does not take for a formula; a leading apostrophe marks it as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
