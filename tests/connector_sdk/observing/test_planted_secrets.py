"""No secret of a connection is seen anywhere, although the destination repeats all of them wherever it can speak."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from click.testing import CliRunner

from connector_sdk import ConfigError, Project, hookimpl
from connector_sdk.check import check
from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.lifecycle.connect import open_connection
from connector_sdk.project.load import load_project
from connector_sdk.run import FirstRun, plan, run

from .mirror import Mirror
from .planted import echo, everything_in, find_secrets, plant_secrets

SETTINGS, ISSUED = plant_secrets(12), plant_secrets(60, first=12)
SECRETS = (*SETTINGS, *ISSUED)

PROJECT = """\
version: 1
connections:
  crm:
    type: mirror
    password: ${PLANTED_0}
    keys: {first: "${PLANTED_1}", others: {%s}}
models:
  things: {file: things.csv, primary_key: key}
syncs:
  things:
    model: things
    connection: crm
    object: Thing
    mode: upsert
    match: {field: key, column: key}
    fields: {text: text}
  inserts: {model: things, connection: crm, object: Thing, mode: insert, fields: {text: text}}
""" % ", ".join(f'k{number}: "${{PLANTED_{number}}}"' for number in range(2, len(SETTINGS)))  # noqa: UP031

QUICK = ("connect: bug", "write_batch: bug")
SAYS = (
    *QUICK, "", "command: bug", "connect: config", "connect: broken", "connect: exit", "discover_schema: config",
    "discover_schema: bug", "list_objects: bug", "check_sync", "check_plan: bug", "finding", "write_batch: broken",
    "write_batch: not executed", "write_batch: fatal", "write_batch: stopped", "unknown row", "anchored",
    "command: stopped",
)  # fmt: skip
"""Where the destination speaks up, beside what it says in every case."""

COMMANDS = (
    ("check",), ("discover", "crm"), ("discover", "crm", "Thing"), ("plan", "things", "--save"), ("run", "things"),
    ("run", "inserts", "--first-run", "send"), ("mirror", "say"), ("--verbose", "check"),
)  # fmt: skip
FORMATS = ("table", "json", "csv")

each_way = pytest.mark.parametrize(
    "says", [each if each in QUICK else pytest.param(each, marks=pytest.mark.long) for each in SAYS]
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    (tmp_path / "connector.yml").write_text(PROJECT)
    (tmp_path / "things.csv").write_text("key,text\na,one\nb,two\n")
    for number, each in enumerate(SETTINGS):
        monkeypatch.setenv(f"PLANTED_{number}", each.text)
    monkeypatch.chdir(tmp_path)
    kept = logging.getLogger().handlers[:], logging.getLogger("connector_sdk").level
    yield load_project(tmp_path)
    logging.getLogger().handlers[:] = kept[0]
    logging.getLogger("connector_sdk").setLevel(kept[1])


@define
class Watching:
    """An observer that keeps the reprs of all events."""

    told: list[str] = field(factory=list)

    @hookimpl
    def call_finished(self, call: Any) -> None:
        self.told.append(repr(call))

    @hookimpl
    def batch_finished(self, batch: Any) -> None:
        self.told.append(repr(batch))

    @hookimpl
    def run_planned(self, plan: Any) -> None:
        self.told.append(repr(plan))

    @hookimpl
    def run_finished(self, report: Any) -> None:
        self.told.append(repr(report))


def mirror(says: str) -> Mirror:
    return Mirror(echo(SECRETS, 2), says, tuple(each.text for each in ISSUED))


def test_the_marks_are_found_where_nothing_hides_them() -> None:
    for each in SECRETS:
        assert find_secrets(SECRETS, echo([each])) == [each.text]


@each_way
def test_no_command_shows_or_keeps_one(project: Project, says: str) -> None:
    shown: list[tuple[str, str]] = []
    destinations = {"mirror": mirror(says).destination()}

    def run_command(*arguments: str) -> str:
        with redirect_stderr(io.StringIO()) as log:
            result = CliRunner().invoke(connector, list(arguments), obj=Settings(destinations=destinations))
        shown.append((" ".join(arguments), result.output + result.stderr + log.getvalue()))
        return result.stdout

    for each in COMMANDS:
        run_command(*each)
    runs = [line.split(",")[0] for line in run_command("runs", "--output", "csv").splitlines()[1:]]
    past = ("rows", "calls", "show", "resolve")
    for number, command, output in product(runs, past, FORMATS if not says else ["json"]):
        run_command(command, number, "--output", output)
    for command, output in product((("check",), ("plan", "things"), ("run", "things")), FORMATS if not says else []):
        run_command(*command, "--output", output)
    shown += everything_in(Path(project.folder))
    assert [(where, find_secrets(SECRETS, text)[:3]) for where, text in shown if find_secrets(SECRETS, text)] == []
    assert any("***" in text for _, text in shown)


@each_way
def test_no_exception_report_or_event_holds_one(project: Project, says: str) -> None:
    speaking, watching = mirror(says), Watching()
    destinations = {"mirror": speaking.destination()}
    told: list[str] = []

    def ask(call: Any) -> None:
        try:
            told.append(repr(call()))
        except BaseException as error:
            told.extend(traceback.format_exception(error))
            told.append(repr((error, vars(error), error.__cause__, error.__context__)))

    def discover() -> object:
        with open_connection(project, "crm", destinations=destinations) as (destination, live):
            return live.label, destination.list_objects(live), destination.discover_schema(live, "Thing")

    ask(lambda: check(project, destinations=destinations))
    ask(discover)
    ask(lambda: plan(project, "things", destinations=destinations))
    for sync in ("things", "inserts"):
        first = FirstRun.SEND if sync == "inserts" else None
        ask(lambda: run(project, sync, destinations=destinations, observers=[watching], first_run=first))  # noqa: B023
    shown = [repr(project), repr(speaking.seen), str(speaking.seen), *told, *watching.told]
    assert [find_secrets(SECRETS, text)[:3] for text in shown if find_secrets(SECRETS, text)] == []


def test_settings_that_are_wrong_are_told_without_their_values(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_1", "")
    with pytest.raises(ConfigError) as raised:
        check(project, destinations={"mirror": mirror("").destination()})
    assert find_secrets(SECRETS, "".join(traceback.format_exception(raised.value))) == []
