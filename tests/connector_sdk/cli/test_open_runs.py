"""What commands say of runs that were interrupted, also under a name that the project does not have any more."""

from __future__ import annotations

import json
import re
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
  people: {file: people.csv, primary_key: key}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: key}
    fields: {name: text}
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A project in the present folder, and the store that it writes to."""
    monkeypatch.chdir(tmp_path)
    Path("connector.yml").write_text(PROJECT)
    Path("people.csv").write_text("key,text\na,Ann\nb,Bob\n")
    made = Store.at("store.db")
    yield made
    made.close()


def leave_run_open(store: Store, invoke: Invoke) -> str:
    store.add_fault(Fault(FaultKind.REFUSED, code="suspended"))
    result = invoke("run", "people", "--output", "json")
    assert result.exit_code == 4
    return str(json.loads(result.stdout)[0]["run"])


def rename_sync() -> None:
    Path("connector.yml").write_text(PROJECT.replace("  people:\n    model", "  persons:\n    model"))


def test_the_report_of_the_run_that_was_finished_is_printed_though_the_next_one_cannot_begin(
    store: Store, invoke: Invoke
) -> None:
    run = leave_run_open(store, invoke)
    Path("people.csv").write_text("key,txt\na,Ann\n")
    result = invoke("run", "people")
    assert result.exit_code == 64
    assert re.search(rf"people: finished, resumed in [\d.]+ s \(run {run}\)", result.stdout)
    assert result.stdout.endswith("people: not begun\n")
    assert "connector.yml:13 syncs.people.fields.name: model people has no column text" in result.stderr


def test_programs_are_told_both_as_well(store: Store, invoke: Invoke) -> None:
    leave_run_open(store, invoke)
    Path("people.csv").write_text("key,text\n")
    result = invoke("run", "people", "--output", "json")
    assert result.exit_code == 6
    finished, refused = json.loads(result.stdout)
    assert (finished["resumed"], finished["state"], finished["rows"]["succeeded"]) == (True, "finished", 2)
    assert (refused["state"], refused["exit"], refused["rows"]["planned"]) == ("not begun", 6, 0)
    assert "--accept min_rows" in refused["message"]


def test_an_open_run_of_a_sync_that_was_renamed_is_told_with_the_way_out(store: Store, invoke: Invoke) -> None:
    run = leave_run_open(store, invoke)
    assert "does not have" not in invoke("runs").stderr
    rename_sync()
    for arguments in (("runs",), ("check",), ("run", "persons")):
        result = invoke(*arguments)
        assert result.exit_code == 0
        assert (
            f"run {run} was interrupted or is in progress, and its sync people is not in the project" in result.stderr
        )
        assert "name the sync people again and run it" in result.stderr


def test_held_rows_of_a_sync_that_was_renamed_are_told_and_can_be_settled(store: Store, invoke: Invoke) -> None:
    created = PROJECT.replace("mode: upsert", "mode: insert").replace("object: people", "object: notes")
    created = created.replace("    match: {field: external_id, column: key}\n", "")
    Path("connector.yml").write_text(created.replace("{name:", "{key: key, text:"))
    store.add_fault(Fault(FaultKind.CUT_AFTER))
    result = invoke("run", "people", "--first-run", "send", "--output", "json")
    assert result.exit_code == 3
    run = json.loads(result.stdout)[0]["run"]
    rename_sync()
    assert f"connector resolve {run}" in invoke("check").stderr
    assert invoke("resolve", run, "--sent").exit_code == 0
    assert "does not have" not in invoke("runs").stderr


def test_past_runs_are_shown_and_settled_while_the_project_has_mistakes(store: Store, invoke: Invoke) -> None:
    run = leave_run_open(store, invoke)
    Path("connector.yml").write_text(PROJECT.replace("upsert", "upsrt").replace("fields:", "felds:"))
    assert invoke("check").exit_code == 64
    assert run in invoke("runs").stdout
    for arguments in (("show", run), ("calls", run), ("resolve", run)):
        assert invoke(*arguments).exit_code == 0
    Path("connector.yml").write_text(PROJECT.replace("  people:\n    model: people", "  - model: people"))
    assert "connector.yml:6 syncs" in invoke("runs").stderr


def test_check_makes_no_state(store: Store, invoke: Invoke) -> None:
    assert invoke("check").exit_code == 0
    assert not Path(".connector").exists()


def test_a_guard_that_is_misspelt_is_a_usage_error(store: Store, invoke: Invoke) -> None:
    for arguments in (("run", "people"), ("plan", "people")):
        result = invoke(*arguments, "--accept", "max-removed")
        assert result.exit_code == 64
        assert "the guards are min_rows, max_removed" in result.stderr
        assert "did you mean --accept max_removed?" in result.stderr


@pytest.mark.parametrize("option", ["--full", "--start-over", "--first-run=send"])
def test_what_a_saved_plan_cannot_fulfil_is_a_usage_error(store: Store, invoke: Invoke, option: str) -> None:
    saved = json.loads(invoke("plan", "people", "--save", "--output", "json").stdout)[0]["run"]
    result = invoke("run", "people", "--plan", saved, option)
    assert result.exit_code == 64
    assert f"{option.partition('=')[0]} does not go with --plan" in result.stderr


def test_what_a_destination_says_does_not_steer_the_terminal(store: Store, invoke: Invoke) -> None:
    store.add_fault(Fault(FaultKind.ROW, key="a", code="bad\x1b[31m\x9b2J", times=9))
    store.add_fault(Fault(FaultKind.REFUSED, code="suspended", skip=1))
    invoke("run", "people")
    run = json.loads(invoke("runs", "--output", "json").stdout)[0]["run"]
    for arguments in (("run", "people"), ("show", run), ("rows", run), ("calls", run)):
        for format_ in ("table", "json", "csv"):
            shown = invoke(*arguments, "--output", format_).output
            assert not {"\x1b", "\x9b"} & set(shown)
