"""What the README shows can be done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector_sdk.project.document import read_document
from connector_sdk.project.load import load_project

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("python")
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == "2 rows would be sent\n2 rows were accepted, 2 records were created\n"


def test_the_project_example_is_part_of_the_quickstart(tmp_path: Path) -> None:
    (shown,) = blocks("yaml")
    (tmp_path / "connector.yml").write_text(shown, encoding="utf-8")
    load_project(tmp_path / "connector.yml")
    quickstart = read_document(ROOT / "examples" / "quickstart" / "connector.yml").data
    example = read_document(tmp_path / "connector.yml").data
    assert example["connections"] == quickstart["connections"]
    assert example["models"]["contacts"] == quickstart["models"]["contacts"]
    sync = example["syncs"]["contacts"]
    assert sync["fields"].items() <= quickstart["syncs"]["contacts"]["fields"].items()
