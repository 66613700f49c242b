"""The page of the exit codes shows a script and a report that match what commands do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connector_sdk import Destination, ExitCode
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.project.load import load_project
from connector_sdk.state.folder import state_folder
from connector_sdk.state.lock import hold_lock
from connector_sdk.testing.reference import plugin
from docs.generated.exit_codes import MEANINGS, Next

PAGE = (Path(__file__).parents[2] / "docs" / "syncs" / "exit-codes.md").read_text(encoding="utf-8")

PROJECT = """\
version: 1
connections: {crm: {type: reference, path: store.db}}
models: {people: {file: people.csv, primary_key: id}}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: id}
    fields: {name: name}
"""


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def test_every_code_has_a_line_and_no_other_number_has() -> None:
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert [(int(number), name) for number, name in listed] == [(int(each), each.name) for each in ExitCode]


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_the_script_does_after_each_code_what_the_table_says(code: ExitCode, tmp_path: Path) -> None:
    stand_ins = f'connector() {{ return {int(code)}; }}\nnotify() {{ echo "$1"; }}\n'
    done = subprocess.run(
        ["sh", "-c", stand_ins + block("sh")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    expected = {
        Next.NOTHING: (0, ""),
        Next.RETRY: (int(code), ""),
        Next.NOTIFY: (0, f"connector run nightly ended with {int(code)}\n"),
    }
    assert (done.returncode, done.stdout) == expected[MEANINGS[code].next]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connector.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "people.csv").write_text("id,name\nk1,Everest\nk2,\nk3,Denali\n", encoding="utf-8")
    return tmp_path


def run(sync: str) -> Result:
    settings = Settings(destinations={"reference": Destination("reference", plugin)})
    return CliRunner().invoke(connector, ["run", sync, "--output", "json"], obj=settings)


def drop_run_values(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports without the values that differ in each run."""
    return [{**each, "run": "", "seconds": 0, "started": ""} for each in reports]


def test_the_report_is_one_of_such_a_run(project: Path) -> None:
    result = run("people")
    assert result.exit_code == ExitCode.ROWS_FAILED
    assert drop_run_values(json.loads(block("json"))) == drop_run_values(json.loads(result.stdout))


def test_a_command_that_begins_no_run_writes_an_empty_list_and_after_a_mistyped_name_nothing(project: Path) -> None:
    folder = state_folder(load_project(project))
    with hold_lock(folder.lock("people"), "people"):
        result = run("people")
    assert (result.exit_code, result.stdout) == (ExitCode.LOCKED, "[]\n")
    result = run("poeple")
    assert (result.exit_code, result.stdout) == (ExitCode.CONFIG, "")
