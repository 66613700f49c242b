"""Sentences of more than 35 words are refused."""

from __future__ import annotations

import pytest

from tests.language.prose import split_paragraphs
from tests.language.sentences import check_sentences


def words(count: int) -> str:
    return " ".join(["word"] * count)


def long_lines(text: str) -> list[int]:
    return [finding.line for finding in check_sentences(split_paragraphs(text))]


def test_36_words_are_refused_and_35_pass() -> None:
    assert long_lines(f"{words(36)}.") == [1]
    assert long_lines(f"{words(35)}.") == []


@pytest.mark.parametrize("end", [". ", "! ", "? ", '." ', ".) ", ".\n", ".** "])
def test_a_sentence_ends_at_its_mark(end: str) -> None:
    assert long_lines(f"{words(20)}{end}{words(20)}") == []


@pytest.mark.parametrize("mark", ["; ", ": ", ", ", " - ", ".py ", " 1.5 ", "\n"])
def test_a_sentence_does_not_end_elsewhere(mark: str) -> None:
    assert long_lines(f"{words(18)}{mark}{words(18)}.") == [1]


def test_paragraphs_and_list_items_are_sentences_of_their_own() -> None:
    assert long_lines(f"{words(20)}\n\n{words(20)}\n- {words(20)}\n- {words(20)}") == []


def test_inline_code_is_one_word() -> None:
    assert long_lines(f"{words(34)} `{words(5)}`.") == []


def test_a_dash_is_no_word() -> None:
    assert long_lines(f"{words(20)} — {words(15)}.") == []


def test_the_line_is_the_one_where_the_sentence_begins() -> None:
    assert long_lines(f"Short.\nShort. {words(20)}\n{words(20)}.") == [2]
