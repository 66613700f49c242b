"""Keys and environment variables that a project lacks are named in the order of its file."""

from __future__ import annotations

import re
from pathlib import Path

from tests.connector_sdk.cli.conftest import Invoke

PROJECT = """\
models:
  rows: {}
  items: {file: a.csv}
syncs:
  rows: {}
  items: {model: items}
"""


def start_project(invoke: Invoke, folder: Path) -> str:
    """Return what `connector init` writes before the models."""
    assert invoke("init", str(folder), destinations={}).exit_code == 0
    begin, _, _ = (folder / "connector.yml").read_text(encoding="utf-8").partition("models:")
    return begin


def test_missing_keys_of_a_project_of_init_are_named_in_the_order_of_its_file(invoke: Invoke, tmp_path: Path) -> None:
    begin = re.sub("(?m)^    type: .*$", "    type:", start_project(invoke, tmp_path))
    (tmp_path / "connector.yml").write_text(f"{begin}  backup: {{}}\n{PROJECT}", encoding="utf-8")
    said = invoke("--project", str(tmp_path), "check").stderr
    told = re.findall(r":(\d+) (\S+): (\w+) (?:is missing|be text)", said)
    assert [(place, key) for _, place, key in told] == [
        ("connections.crm.type", "must"), ("connections.backup", "type"),
        ("models.rows", "primary_key"), ("models.items", "primary_key"),
        *(("syncs.rows", key) for key in ("model", "connection", "object", "mode")),
        *(("syncs.items", key) for key in ("connection", "object", "mode")),
    ]  # fmt: skip
    lines = [int(line) for line, _, _ in told]
    assert lines == sorted(lines)


def test_the_settings_that_the_type_of_init_needs_are_shown_by_check_and_not_guessed(
    invoke: Invoke, tmp_path: Path
) -> None:
    begin = start_project(invoke, tmp_path)
    settings = begin.partition("    type: ")[2]
    assert not re.search(r"# \w+: ", settings)
    assert "`connector check` says which" in settings
    (tmp_path / "connector.yml").write_text(re.sub("(?m)^    type: .*$", "    type: reference", begin))
    said = invoke("--project", str(tmp_path), "check").stderr
    assert "connections.crm: path is missing — add path" in said


def test_missing_environment_variables_are_named_in_the_order_of_the_file(invoke: Invoke, tmp_path: Path) -> None:
    begin = re.sub("(?m)^    type: .*$", "    type: reference", start_project(invoke, tmp_path))
    settings = "    token: ${ORDER_T}\n    path: ${ORDER_P}\n"
    others = "".join(f"  {name}: {{type: reference, path: a, token: '${{ORDER_{name}}}'}}\n" for name in ("zoo", "ark"))
    (tmp_path / "connector.yml").write_text(f"{begin.rstrip()}\n{settings}{others}", encoding="utf-8")
    said = invoke("--project", str(tmp_path), "check").stderr
    assert re.findall(r"environment variable ORDER_(\w+) is not set", said) == ["T", "P", "zoo", "ark"]
