"""Prose as paragraphs with line numbers, for docstrings, comments and Markdown.

Code, tables and the targets of links are not prose. Inline code counts as one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import attrs

_LIST_ITEM = re.compile(r"\s*(?:(?:[-*+]|\d+[.)])\s+|\d[\d, ]*\s{2,})")
"""The beginning of an item: a mark, or numbers and a gap as in a list of codes."""
_HEADING = re.compile(r"\s*#+\s")
_TABLE_ROW = re.compile(r"\s*\|")
_NO_PROSE = re.compile(r"\s*(?::::|:[\w-]+:|\[[^\]]+\]:\s|\([\w-]+\)=)")
"""A colon fence, an option of a directive, the target of a reference, and a label."""

_INLINE_CODE = re.compile(r"(`+).+?\1", flags=re.DOTALL)
_LINK_TARGET = re.compile(r"\]\([^)]*\)")


@attrs.frozen
class Paragraph:
    """Text that belongs together, and the line on which it begins."""

    line: int
    text: str

    def line_at(self, offset: int) -> int:
        """Return the line of the character at an offset of the text."""
        return self.line + self.text.count("\n", 0, offset)


def split_paragraphs(text: str, first_line: int = 1) -> Iterator[Paragraph]:
    """Yield the paragraphs, headings and list items of a text that has no code blocks."""
    start, lines = first_line, list[str]()
    for number, line in enumerate(text.split("\n"), start=first_line):
        if lines and (begins_paragraph(line) or _HEADING.match(lines[-1])):
            yield Paragraph(start, clean_paragraph(lines))
            lines = []
        if is_prose(line):
            start = start if lines else number
            lines.append(line)
    if lines:
        yield Paragraph(start, clean_paragraph(lines))


def begins_paragraph(line: str) -> bool:
    """Return whether the paragraph before this line ends."""
    return not is_prose(line) or bool(_LIST_ITEM.match(line) or _HEADING.match(line))


def is_prose(line: str) -> bool:
    """Return whether a line has words of a paragraph."""
    return bool(line.strip()) and not _TABLE_ROW.match(line) and not _NO_PROSE.match(line)


def clean_paragraph(lines: Iterable[str]) -> str:
    """Return the lines as text, with one word for each inline code and without the targets of links."""
    text = _INLINE_CODE.sub(replace_code, "\n".join(lines))
    return _LINK_TARGET.sub("]", text)


def replace_code(code: re.Match[str]) -> str:
    """Return one word for inline code, on as many lines."""
    return "code" + "\n" * code.group().count("\n")
