"""What the README shows can be done."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from salesforce_emulator import Emulator

from connector_sdk.cli.app import connector
from connector_sdk.project.document import read_document
from connector_sdk.project.load import load_project

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = ROOT / "examples" / "quickstart"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [block for named, block in found if named == language]


def drop_what_differs(output: str) -> str:
    """Return the output of a run without its id, its seconds and its calls, which differ from run to run."""
    output = re.sub(r"\d{8}-\d{6}-\w+", "RUN", output)
    return re.sub(r"finished in [\d.]+ s|\d+ made, [\d,]+ left", "...", output)


def load_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quickstart_demo", QUICKSTART / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    return demo


def test_the_project_example_is_part_of_the_quickstart(tmp_path: Path) -> None:
    (shown,) = blocks("yaml")
    (tmp_path / "connector.yml").write_text(shown, encoding="utf-8")
    load_project(tmp_path / "connector.yml")
    quickstart = read_document(QUICKSTART / "connector.yml").data
    example = read_document(tmp_path / "connector.yml").data
    assert example["connections"] == quickstart["connections"]
    assert example["models"]["contacts"] == quickstart["models"]["contacts"]
    sync = example["syncs"]["contacts"]
    assert sync["fields"].items() <= quickstart["syncs"]["contacts"]["fields"].items()
    assert {**sync, "fields": {}} == {**quickstart["syncs"]["contacts"], "fields": {}}


@pytest.mark.timeout(600)
def test_the_second_run_of_the_quickstart_says_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = [each for each in blocks("") if each.startswith("$ ")]
    command, _, output = shown.partition("\n")
    demo = load_demo()
    monkeypatch.setattr(demo, "PROJECT", tmp_path / "quickstart")
    shutil.copytree(QUICKSTART, demo.PROJECT, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with Emulator() as org:
        for name in ("login_url", "client_id", "client_secret"):
            monkeypatch.setenv(f"SF_{name.upper()}", getattr(org, name))
        monkeypatch.chdir(demo.PROJECT)
        first = CliRunner().invoke(connector, ["run", "nightly"])
        assert first.exit_code == 1, first.output
        demo.change_rows()
        second = CliRunner().invoke(connector, command.split()[2:])
    assert drop_what_differs(second.stdout) == drop_what_differs(output)


def test_the_commands_of_the_readme_are_targets_of_make() -> None:
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = re.findall(r"^make ([\w-]+)|`make ([\w-]+)`", README, flags=re.MULTILINE)
    assert {one or other for one, other in named} <= set(known)
