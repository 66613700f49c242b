"""What a Python file says to its readers: names of functions, docstrings, comments and messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tests.language.prose import Paragraph, split_paragraphs

Function = ast.FunctionDef | ast.AsyncFunctionDef

_MESSAGE_CALLS = frozenset({"Problem", "ConfigError", "RunStopped", "PluginError", "Finding", "Classification"})
"""Calls whose texts a person reads. The arguments of whatever is raised are messages, too."""

_NO_COMMENT = re.compile(r"#(?:!| (?:noqa|type:|fmt:|mypy:|ruff:|pragma:))")
"""A comment that speaks to a tool."""

_VALUE = "value"
"""What stands for a value that is put into a message."""


def read_functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method, at any depth."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def has_decorator(function: Function, *words: str) -> bool:
    """Return whether one of the words is part of the name of a decorator, such as `property`."""
    names = (ast.unparse(decorator).partition("(")[0] for decorator in function.decorator_list)
    return any(word in name for name in names for word in words)


def read_docstrings(tree: ast.AST) -> Iterator[Paragraph]:
    """Yield the paragraphs of every docstring, also of those that stand below a constant or a field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from split_paragraphs(blank_examples(node.value.value), node.lineno)


def blank_examples(docstring: str) -> str:
    """Return a docstring with empty lines for its examples: blocks that have an indented line."""
    first, *others = docstring.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in others if line.strip()), default=0)
    blocks: list[list[str]] = [[]]
    for line in [first, *(line[margin:] for line in others)]:
        if not line.strip():
            blocks.append([])
        blocks[-1].append(line)
    return "\n".join(line for block in blocks for line in blank_example(block))


def blank_example(block: list[str]) -> list[str]:
    """Return a block of lines, or as many empty lines if it is an example."""
    return [""] * len(block) if any(line.startswith("    ") for line in block) else block


def read_comments(source: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of every comment. Comments on consecutive lines belong together."""
    start, lines = 0, list[str]()
    for line, text, is_alone in find_comments(source):
        if lines and not (is_alone and line == start + len(lines)):
            yield from split_paragraphs("\n".join(lines), start)
            lines = []
        start = start if lines else line
        lines.append(text)
    yield from split_paragraphs("\n".join(lines), start)


def find_comments(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the line and the text of each comment, and whether no code stands before it."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _NO_COMMENT.match(token.string):
            yield token.start[0], token.string.lstrip("#: "), not token.line[: token.start[1]].strip()


def read_messages(tree: ast.AST) -> Iterator[Paragraph]:
    """Yield the texts that a person reads: of whatever is raised, and of problems and findings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from read_texts(node.exc)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _MESSAGE_CALLS:
            yield from read_texts(node)


def read_texts(call: ast.Call) -> Iterator[Paragraph]:
    """Yield the string literals among the arguments of a call."""
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        text = read_text(argument)
        if text:
            yield Paragraph(argument.lineno, text)


def read_text(node: ast.expr) -> str:
    """Return the text of a string literal, with a word for each value that is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(read_text(part) if isinstance(part, ast.Constant) else _VALUE for part in node.values)
    return ""
