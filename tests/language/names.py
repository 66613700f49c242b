"""The rule about names: a function is not named by a participle or by a bare adverb."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.language.finding import Finding, Rule
from tests.language.python_source import Function, has_decorator, read_functions
from tests.language.word_lists import ADVERBS, PARTICIPLES, PARTICLES


def check_names(tree: ast.AST) -> Iterator[Finding]:
    """Yield a finding for each function that is named by a participle or an adverb."""
    for function in read_functions(tree):
        if not is_exempt(function):
            yield from check_name(function.name, function.lineno)


def is_exempt(function: Function) -> bool:
    """Return whether the name is free: of a property, a fixture, a test or a method that Python calls."""
    return has_decorator(function, "property", "fixture", ".setter") or function.name.startswith(("test_", "__"))


def check_name(name: str, line: int) -> Iterator[Finding]:
    """Yield a finding if a name is a participle or an adverb."""
    words = name.strip("_").lower()
    first = words.split("_")[0]
    if is_participle(words):
        verb = PARTICIPLES[first]
        yield Finding(line, Rule.NAMES, f"the function {name} is named by a participle", f"begin with a verb ({verb})")
    if words in ADVERBS:
        yield Finding(line, Rule.NAMES, f"the function {name} is named by an adverb", "begin with a verb")


def is_participle(words: str) -> bool:
    """Return whether a name is a participle without a noun, such as `told` or `told_apart`."""
    first, _, rest = words.partition("_")
    return first in PARTICIPLES and (not rest or rest.split("_")[0] in PARTICLES)
