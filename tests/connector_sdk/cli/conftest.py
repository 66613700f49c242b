"""Run commands as a user would, in a project of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from connector_sdk import CommandSettings
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings

from ..destinations import reference

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: store.db, token: "${CRM_TOKEN}"}
models:
  books: {file: books.csv, primary_key: isbn}
syncs:
  books:
    model: books
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: isbn}
    fields: {name: title}
  authors:
    model: books
    connection: crm
    object: accounts
    mode: upsert
    match: {field: number, column: author}
    fields: {name: author}
sequences:
  nightly: [books, authors]
"""


def commands() -> list[click.Command]:
    """Return two commands of a destination: one needs only the project, one needs a connection of the project."""

    @click.command("dust")
    @click.pass_obj
    def dust(settings: Settings) -> None:
        click.echo(f"dusted {len(settings.project.syncs)} shelves")

    @click.command("card")
    @click.argument("connection", required=False)
    @click.pass_obj
    def card(settings: CommandSettings, connection: str | None) -> None:
        found = settings.settings_of("reference", connection)
        found.host.tokens.save(found.config.token.reveal())
        settings.say(f"the card is {found.host.tokens.load()}")
        settings.write(("connection",), [{"connection": found.name}])

    return [dust, card]


Invoke = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project; commands run in it."""
    (tmp_path / "connector.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "books.csv").write_text("isbn,title,author\n1,Walden,Thoreau\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_TOKEN", "open-sesame")
    return tmp_path


@pytest.fixture
def invoke() -> Invoke:
    """Run `connector` with arguments, with the reference destination and two commands of its own."""

    def run_command(*arguments: str, destinations: Mapping[str, Any] | None = None) -> Result:
        known = reference(commands=commands) if destinations is None else destinations
        return CliRunner().invoke(connector, list(arguments), obj=Settings(destinations=known))

    return run_command
