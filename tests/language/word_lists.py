"""The word lists of the rules, read from the data files of this folder.

A line is one entry. In a `.tsv` file, a tab separates the entry from what to write instead.
Lines that begin with `#` are comments.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def read_lines(name: str) -> list[str]:
    """Return the entries of a data file."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_pairs(name: str) -> dict[str, str]:
    """Return the entries of a `.tsv` file, each with what to write instead."""
    pairs: dict[str, str] = {}
    for line in read_lines(name):
        entry, write = line.split("\t")
        pairs[entry] = write
    return pairs


PARTICIPLES = read_pairs("participles.tsv")
"""Participles and past tenses, each with the verb to begin with."""

PARTICLES = frozenset(read_lines("particles.txt"))
"""Words that are no noun. A participle before one of them does not become a noun phrase."""

ADVERBS = frozenset(read_lines("adverbs.txt"))
"""Adverbs that are no name for a function."""

VERBS = frozenset(read_lines("verbs.txt"))
"""Verbs with which a docstring begins."""

BANNED = read_pairs("banned.tsv")
"""Banned words and phrases, each with what to write instead."""
