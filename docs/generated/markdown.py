"""Markdown as the generated pages need it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

NONE = "\N{EN DASH}"
"""A cell of a table that has nothing to say."""

_WIDTH = 120
_MARKUP = re.compile(r"[-+*#>%|=~]|\d+[.)]")
"""How a line begins that Markdown takes for more than text."""

_COMMAND = re.compile(
    r"\bconnector [a-z][\w-]*(?: (?:--[a-z][\w-]*|[A-Z]{2,}\b))*|\B--[a-z][\w-]*(?: (?:[A-Z]{2,}|json)\b)?"
)
"""An option, or a command with its options and arguments, in a sentence of the code."""


def code(text: str) -> str:
    """Return text as code within a line."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def fenced(text: str, language: str = "") -> str:
    """Return text as a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; empty where there are no rows."""
    lines = [_line(each) for each in rows]
    return "\n".join([_line(header), f"|{'---|' * len(header)}", *lines]) if lines else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def mark_commands(text: str) -> str:
    """Return a sentence with the commands and options in it as code."""
    return _COMMAND.sub(lambda found: code(found[0]), text)


def join_blocks(blocks: Iterable[str]) -> str:
    """Return a page of these blocks; empty ones are left out."""
    return "\n\n".join(each.strip("\n") for each in blocks if each.strip()) + "\n"


def paragraphs(docstring: str) -> Iterator[str]:
    """Yield the paragraphs of a docstring; one that has indented lines is an example, and becomes a block of code."""
    for each in docstring.strip().split("\n\n"):
        is_code = any(line.startswith("    ") for line in each.splitlines())
        yield fenced(each, "python") if is_code else wrap(" ".join(each.split()))


def wrap(text: str) -> str:
    """Return a paragraph in lines of the manual's width; in one line, if a break would turn it into a list."""
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return text if any(_MARKUP.match(each) for each in lines[1:]) else "\n".join(lines)
