"""The prose of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.language.prose import Paragraph, split_paragraphs

_FENCE = re.compile(r"\s*(```+|~~~+)\s*(\S*)")
_COMMENT = re.compile(r"<!--.*?-->", flags=re.DOTALL)
_ADMONITIONS = frozenset({"{note}", "{tip}", "{warning}", "{important}", "{caution}", "{admonition}"})
"""Fences whose content is prose."""


def read_paragraphs(text: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of a Markdown file."""
    return split_paragraphs(blank_code(_COMMENT.sub(blank_lines, text)))


def blank_lines(match: re.Match[str]) -> str:
    """Return as many empty lines as the match has."""
    return "\n" * match.group().count("\n")


def blank_code(text: str) -> str:
    """Return the text with an empty line for each line of a code block."""
    fences: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if fence and closes(fence, fences):
            fences.pop()
        elif fence:
            fences.append((fence[1], fence[2]))
        is_code = bool(fence) or any(info not in _ADMONITIONS for _, info in fences)
        lines.append("" if is_code else line)
    return "\n".join(lines)


def closes(fence: re.Match[str], fences: list[tuple[str, str]]) -> bool:
    """Return whether a fence ends the innermost block: it has no info and is at least as long as the first fence."""
    return bool(fences) and not fence[2] and fence[1].startswith(fences[-1][0])
