"""The rule about sentences: none has more than 35 words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.language.finding import Finding, Rule
from tests.language.prose import Paragraph

MAX_WORDS = 35

_SENTENCE = re.compile(r"\S.*?(?:[.!?][\"')\]*_]*(?=\s)|\Z)", flags=re.DOTALL)


def check_sentences(paragraphs: Iterable[Paragraph]) -> Iterator[Finding]:
    """Yield a finding for each sentence that is too long."""
    for paragraph in paragraphs:
        for sentence in _SENTENCE.finditer(paragraph.text):
            count = count_words(sentence.group())
            if count > MAX_WORDS:
                begin = " ".join(sentence.group().split()[:4])
                wrong = f'the sentence "{begin} …" has {count} words'
                line = paragraph.line_at(sentence.start())
                yield Finding(line, Rule.SENTENCES, wrong, f"split it; {MAX_WORDS} are the limit, 20 read well")


def count_words(sentence: str) -> int:
    """Return how many words a sentence has. A dash is none."""
    return sum(any(character.isalnum() for character in word) for word in sentence.split())
