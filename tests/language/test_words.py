"""Banned words and phrases are refused."""

from __future__ import annotations

import pytest

from tests.language.prose import split_paragraphs
from tests.language.word_lists import BANNED
from tests.language.words import check_words


def check(text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.wrong) for finding in check_words(split_paragraphs(text))]


@pytest.mark.parametrize("phrase", BANNED)
def test_a_banned_phrase_is_refused_in_any_case(phrase: str) -> None:
    wrong = f'"{phrase}" is banned'
    assert check(f"Then {phrase} it.") == [(1, wrong)]
    assert check(f"{phrase.capitalize()}.") == [(1, wrong)]


def test_a_phrase_is_found_across_lines() -> None:
    assert check("First.\nThen the run goes\non.") == [(2, '"goes on" is banned')]


@pytest.mark.parametrize(
    "text",
    [
        "A newspaper.",
        "Cargoes on board.",
        "The manewver.",
        "It goes once.",
        "The user told us.",
        "What is sent.",
        "A nobodyish user.",
    ],
)
def test_neighbors_of_banned_phrases_pass(text: str) -> None:
    assert check(text) == []


def test_inline_code_may_name_a_banned_word() -> None:
    assert check("The word `somebody` is banned.") == []
