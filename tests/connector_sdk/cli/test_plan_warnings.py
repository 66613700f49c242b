"""What a run says before it writes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from connector_sdk import Finding, Level
from connector_sdk.testing.reference import plugin

from ..destinations import reference
from .conftest import Invoke

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
    fields: {name: text, interests: hobby}
"""
NOVEL = "people: warning: interests does not have these values yet: 'Golf' — they are sent as they are"
FULL = "people: warning: the shelf is nearly full — buy another"


def read_messages(result: Result) -> list[str]:
    """Return the warnings on stderr and the line `writing`, without the progress of the run."""
    return [line for line in result.stderr.splitlines() if line == "writing" or "warning:" in line]


@pytest.fixture
def asked() -> list[Any]:
    """The plans that the destination was asked about."""
    return []


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Any], invoke: Invoke) -> Invoke:
    """Commands in a folder with a project; the destination warns of every plan, and says when it writes."""
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(PROJECT)
    Path("people.csv").write_text("key,text,hobby\na,Ann,Golf\n")

    def check_plan(plan: Any) -> list[Finding]:
        asked.append(plan)
        return [Finding(Level.WARNING, "the shelf is nearly full", "buy another"), Finding(Level.INFO, "it is Monday")]

    def write_batch(connection: Any, batch: Any, options: Any, attempt: Any) -> Any:
        click.echo("writing", err=True)
        return plugin.write_batch(connection, batch, options, attempt)

    return partial(invoke, destinations=reference(check_plan=check_plan, write_batch=write_batch))


def test_a_run_tells_the_warnings_of_its_plan_before_it_writes(command: Invoke) -> None:
    result = command("run", "people", "--output", "json")
    assert result.exit_code == 0
    assert read_messages(result) == [NOVEL, FULL, "writing"]
    assert json.loads(result.stdout)[0]["rows"]["succeeded"] == 1


def test_so_does_the_run_of_a_saved_plan(command: Invoke) -> None:
    saved = json.loads(command("plan", "people", "--save", "--output", "json").stdout)[0]["run"]
    assert read_messages(command("run", "people", "--plan", saved)) == [NOVEL, FULL, "writing"]


def test_a_quiet_run_tells_none(command: Invoke) -> None:
    assert command("run", "people", "--quiet").stderr.splitlines() == ["writing"]


def test_a_run_that_sends_nothing_does_not_ask_the_destination_about_its_plan_and_a_plan_does(
    command: Invoke, asked: list[Any]
) -> None:
    command("run", "people")
    result = command("run", "people")
    assert (result.exit_code, read_messages(result), len(asked)) == (0, [], 1)
    assert "the shelf is nearly full" in command("plan", "people").stdout
    assert len(asked) == 2
