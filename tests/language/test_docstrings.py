"""Docstrings of functions begin with a verb."""

from __future__ import annotations

import ast

import pytest

from tests.language.docstrings import check_docstrings
from tests.language.finding import Finding


def check(function: str, docstring: str) -> list[Finding]:
    return list(check_docstrings(ast.parse(f'{function}\n    """{docstring}"""\n')))


@pytest.mark.parametrize(
    "docstring",
    [
        "The whole page.",
        "Whether it is empty.",
        "Returns the page.",
        "What it costs.",
        "A page.",
        "Be ready.",
        "SQL of it.",
    ],
)
def test_a_docstring_that_begins_with_no_verb_is_refused(docstring: str) -> None:
    [finding] = check("def page():", docstring)
    assert finding.line == 2
    assert docstring.split()[0] in finding.wrong


@pytest.mark.parametrize(
    "docstring",
    ["Return the page.", "Raise ValueError.", "Yield pages.", "Write, then read.", "GET /limits: the limits."],
)
def test_a_docstring_that_begins_with_a_verb_passes(docstring: str) -> None:
    assert check("def page():", docstring) == []


@pytest.mark.parametrize(
    "function",
    [
        "class Page:",
        "@property\ndef page():",
        "@functools.cached_property\ndef page():",
        "@pytest.fixture\ndef page():",
        "def test_page():",
    ],
)
def test_classes_properties_fixtures_and_tests_may_begin_with_a_noun(function: str) -> None:
    assert check(function, "The whole page.") == []


def test_methods_and_asynchronous_functions_are_checked() -> None:
    source = 'class Page:\n    async def read(self):\n        """The page."""\n'
    [finding] = check_docstrings(ast.parse(source))
    assert finding.wrong == 'the docstring of read begins with "The page."'


def test_a_function_may_have_no_docstring() -> None:
    assert list(check_docstrings(ast.parse("def page(): ...\n"))) == []
