"""All rules, for one file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.language import markdown
from tests.language.docstrings import check_docstrings
from tests.language.finding import Finding
from tests.language.names import check_names
from tests.language.python_source import read_comments, read_docstrings, read_messages
from tests.language.sentences import check_sentences
from tests.language.words import check_words


def check_file(file: Path) -> list[Finding]:
    """Return the findings of a file, in the order of their lines."""
    text = file.read_text(encoding="utf-8")
    findings = check_python(text) if file.suffix == ".py" else check_markdown(text)
    return sorted(set(findings), key=lambda finding: (finding.line, finding.rule))


def check_python(source: str) -> Iterator[Finding]:
    """Yield the findings of a Python file."""
    tree = ast.parse(source)
    prose = [*read_docstrings(tree), *read_comments(source)]
    yield from check_names(tree)
    yield from check_docstrings(tree)
    yield from check_sentences(prose)
    yield from check_words([*prose, *read_messages(tree)])


def check_markdown(text: str) -> Iterator[Finding]:
    """Yield the findings of a Markdown file."""
    prose = list(markdown.read_paragraphs(text))
    yield from check_sentences(prose)
    yield from check_words(prose)
