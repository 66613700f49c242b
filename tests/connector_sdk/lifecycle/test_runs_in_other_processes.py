"""A run is looked at from another process while it is planned, while it runs, and after it was killed."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner

from connector_sdk.cli.app import connector
from connector_sdk.cli.settings import Settings
from connector_sdk.state.lock import hold_lock, session_of_holder
from connector_sdk.testing.reference import Fault, FaultKind, Store

from ..destinations import reference
from .gated_run import await_file

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
    options: {api: call, batch_size: 5, parallelism: 2}
"""
ROWS, BATCH, PASSED = 30, 5, 2


@frozen
class Place:
    """A project, the store that it writes to, and a run of it in another process."""

    folder: Path
    store: Store
    process: subprocess.Popen[str]

    def invoke(self, *arguments: str) -> Any:
        """Run a command in this process; return what it prints, as parsed JSON if stdout has any."""
        settings = Settings(destinations=reference())
        shown = [*arguments, "--project", str(self.folder), "--output", "json"]
        result = CliRunner().invoke(connector, shown, obj=settings)
        assert result.exit_code in (0, 3, 4, 5), result.output
        return json.loads(result.stdout) if result.stdout else result.stderr

    def await_planning(self) -> None:
        """Wait until the run is being planned."""
        await_file(self.folder / "planning")

    def await_sending(self) -> None:
        """Let it be planned, and wait until two batches are done and two more under way."""
        (self.folder / "plan").touch()
        for number in (PASSED, PASSED + 1):
            await_file(self.folder / f"batch-{number}")

    def end(self) -> int:
        """Let it end."""
        for name in ("plan", "write"):
            (self.folder / name).touch()
        return self.process.wait(60)

    def lock(self) -> Path:
        return self.folder / ".connector" / "locks" / "people.lock"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "connector.yml").write_text(PROJECT.replace("path: store.db", f"path: {tmp_path / 'store.db'}"))
    keys = [f"k{number:02}" for number in range(ROWS)]
    (tmp_path / "people.csv").write_text("key,text\n" + "".join(f"{key},text of {key}\n" for key in [*keys, "no"]))
    store = Store.at(tmp_path / "store.db")
    store.add_fault(Fault(FaultKind.ROW, key="k03", code="bad_value", times=9))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.connector_sdk.lifecycle.gated_run", str(tmp_path), str(PASSED), "run", "people"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path(__file__).parents[3],
    ) as process:  # fmt: skip
        yield Place(tmp_path, store, process)
        process.kill()
    store.close()


@pytest.mark.rule("T4")
def test_a_run_that_is_being_planned_is_shown_as_that(place: Place) -> None:
    place.await_planning()
    (run,) = place.invoke("runs")
    assert (run["state"], run["exit"]) == ("planning", 0)
    assert place.invoke("show", run["run"])["state"] == "planning"
    assert place.end() == 1


@pytest.mark.rule("T4", "T2")
def test_a_run_that_is_under_way_is_shown_as_running_with_figures_that_agree_with_the_destination(
    place: Place,
) -> None:
    place.await_sending()
    executed = len(place.store.execution_counts("people"))
    assert executed == PASSED * BATCH - 1
    for run in (place.invoke("runs")[0], place.invoke("show", place.invoke("runs")[0]["run"])):
        rows = run["rows"]
        assert (run["state"], run["exit"], run["resumed"]) == ("running", 1, False)
        assert (rows["planned"], rows["succeeded"], rows["rejected"]) == (ROWS + 1, executed, 1)
        assert (rows["unprocessed"], run["in_flight"]) == (ROWS + 1 - PASSED * BATCH, 2 * BATCH)
        assert run["batches"] == {"planned": 7, "done": PASSED, "in_flight": 2}
        assert run["actions"]["created"] == executed
        assert {each["code"]: each["rows"] for each in run["codes"]} == {
            "NOT_SENT": 11, "IN_FLIGHT": 2 * BATCH, "bad_value": 1,
        }  # fmt: skip
        assert run["started"]
    lines = place.invoke("rows", run["run"])
    assert len(lines) == ROWS + 1
    assert Counter(f"{line['outcome']} {line['code'] or ''}".strip() for line in lines) == {
        "succeeded": executed, "rejected bad_value": 1, "unprocessed IN_FLIGHT": 2 * BATCH,
        "unprocessed NOT_SENT": ROWS + 1 - 4 * BATCH,
    }  # fmt: skip
    assert [line["key"] for line in lines] == [*sorted(line["key"] for line in lines[:-1]), "no"]

    assert place.end() == 1
    (run,) = place.invoke("runs")
    assert (run["state"], run["exit"], run["rows"]["succeeded"]) == ("finished", 1, ROWS)


@pytest.mark.rule("T4")
def test_a_plan_says_that_a_run_is_in_progress(place: Place) -> None:
    place.await_sending()
    (plan,) = place.invoke("plan", "people")
    assert [each["message"] for each in plan["findings"] if "in progress: what it still sends" in each["message"]]
    assert place.end() == 1


@pytest.mark.rule("T4")
def test_a_run_that_was_killed_is_shown_as_interrupted_and_one_that_goes_on_as_running_again(place: Place) -> None:
    place.await_sending()
    place.process.send_signal(signal.SIGKILL)
    place.process.wait(60)
    (run,) = place.invoke("runs")
    assert (run["state"], run["exit"], run["in_flight"]) == ("interrupted", 4, 2 * BATCH)
    assert run["rows"]["succeeded"] == PASSED * BATCH - 1
    with hold_lock(place.lock(), "people"):
        assert place.invoke("show", run["run"])["state"] == "interrupted", "who holds the lock does not work on it"
    for number in (PASSED, PASSED + 1):
        (place.folder / f"batch-{number}").unlink()
    again = [sys.executable, "-m", "tests.connector_sdk.lifecycle.gated_run", str(place.folder), "0", "run", "people"]
    with subprocess.Popen(again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        await_file(place.folder / "batch-0")
        shown = place.invoke("show", run["run"])
        assert (shown["state"], shown["resumed"], shown["rows"]["succeeded"]) == ("running", True, 9)
        assert shown["started"] > run["started"]
        (place.folder / "write").touch()
        assert process.wait(60) == 1


@pytest.mark.rule("T4")
def test_looking_at_a_lock_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, control = tmp_path / "lock", fcntl.fcntl
    taken: list[object] = []

    def note(file: Any, what: int, *more: Any) -> Any:
        taken.append(what)
        return control(file, what, *more)

    assert session_of_holder(path) is None
    with hold_lock(path, "people") as lock:
        monkeypatch.setattr(fcntl, "flock", lambda *_: taken.append("flock"))
        monkeypatch.setattr(fcntl, "fcntl", note)
        assert session_of_holder(path) == lock.session
        monkeypatch.undo()
    assert session_of_holder(path) is None
    assert set(taken) <= {getattr(fcntl, "F_OFD_GETLK", None)}


@pytest.mark.rule("T4")
def test_where_a_machine_cannot_show_locks_the_process_that_is_named_must_be_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("F_OFD_SETLK", "F_OFD_GETLK"):
        monkeypatch.delattr(fcntl, command, raising=False)
    path = tmp_path / "lock"
    with hold_lock(path, "people") as lock:
        assert session_of_holder(path) == lock.session
        ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
        path.write_text(path.read_text().replace(str(os.getpid()), ended.stdout.strip()))
        assert session_of_holder(path) is None
