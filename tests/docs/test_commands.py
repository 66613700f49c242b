"""The page of the commands has every one of them, and what it shows can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from docs.generated import commands

PAGE = (Path(__file__).parents[2] / "docs" / "syncs" / "commands.md").read_text(encoding="utf-8")
SHARED = {each.name for each in connector.params}


def section(name: str) -> str:
    """Return the page's section about a command."""
    return PAGE.partition(f"\n### `connector {name}`\n")[2].partition("\n### ")[0].partition("\n## ")[0]


def cells(name: str, header: str) -> list[list[str]]:
    """Return the lines of a table in a command's section, each as a list of cells."""
    lines = section(name).partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_command_of_the_core_has_a_section() -> None:
    listed = re.findall(r"^### `connector ([\w-]+)`$", PAGE, flags=re.MULTILINE)
    assert sorted(listed) == sorted(commands.core_commands())
    assert {"init", "plan", "run", "resolve"} <= set(listed)
    assert "salesforce" not in listed


@pytest.mark.parametrize("name", commands.core_commands())
def test_a_section_has_every_option_with_its_help_and_every_argument_with_its_meaning(name: str) -> None:
    command = commands.core_commands()[name]
    options = [each for each in command.params if isinstance(each, click.Option) and each.name not in SHARED]
    shown = cells(name, "option")
    assert [re.findall(r"--[\w-]+", option)[0] for option, _, _ in shown] == [each.opts[0] for each in options]
    for each, (_, _, text) in zip(options, shown, strict=True):
        assert text.replace("`", "").startswith((each.help or "").removesuffix("."))
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    meanings = [meaning for _, meaning in cells(name, "argument")]
    assert len(meanings) == len(arguments)
    assert all(meaning.endswith(".") for meaning in meanings)


@pytest.mark.parametrize("example", commands.examples())
def test_a_command_that_the_page_shows_is_understood(example: str) -> None:
    assert f"$ {example}\n" in PAGE
    _, name, *arguments = shlex.split(example.partition(" > ")[0])
    with click.Context(connector, obj=Settings()) as parent:
        commands.core_commands()[name].make_context(name, arguments, parent=parent)


def test_a_command_that_is_not_understood_would_be_noticed() -> None:
    with click.Context(connector, obj=Settings()) as parent, pytest.raises(click.NoSuchOption):
        commands.core_commands()["run"].make_context("run", ["contacts", "--frist-run", "send"], parent=parent)
