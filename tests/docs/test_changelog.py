"""The changelog is sorted for readers, and names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector_sdk.cli.app import connector

from .test_links import find_broken_links

FILE = Path(__file__).parents[2] / "CHANGELOG.md"
CHANGELOG = FILE.read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_links_of_the_changelog_lead_somewhere() -> None:
    assert list(find_broken_links(FILE)) == []


def test_a_version_sorts_its_changes_by_kind_in_the_usual_order() -> None:
    versions = re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)[1:]
    assert versions
    for version in versions:
        kinds = re.findall(r"^### (.+)$", version, flags=re.MULTILINE)
        assert kinds == [each for each in KINDS if each in kinds]


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`([A-Z]+_[A-Z_]+)`", CHANGELOG))))
def test_an_error_code_of_the_changelog_can_be_explained(code: str) -> None:
    explained = CliRunner().invoke(connector, ["explain", code])
    assert (explained.exit_code, code in explained.output) == (0, True)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`connector ([a-z-]+(?: [a-z]+)?)", CHANGELOG))))
def test_a_command_of_the_changelog_exists(command: str) -> None:
    shown = CliRunner().invoke(connector, [*command.split(), "--help"])
    assert shown.exit_code == 0, shown.output
