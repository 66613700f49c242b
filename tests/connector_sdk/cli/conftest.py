"""Run commands as a user would, in a project of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from connector_sdk import (
    CONTRACT,
    Api,
    Classification,
    CommandSettings,
    ConfigError,
    Connection,
    Delivery,
    Destination,
    DestinationSpec,
    Executed,
    ExitCode,
    Field,
    FieldType,
    Kind,
    Mode,
    ObjectInfo,
    ObjectSchema,
    Problem,
    Removal,
    RowError,
    Secret,
    WriteResult,
    hookimpl,
)
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.hooks.defaults import classify_error as by_default

PROJECT = """\
version: 1
connections:
  crm: {type: shelf, token: "${SHELF_TOKEN}"}
models:
  books: {file: books.csv, primary_key: isbn}
syncs:
  books:
    model: books
    connection: crm
    object: Book
    mode: upsert
    match: {field: isbn, column: isbn}
    fields: {isbn: isbn, title: title}
  authors:
    model: books
    connection: crm
    object: Author
    mode: upsert
    match: {field: name, column: author}
    fields: {name: author}
sequences:
  nightly: [books, authors]
"""


@frozen
class ShelfConfig:
    """A library."""

    token: Secret


@frozen
class ShelfOptions:
    """No options."""


class Shelf:
    """A destination that can be looked at."""

    @hookimpl
    def destination_spec(self) -> DestinationSpec:
        delivery = {Mode.UPSERT: Delivery.AT_LEAST_ONCE}
        return DestinationSpec(
            name="shelf",
            contract=CONTRACT,
            modes={Mode.UPSERT: frozenset({Removal.NOTHING})},
            apis=(
                Api(
                    name="rest",
                    delivery=delivery,
                    rows_default=10,
                    rows_max=10,
                    bytes_max=None,
                    parallel_default=1,
                    parallel_max=1,
                ),
            ),
            config=ShelfConfig,
            options=ShelfOptions,
        )

    @hookimpl
    def connect(self, config: ShelfConfig) -> Connection:
        if config.token.reveal() == "lost-ticket":
            raise ConfigError(
                [Problem("the library does not know this token", ("token",))], exit_code=ExitCode.UNREACHABLE
            )
        return Connection(handle=self, account="library-1", label="The library", production=True, close=lambda: None)

    @hookimpl
    def list_objects(self) -> list[ObjectInfo]:
        return [ObjectInfo("Book", "Book", frozenset({Mode.UPSERT})), ObjectInfo("Author", "=1+1", frozenset())]

    @hookimpl
    def discover_schema(self, object_name: str) -> ObjectSchema:
        fields = (
            Field(name="isbn", type=FieldType.TEXT, unique=True, external_id=True, recommended=True),
            Field(
                name="shelved", type=FieldType.TEXT, updatable=False, not_matchable={Mode.UPSERT: "it is not unique"}
            ),
            Field(
                name="id",
                type=FieldType.TEXT,
                creatable=False,
                updatable=False,
                not_writable={Mode.UPSERT: "the library sets it"},
                not_matchable={Mode.UPSERT: "it is not unique"},
            ),
        )
        return ObjectSchema(name=object_name, label=object_name, fields=fields, modes=frozenset({Mode.UPSERT}))

    @hookimpl
    def write_batch(self) -> WriteResult:
        return WriteResult.of([])

    @hookimpl
    def classify_error(self, error: RowError | BaseException) -> Classification:
        if isinstance(error, RowError) and error.code == "LENT_OUT":
            return Classification(
                kind=Kind.REJECTED,
                executed=Executed.NO,
                cause="Another reader has the book.",
                advice="Ask them for it.",
            )
        return by_default(error)

    @hookimpl
    def commands(self) -> list[click.Command]:
        @click.command("dust")
        @click.pass_obj
        def dust(settings: Settings) -> None:
            click.echo(f"dusted {len(settings.project.syncs)} shelves")

        @click.command("card")
        @click.argument("connection", required=False)
        @click.pass_obj
        def card(settings: CommandSettings, connection: str | None) -> None:
            found = settings.settings_of("shelf", connection)
            found.host.tokens.save(found.config.token.reveal())
            settings.say(f"the card is {found.host.tokens.load()}")
            settings.write(("connection",), [{"connection": found.name}])

        return [dust, card]

    @hookimpl
    def match(self) -> pa.Table:
        raise AssertionError("nothing is matched here")


Invoke = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project; commands run in it."""
    (tmp_path / "connector.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "books.csv").write_text("isbn,title,author\n1,Walden,Thoreau\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELF_TOKEN", "open-sesame")
    return tmp_path


@pytest.fixture
def invoke() -> Invoke:
    """Run `connector` with arguments; the destination `shelf` is there."""

    def run_command(*arguments: str, destinations: Mapping[str, Any] | None = None) -> Result:
        known = {"shelf": Destination("shelf", Shelf())} if destinations is None else destinations
        return CliRunner().invoke(connector, list(arguments), obj=Settings(destinations=known))

    return run_command
