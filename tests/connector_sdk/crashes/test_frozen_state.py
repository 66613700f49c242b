"""State folders of this version and of those before: what was open is finished, what was held is held."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path

import pytest

from connector_sdk.testing.reference import Store

from .frozen_state import GONE, KEPT, ROWS, invoke

FROZEN = sorted(KEPT.glob("state-*.tar.gz"))
HOME = re.compile(rb"/(tmp|home|root|Users|private|mnt)/")


@pytest.fixture(params=FROZEN, ids=[path.name for path in FROZEN])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / "frozen")
    return tmp_path / "frozen"


def test_a_state_was_kept() -> None:
    assert FROZEN


def test_a_kept_state_names_no_place_of_the_machine_where_it_was_made(folder: Path) -> None:
    found = {path.name: HOME.findall(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    assert not {name: places for name, places in found.items() if places}


def test_a_run_of_another_version_is_finished_and_nothing_is_lost_or_sent_twice(folder: Path) -> None:
    store = Store.at(folder / "store.db")
    before = store.execution_counts("people")
    result = invoke(folder, "run", "people", "--output", "json")
    assert result.exit_code == 0, result.output
    finished, fresh = json.loads(result.stdout)
    assert (finished["resumed"], finished["rows"]["succeeded"]) == (True, ROWS)
    assert fresh["rows"]["planned"] == 0
    names = {record["external_id"]: record["name"] for record in store.records("people")}
    assert names == {f"k{number}": f"k{number} of {GONE}" for number in range(GONE, ROWS)}
    assert sum(before.values()) == ROWS + 10, "one batch of ten was executed before the kill"
    assert set(store.execution_counts("people").values()) == {2}
    store.close()


def test_a_row_that_another_version_holds_is_listed_skipped_and_settled(folder: Path) -> None:
    store = Store.at(folder / "store.db")
    (run,) = (
        each["run"] for each in json.loads(invoke(folder, "runs", "--output", "json").stdout) if each["exit"] == 3
    )
    waiting = invoke(folder, "resolve", run, "--output", "json")
    assert [each["key"] for each in json.loads(waiting.stdout)] == ["b"]
    assert "skipped" in invoke(folder, "run", "notes").stdout
    assert invoke(folder, "resolve", run, "--sent").exit_code == 0
    assert invoke(folder, "run", "notes").exit_code == 0
    assert store.execution_counts("notes") == {"a": 1, "b": 1, "c": 1}
    store.close()


def test_what_another_version_did_can_still_be_looked_at(folder: Path) -> None:
    for run in json.loads(invoke(folder, "runs", "--output", "json").stdout):
        assert invoke(folder, "show", run["run"]).exit_code == 0
        rows = invoke(folder, "rows", run["run"], "--output", "json")
        assert (rows.exit_code, len(json.loads(rows.stdout or "[]")) > 0) in [(0, True), (64, False)]
