"""What commands say and how they end while rows of a sync are held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk.testing.reference import Fault, FaultKind, Store

from .conftest import Invoke

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: store.db}
models:
  rows: {file: rows.csv, primary_key: key}
syncs:
  notes:
    model: rows
    connection: crm
    object: notes
    mode: insert
    fields: {key: key, text: text}
    options: {api: call}
  people:
    model: rows
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: key}
    fields: {name: text}
sequences:
  nightly: [notes, people]
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A project in the present folder, whose first sync has lost the answer for both of its rows."""
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(PROJECT)
    Path("rows.csv").write_text("key,text\na,Ann\nb,Bob\n")
    made = Store.at("store.db")
    made.add_fault(Fault(FaultKind.CUT_AFTER, object_name="notes"))
    yield made
    made.close()


@pytest.fixture
def command(store: Store, invoke: Invoke) -> Invoke:
    assert invoke("run", "nightly", "--first-run", "send").exit_code == 3
    return invoke


def test_the_later_syncs_of_a_sequence_run_all_the_same(command: Invoke, store: Store) -> None:
    assert store.execution_counts("people") == {"a": 1, "b": 1}


@pytest.mark.rule("T1")
@pytest.mark.parametrize("syncs", [["notes"], ["nightly"], ["people", "notes"]])
def test_each_run_of_the_sync_exits_with_3_and_names_the_command(command: Invoke, syncs: list[str]) -> None:
    for _ in range(2):
        result = command("run", *syncs)
        assert result.exit_code == 3
        assert "→ connector resolve notes   lists the 2 rows that wait for a decision" in result.stdout
        assert "notes: warning: 2 rows are held" in result.stderr
        assert "settle that with: connector resolve notes" in result.stderr
    found = json.loads(command("run", *syncs, "--output", "json").stdout)
    assert {each["sync"]: (each["held"], each["exit"]) for each in found if each["sync"] == "notes"} == {
        "notes": (2, 3)
    }  # fmt: skip
    assert command("run", "people").exit_code == 0


@pytest.mark.rule("T1")
def test_a_plan_names_them_and_does_not_count_them_as_changes(command: Invoke) -> None:
    shown = command("plan", "notes", "--detailed-exitcode")
    assert shown.exit_code == 0
    assert "warning: 2 rows are held" in shown.stdout
    assert "connector resolve notes" in shown.stdout
    (plan,) = json.loads(command("plan", "notes", "--output", "json").stdout)
    assert (plan["held"], plan["codes"][0]["code"], plan["rows"]["skipped"]) == (2, "HELD", 2)
    Path("rows.csv").write_text("key,text\na,Ann\nb,Bob\nc,Cid\n")
    assert command("plan", "notes", "--detailed-exitcode").exit_code == 2


@pytest.mark.rule("T1")
def test_they_are_settled_by_the_name_of_the_sync_also_when_it_was_renamed(command: Invoke) -> None:
    Path("connector.yml").write_text(PROJECT.replace("  notes:\n", "  remarks:\n").replace("[notes,", "[remarks,"))
    assert "holds rows that need a decision, and its sync notes is not in the project" in command("runs").stderr
    waiting = command("resolve", "notes", "--output", "json")
    assert (waiting.exit_code, [each["key"] for each in json.loads(waiting.stdout)]) == (3, ["a", "b"])
    assert command("resolve", "notes", "--sent", "--key", "a").exit_code == 0
    assert command("resolve", "notes", "--not-sent").exit_code == 0
    assert command("resolve", "notes").exit_code == 0
    assert "holds rows" not in command("runs").stderr


@pytest.mark.rule("T1")
def test_a_sync_can_ignore_them(command: Invoke) -> None:
    Path("connector.yml").write_text(PROJECT.replace("    object: notes", "    object: notes\n    on_held: ignore"))
    result = command("run", "notes", "--output", "json")
    assert (result.exit_code, json.loads(result.stdout)[0]["held"]) == (0, 2)
    assert "held" not in result.stderr
    Path("connector.yml").write_text(PROJECT.replace("    object: notes", "    object: notes\n    on_held: forget"))
    refused = command("check")
    assert refused.exit_code == 64
    assert "connector.yml:11 syncs.notes.on_held" in refused.stderr


@pytest.mark.rule("T10")
def test_show_and_run_say_the_same_of_what_went_wrong(command: Invoke, store: Store) -> None:
    store.add_fault(Fault(FaultKind.ROW, key="c", code="bad_value", times=9))
    Path("rows.csv").write_text("key,text\na,Ann\nb,Bob\nc,Cid\n")
    ran = command("run", "people")
    assert ran.exit_code == 1
    assert "rejected    1 x bad_value: Mend the value in the model." in ran.stdout
    (report, *_) = json.loads(command("runs", "--output", "json").stdout)
    shown = command("show", report["run"])
    assert shown.stdout == ran.stdout
    assert json.loads(command("show", report["run"], "--output", "json").stdout) == report
    assert report["codes"] == [
        {"code": "bad_value", "outcome": "rejected", "rows": 1, "advice": "Mend the value in the model."}
    ]


@pytest.mark.rule("T2")
def test_a_stopped_run_says_what_is_in_flight_and_how_it_goes_on(command: Invoke, store: Store) -> None:
    store.add_fault(Fault(FaultKind.CUT_AFTER, object_name="people", times=99))
    Path("rows.csv").write_text("key,text\na,Anna\nb,Bob\n")
    result = command("run", "people")
    assert result.exit_code == 4
    assert "batches     0 of 1 done, 1 in flight (1 row)" in result.stdout
    assert "→ connector run people   resumes it" in result.stdout
    (report, *_) = json.loads(command("runs", "--output", "json").stdout)
    (line,) = json.loads(command("rows", report["run"], "--output", "json").stdout)
    assert (line["key"], line["outcome"], line["code"]) == ("a", "unprocessed", "IN_FLIGHT")
    for code in ("IN_FLIGHT", "NOT_SENT"):
        assert "solution" in command("explain", code).stdout
