from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest
from connector_notebook import book, plugin
from connector_notebook.book import Book, Busy, Line
from connector_notebook.codes import CODES

from connector_sdk import (
    Action,
    Batch,
    Column,
    ConfigError,
    Connection,
    Destination,
    Executed,
    ExitCode,
    Kind,
    Mode,
    NoOptions,
    NotExecuted,
    RowError,
)
from connector_sdk.testing.doubles import RecordingHost, RecordingRun

FOLDER = Path(__file__).parents[1]
NOTEBOOK = Destination("notebook", plugin)
NOTE = Batch(
    run="run",
    number=1,
    object_name="notes",
    action=Action.CREATE,
    mode=Mode.INSERT,
    api="page",
    columns=(Column("title"),),
    rows=pa.table({"title": ["one"]}),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notebook.db"


@pytest.fixture
def connection(file: Path) -> Connection:
    return NOTEBOOK.connect(plugin.Config(str(file)), RecordingHost())


def test_the_entry_point_leads_to_the_plugin() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    (target,) = project["entry-points"]["connector_sdk.destinations"].values()
    assert import_module(target) is plugin


def test_a_notebook_in_use_is_waited_for_and_then_nothing_was_executed(
    file: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "_PATIENCE", 0.01)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(NotExecuted) as refused:
            NOTEBOOK.write_batch(connection, NOTE, NoOptions(), RecordingRun().attempt(NOTE))
    assert NOTEBOOK.classify_error(RowError(refused.value.code, "", Action.CREATE)).kind is Kind.TRANSIENT
    assert NOTEBOOK.classify_error(Busy()).executed is Executed.NO
    assert connection.handle.records("notes")[0] == []


def test_what_was_settled_as_not_executed_is_never_executed_late(connection: Connection) -> None:
    assert connection.handle.settle("late") is None
    with pytest.raises(sqlite3.IntegrityError):
        connection.handle.write("notes", Action.CREATE, [Line(None, {"title": "one"})], "late")
    assert connection.handle.records("notes")[0] == []


def test_another_notebook_is_another_account(file: Path, connection: Connection) -> None:
    assert Book(str(file)).account() == connection.account
    assert Book(f"{file}-2").account() != connection.account


def test_a_file_that_is_no_notebook_is_told_when_connecting(file: Path) -> None:
    file.write_text("a letter, not a notebook, and long enough to be looked at " * 20)
    with pytest.raises(ConfigError, match="is no notebook") as refused:
        NOTEBOOK.connect(plugin.Config(str(file)), RecordingHost())
    assert refused.value.exit_code is ExitCode.UNREACHABLE


def test_a_key_that_belongs_to_another_record_is_a_duplicate(connection: Connection) -> None:
    def act(action: Action, line: Line, token: str) -> dict[str, object]:
        (answer,) = connection.handle.write("contacts", action, [line], token)
        return answer

    for key in ("a", "b"):
        act(Action.UPSERT, Line(None, {"key": key, "name": key}), key)
    assert act(Action.UPDATE, Line("1", {"key": "b"}), "c")["code"] == "duplicate"


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    known = NOTEBOOK.classify_error(RowError(code, "", Action.UPSERT))
    assert known.cause
    assert known.advice
