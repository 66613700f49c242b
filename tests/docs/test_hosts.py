"""What the pages for hosts show can be done."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest

from connector_sdk import (
    ConnectionConfig,
    Destination,
    ExitCode,
    FieldMapping,
    Match,
    Mode,
    Model,
    PlanReport,
    Project,
    RunReport,
    Sync,
    history,
)
from connector_sdk.contract.observer_hooks import ObserverHooks
from connector_sdk.run import run
from connector_sdk.testing.reference import plugin

HOSTS = Path(__file__).parents[2] / "docs" / "hosts"
INDEX, THREADS = ((HOSTS / name).read_text(encoding="utf-8") for name in ("index.md", "threads.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

SYNC = "{model: rows, connection: crm, mode: upsert, match: {field: external_id, column: id}, fields: {name: name}"
PROJECT_FILE = f"""\
version: 1
connections: {{crm: {{type: reference, path: store.db}}}}
models: {{rows: {{file: rows.csv, primary_key: id}}}}
syncs:
  teams: {SYNC}, object: people}}
  guests: {SYNC}, object: guests}}
sequences: {{nightly: [teams, guests]}}
"""


@pytest.fixture
def handler_of_sigterm() -> Iterator[None]:
    former = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, former)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("handler_of_sigterm")
def test_the_examples_of_the_first_page_run_in_their_order_and_print_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "connector.yml").write_text(PROJECT_FILE, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id,name\nk1,Ann\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("connector_sdk.lifecycle.connect.load", lambda type_: Destination(type_, plugin))
    printed: list[str] = []
    names: dict[str, Any] = {"print": lambda *words: printed.append(" ".join(map(str, words)))}
    for language, block in BLOCK.findall(INDEX):
        if language == "python":
            exec(compile(block, "index.md", "exec"), names)
        else:
            assert printed == block.splitlines()
            printed.clear()
    assert printed == []

    of_the_file = [each.sync for each in history.runs(names["nightly"]) if each.sync != "people"]
    assert of_the_file == ["guests", "teams"]
    assert names["status"] == ExitCode.OK
    os.kill(os.getpid(), signal.SIGTERM)
    assert names["cancel"].wait(10)
    (stopped,) = run(names["project"], "people", destinations=names["destinations"], full=True, cancel=names["cancel"])
    assert (stopped.exit, stopped.rows.unprocessed) == (ExitCode.INTERRUPTED, 2)


@pytest.mark.parametrize(
    ("heading", "report"), [("What `plan` returns", PlanReport), ("What `run` returns", RunReport)]
)
def test_the_first_page_explains_every_attribute_of_a_report(heading: str, report: type) -> None:
    section = INDEX.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, flags=re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    of_the_call = {"sync"}
    has = {each.name for each in attrs.fields(report)}
    assert has - named - of_the_call == set()
    assert named <= has


def test_the_functions_that_the_first_page_names_are_there() -> None:
    named = re.findall(r"`([\w.]+)\.(\w+)`", INDEX.split("Other functions, all in modules of")[1])
    assert len(named) > 5
    assert [each for each in named if not callable(getattr(import_module(f"connector_sdk.{each[0]}"), each[1]))] == []


def test_the_first_page_names_every_event_of_an_observer_with_its_arguments() -> None:
    events = {name: hook for name, hook in vars(ObserverHooks).items() if not name.startswith("_")}
    signatures = [f"{name}({', '.join(hook.__code__.co_varnames[1:])})" for name, hook in events.items()]
    assert re.findall(r"^\| `(\w+\(.*?\))` \|", INDEX, flags=re.MULTILINE) == signatures


@pytest.mark.timeout(600)
def test_the_example_runs_all_syncs_of_a_project_at_once(tmp_path: Path) -> None:
    ((_, example),) = BLOCK.findall(THREADS)
    names = ("people", "guests")
    fields, match = (FieldMapping(field="name", column="name"),), Match("external_id", "id")
    project = Project(
        connections={"crm": ConnectionConfig("crm", "reference", {"path": str(tmp_path / "store.db")})},
        models={
            "rows": Model(
                name="rows", primary_key=("id",), data=pa.table({"id": ["k1", "k2"], "name": ["Everest", "Denali"]})
            )
        },
        syncs={
            name: Sync(
                name=name, model="rows", connection="crm", objects=(name,), mode=Mode.UPSERT, fields=fields, match=match
            )
            for name in names
        },
        folder=str(tmp_path),
    )
    destinations = {"reference": Destination("reference", plugin)}

    def run_here(*arguments: Any, **asked: Any) -> tuple[RunReport, ...]:
        return run(*arguments, destinations=destinations, **asked)

    shown = example.replace("from connector_sdk.run import run\n", "")
    found: dict[str, Any] = {"project": project, "run": run_here}
    exec(compile(shown, "threads.md", "exec"), found)
    assert [(each.sync, each.rows.succeeded) for each in found["reports"]] == [("people", 2), ("guests", 2)]
    assert isinstance(found["cancel"], threading.Event)
