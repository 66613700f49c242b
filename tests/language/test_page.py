"""The tables of the style page agree with the checker, and its commands run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.language import __main__ as command
from tests.language.check import check_markdown, check_python
from tests.language.files import ROOT

PAGE = (ROOT / "docs" / "contributing" / "language.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/python -m tests\.language(.*?)(?:#.*)?$", PAGE, flags=re.MULTILINE)


def read_examples() -> Iterator[tuple[str, str]]:
    """Yield the refused and the good example of each row of the tables `refused | write`, with its section."""
    for section in PAGE.split("\n## ")[1:]:
        for table in re.findall(r"^\| refused \| write .*?\n\n", section, flags=re.MULTILINE | re.DOTALL):
            for row in table.strip().splitlines()[2:]:
                refused, write = row.split(" | ")[:2]
                yield section.splitlines()[0], refused.strip("| ")
                yield section.splitlines()[0] + " (good)", write.strip("| ")


EXAMPLES = list(read_examples())


def is_refused(section: str, example: str) -> bool:
    """Return whether the checker finds something in an example."""
    text = example.strip('`"')
    if section.startswith("Names"):
        return bool(list(check_python(f"{text}: ...\n")))
    if section.startswith("Docstrings"):
        return bool(list(check_python(f'def function():\n    """{text}"""\n')))
    return bool(list(check_markdown(text)))


@pytest.mark.parametrize(("section", "example"), EXAMPLES)
def test_the_checker_refuses_the_bad_examples_and_no_good_one(section: str, example: str) -> None:
    assert is_refused(section, example) != section.endswith("(good)")


def test_each_rule_has_examples() -> None:
    sections = {section.partition(" (")[0] for section, _ in EXAMPLES}
    assert sections == {"Names of functions", "Docstrings", "Sentences", "Words"}


def test_good_names_of_the_page_pass() -> None:
    names = re.findall(r"`(\w+)`", PAGE.split("These names are good:")[1].split("Properties,")[0])
    assert len(names) == 7
    assert not any(is_refused("Names", f"def {name}()") for name in names)


def test_every_list_that_the_page_names_exists() -> None:
    names = re.findall(r"\b\w+\.(?:tsv|txt)\b", PAGE)
    assert len(names) == 5
    assert all((Path(__file__).parent / name).is_file() for name in names)


def test_the_commands_of_the_page_are_understood() -> None:
    assert len(COMMANDS) == 3
    for arguments in COMMANDS:
        assert command.choose_paths(command.parse_arguments(arguments.split()))
