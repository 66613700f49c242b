"""What `check` and `plan` say of a model that is not wrong and yet may not be what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Invoke

PROJECT = """\
version: 1
connections: {crm: {type: reference, path: store.db}}
models:
  rows: {sql: "select * from 'a.csv' order by rank", primary_key: k}
syncs:
  people: &sync
    model: rows
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: k}
    fields: {name: n}
  others: *sync
"""
SAID = "the SQL of model rows orders by rank, which is text of digits: 10 comes before 9"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> Invoke:
    """Commands in a folder with a project whose model orders by text of digits."""
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(PROJECT, encoding="utf-8")
    Path("a.csv").write_text("k,n,rank\n1,Ada,1\n2,Grace,10\n", encoding="utf-8")
    return invoke


@pytest.mark.rule("V9")
def test_check_warns_once_on_stderr_and_ends_well(command: Invoke) -> None:
    shown = command("check")
    assert shown.exit_code == 0
    assert shown.stderr.count(f"warning: {SAID}") == 1
    assert SAID not in shown.stdout


@pytest.mark.rule("V9")
def test_check_has_its_warnings_in_json(command: Invoke) -> None:
    (record,) = json.loads(command("--output", "json", "check").stdout)
    (finding,) = record["findings"]
    assert (finding["level"], finding["message"]) == ("warning", SAID)
    assert "cast" in finding["advice"]


@pytest.mark.rule("V9")
def test_plan_has_it_among_its_findings(command: Invoke) -> None:
    assert f"warning: {SAID}" in command("plan", "people").stdout


def test_check_says_nothing_of_a_model_that_orders_by_numbers(command: Invoke) -> None:
    text = PROJECT.replace("by rank", "by cast(rank as integer)")
    Path("connector.yml").write_text(text, encoding="utf-8")
    assert "warning" not in command("check").stderr
