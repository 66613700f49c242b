"""Docstrings, comments and Markdown become paragraphs with the right lines; code and tables are left out."""

from __future__ import annotations

import ast

import pytest

from tests.language import markdown
from tests.language.prose import split_paragraphs
from tests.language.python_source import read_comments, read_docstrings, read_messages

TICKS = "```"


def read_markdown(text: str) -> list[tuple[int, str]]:
    return [(paragraph.line, paragraph.text) for paragraph in markdown.read_paragraphs(text)]


def test_paragraphs_headings_and_list_items_are_apart() -> None:
    text = "# Title\nFirst\nline.\n\nSecond.\n- one\n- two\n  lines\n1. three\n"
    found = [(paragraph.line, paragraph.text) for paragraph in split_paragraphs(text, first_line=10)]
    assert found == [
        (10, "# Title"),
        (11, "First\nline."),
        (14, "Second."),
        (15, "- one"),
        (16, "- two\n  lines"),
        (18, "1. three"),
    ]


def test_inline_code_is_one_word_and_a_link_loses_its_target() -> None:
    assert read_markdown("Read `a b\nc` and [the page](some/page.md#somebody).\n") == [
        (1, "Read code\n and [the page].")
    ]


def test_tables_and_code_blocks_of_markdown_are_left_out() -> None:
    text = f"Before.\n\n| a | b |\n|---|---|\n\n{TICKS}python\ncode = 1\n\nmore\n{TICKS}\n\nAfter.\n"
    assert read_markdown(text) == [(1, "Before."), (12, "After.")]


def test_an_admonition_is_prose_and_another_directive_is_code() -> None:
    text = f"{TICKS}{{note}}\nInside.\n{TICKS}\n\n{TICKS}{{toctree}}\npage\n{TICKS}\nAfter.\n"
    assert read_markdown(text) == [(2, "Inside."), (8, "After.")]


def test_code_inside_an_admonition_is_left_out() -> None:
    text = f"{TICKS}`{{note}}\nInside.\n{TICKS}\ncode\n{TICKS}\nStill inside.\n{TICKS}`\nAfter.\n"
    assert read_markdown(text) == [(2, "Inside."), (6, "Still inside."), (8, "After.")]


def test_html_comments_and_labels_are_left_out() -> None:
    assert read_markdown("<!-- not\nread -->\n(label)=\n:::{tip}\nRead.\n:::\n") == [(5, "Read.")]


def test_the_lines_of_a_docstring_are_those_of_the_file() -> None:
    source = 'def read():\n    """Return it.\n\n    Later\n    lines.\n    """\n'
    found = [(paragraph.line, paragraph.text) for paragraph in read_docstrings(ast.parse(source))]
    assert found == [(2, "Return it."), (4, "Later\nlines.")]


def test_the_example_of_a_docstring_is_left_out() -> None:
    source = '"""Read this.\n\ntry:\n    run()\nexcept Error:\n    stop()\n\nAnd this.\n"""\n'
    assert [paragraph.text for paragraph in read_docstrings(ast.parse(source))] == ["Read this.", "And this."]


def test_the_text_below_a_constant_is_a_docstring() -> None:
    found = list(read_docstrings(ast.parse('LIMIT = 3\n"""How many rows."""\n')))
    assert [(paragraph.line, paragraph.text) for paragraph in found] == [(2, "How many rows.")]


def test_comments_on_consecutive_lines_belong_together() -> None:
    source = "# One\n# sentence.\nx = 1  # Another.\n\n# A third.\ny = 2  # noqa: E501\n"
    found = [(paragraph.line, paragraph.text) for paragraph in read_comments(source)]
    assert found == [(1, "One\nsentence."), (3, "Another."), (5, "A third.")]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('raise ValueError("no rows")', ["no rows"]),
        ('raise ValueError("no " "rows")', ["no rows"]),
        ('raise ValueError(f"{count} rows")', ["value rows"]),
        ('problems = [Problem("no rows", place, hint="add one")]', ["no rows", "add one"]),
        ('RunStopped("no rows", advice)', ["no rows"]),
        ('print("no rows")', []),
        ("raise", []),
    ],
)
def test_messages_are_what_is_raised_and_the_texts_of_problems(source: str, texts: list[str]) -> None:
    assert [paragraph.text for paragraph in read_messages(ast.parse(source))] == texts
