"""What the pages about the emulator show works, and what their tables list is what there is."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import fields
from click.testing import CliRunner
from salesforce_emulator import Emulator
from salesforce_emulator.__main__ import main
from salesforce_emulator.faults import Action, Match, Rule
from salesforce_emulator.side_door import ROUTES

from connector_sdk.cli.app import connector

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "destinations"
FIRST = (MANUAL / "emulator.md").read_text(encoding="utf-8")
FAULTS = (MANUAL / "emulator" / "faults.md").read_text(encoding="utf-8")
README = (ROOT / "plugins" / "salesforce_emulator" / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def first_words(text: str, heading: str) -> set[str]:
    """Return the words in backticks in the first cells of the table that has this heading."""
    table = text.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    cells = re.findall(r"^\| (.*?) \|", table, flags=re.MULTILINE)
    return {word for cell in cells for code in re.findall(r"`([^`]+)`", cell) for word in re.findall(r"^[\w-]+", code)}


def test_the_line_that_the_pages_show_is_the_one_of_the_default_org(salesforce_emulator: Emulator) -> None:
    for page in (FIRST, README):
        (line,) = (each for each in page.splitlines() if each.startswith('{"login_url"'))
        told = json.loads(line)
        for name in ("client_id", "client_secret", "username"):
            assert told[name] == getattr(salesforce_emulator, name)


def test_the_project_of_the_page_passes_the_check(
    salesforce_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = blocks(FIRST, "yaml")
    path = tmp_path / "connector.yml"
    path.write_text(shown.replace("http://127.0.0.1:8766", salesforce_emulator.login_url), encoding="utf-8")
    monkeypatch.setenv("SF_CLIENT_SECRET", salesforce_emulator.client_secret)
    said = CliRunner().invoke(connector, ["--project", str(tmp_path), "check"])
    assert said.exit_code == 0, said.output


def test_every_option_of_the_command_is_in_the_table() -> None:
    options = {each.opts[-1] for each in main.params} - {"--version"}
    assert {f"--{each.lstrip('-')}" for each in first_words(FIRST, "Option")} == options


def test_everything_that_an_emulator_can_do_is_in_the_table() -> None:
    public = {name for name, _ in inspect.getmembers(Emulator) if not name.startswith("_")}
    assert first_words(FIRST, "`Emulator`") - {"Emulator", "with"} == public - {"world"}


def test_every_key_of_a_fault_rule_is_in_the_tables() -> None:
    assert first_words(FAULTS, "Key of `match`") - {"match"} == {each.name for each in fields(Match)}
    told = first_words(FAULTS, "Key of `do`") | {"body", "headers"}
    assert told - {"do"} == {each.name for each in fields(Action)}
    assert first_words(FAULTS, "Key of a rule") == {each.name for each in fields(Rule)} - {"do", "match"}


def find_rules() -> list[str]:
    pages = "\n".join(each.read_text(encoding="utf-8") for each in (MANUAL / "emulator").glob("*.md"))
    examples = FAULTS.split("\n### Examples\n", 1)[1].split("\n## ", 1)[0]
    lists = [each for each in blocks(pages, "json") if each.startswith("[")]
    return [*lists, *re.findall(r"\| `(\{.*\})` \|$", examples, flags=re.MULTILINE)]


@pytest.mark.parametrize("block", find_rules())
def test_a_fault_rule_that_is_shown_is_one(salesforce_emulator: Emulator, block: str) -> None:
    rules: Any = json.loads(block)
    salesforce_emulator.faults(rules if isinstance(rules, list) else [rules])


def test_every_call_of_the_side_door_is_in_the_table() -> None:
    told = set(re.findall(r"`(?:[A-Z]+ )?/__emulator__/(\w+)", FAULTS))
    paths = {each.path.split("/")[2] for each in ROUTES}
    assert paths <= told
