"""A plugin that is installed and that no connection names is never imported: whatever it does then is not done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: store.db}
models:
  people: {file: people.csv, primary_key: key}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: key}
    fields: {name: text}
"""

PLUGINS = {
    "reference": "from connector_sdk.testing.reference.plugin import *\n",
    "hostile": "from pathlib import Path\nPath(__file__).with_name('was-imported').touch()\nraise SystemExit(9)\n",
}

COMMANDS = (
    "--help", "--version", "check", "discover crm", "discover crm people", "plan people", "run people", "runs",
    "schema", "explain NULL_KEY", "init new",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a project, and a place with two installed plugins beside it."""
    for name, code in PLUGINS.items():
        about = tmp_path / "site" / f"plugin_{name}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[connector_sdk.destinations]\n{name} = plugin_{name}\n")
        (tmp_path / "site" / f"plugin_{name}.py").write_text(code)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "connector.yml").write_text(PROJECT)
    (tmp_path / "project" / "people.csv").write_text("key,text\na,Ann\n")
    for name in ("json", "duckdb", "salesforce", "plugin_reference", "attrs"):
        (tmp_path / "project" / f"{name}.py").write_text("from pathlib import Path; Path('was-imported').touch()\n")
    return tmp_path


ALL = """\
import sys
from click.testing import CliRunner
from connector_sdk.cli.app import connector
for arguments in sys.argv[1:]:
    done = CliRunner().invoke(connector, arguments.split())
    assert done.exit_code == 0, (arguments, done.output, done.stderr)
"""


def run_in_project(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder of the project."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    return subprocess.run(
        command, cwd=folder / "project", env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_plugin_that_is_not_named_is_never_imported(folder: Path) -> None:
    (folder / "site" / "all_commands.py").write_text(ALL)
    done = run_in_project(folder, sys.executable, str(folder / "site" / "all_commands.py"), *COMMANDS)
    assert done.returncode == 0, done.stderr
    assert not (folder / "site" / "was-imported").exists()


def test_code_in_the_folder_of_the_project_is_not_imported(folder: Path) -> None:
    done = run_in_project(folder, str(Path(sys.executable).with_name("connector")), "check")
    assert done.returncode == 0, done.stderr
    assert not (folder / "project" / "was-imported").exists()


def test_a_plugin_is_imported_as_soon_as_it_is_named(folder: Path) -> None:
    file = folder / "project" / "connector.yml"
    file.write_text(file.read_text().replace("type: reference", "type: hostile"))
    run_in_project(folder, str(Path(sys.executable).with_name("connector")), "check")
    assert (folder / "site" / "was-imported").exists()
