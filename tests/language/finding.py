"""What the checker reports: a place, what is wrong there, and what to write instead."""

from __future__ import annotations

import enum

import attrs


class Rule(enum.StrEnum):
    """The rules, in the order of the counts."""

    NAMES = "names"
    DOCSTRINGS = "docstrings"
    SENTENCES = "sentences"
    WORDS = "words"


@attrs.frozen
class Finding:
    """One violation of a rule, at a line of a file."""

    line: int
    rule: Rule
    wrong: str
    write: str

    def format(self, path: str) -> str:
        """Return the finding as the line that is printed."""
        return f"{path}:{self.line}: {self.wrong}: {self.write}"
