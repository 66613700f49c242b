"""The rule about docstrings: the one of a function begins with a verb in the imperative."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.language.finding import Finding, Rule
from tests.language.python_source import Function, has_decorator, read_functions
from tests.language.word_lists import VERBS

_WRITE = "begin with a verb, such as Return, Write or Raise; a new verb goes into tests/language/verbs.txt"


def check_docstrings(tree: ast.AST) -> Iterator[Finding]:
    """Yield a finding for each docstring of a function that does not begin with a verb."""
    for function in read_functions(tree):
        docstring = ast.get_docstring(function)
        if docstring and not is_exempt(function) and not begins_with_verb(docstring):
            begin = " ".join(docstring.split()[:3])
            wrong = f'the docstring of {function.name} begins with "{begin}"'
            yield Finding(function.body[0].lineno, Rule.DOCSTRINGS, wrong, _WRITE)


def is_exempt(function: Function) -> bool:
    """Return whether the docstring may begin with a noun: of a property, a fixture or a test."""
    return has_decorator(function, "property", "fixture") or function.name.startswith("test_")


def begins_with_verb(docstring: str) -> bool:
    """Return whether the first word of a docstring is a verb of the list."""
    return docstring.split()[0].rstrip(".,:;").lower() in VERBS
