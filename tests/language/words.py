"""The rule about words: those that the manual's style bans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.language.finding import Finding, Rule
from tests.language.prose import Paragraph
from tests.language.word_lists import BANNED


def make_pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds the phrases as whole words, also across lines."""
    alternatives = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return re.compile(rf"\b(?:{alternatives})\b", flags=re.IGNORECASE)


_PATTERN = make_pattern(BANNED)


def check_words(paragraphs: Iterable[Paragraph]) -> Iterator[Finding]:
    """Yield a finding for each banned word or phrase."""
    for paragraph in paragraphs:
        for match in _PATTERN.finditer(paragraph.text):
            phrase = " ".join(match.group().lower().split())
            yield Finding(paragraph.line_at(match.start()), Rule.WORDS, f'"{phrase}" is banned', BANNED[phrase])
