"""What the page about the state folder says of it is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from attrs import asdict

from connector_sdk import Keep
from connector_sdk.lifecycle import restored_state
from connector_sdk.state.retention import SAVED_FOR, SNAPSHOTS
from connector_sdk.testing.reference import Store

from .console import FOLDER, Desk, project_of, read_page

PAGE = read_page("state.md")


def test_a_state_folder_has_what_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, Store.at("store.db"))
    desk.project(*project_of(read_page("first-runs.md"), "The examples"))
    desk.rows("notes.csv", "note_id,text", "N-001,Called back")
    assert desk.connector("run notes --first-run send").exit_code == 0
    assert desk.connector("plan notes --save").exit_code == 0
    (report, _) = json.loads(desk.connector("runs --output json").stdout)[::-1]
    found = {str(each.relative_to(".connector")) for each in Path(".connector").rglob("*")}
    listed = [row[0].strip("`") for row in PAGE.rows("What lies in it")]
    assert {each.partition("/")[0] for each in listed if "…" not in each} == {each.partition("/")[0] for each in found}
    files = [each.replace("RUN", report["run"]).replace("SYNC", "notes") for each in listed if "." in each]
    assert [each for each in files if each not in found] == ["bug-….txt"]
    desk.store.close()


def test_the_page_says_how_long_things_are_kept() -> None:
    (block,) = PAGE.blocks("What lies in it", "yaml")
    assert yaml.safe_load(block) == {"keep": asdict(Keep())}
    kept = {row[0].strip("`"): row[2] for row in PAGE.rows("What lies in it")}
    assert (kept["snapshots/SYNC/"], SNAPSHOTS) == ("the latest two", 2)
    assert f"{SAVED_FOR.total_seconds() / 3600:.0f} hours" in kept["plans/RUN/"]


def test_a_message_of_the_table_is_one_that_is_shown_or_written() -> None:
    shown = " ".join((FOLDER / name).read_text(encoding="utf-8") for name in ("guards.md", "first-runs.md"))
    said = shown + Path(str(restored_state.__file__)).read_text(encoding="utf-8")
    quoted = [found for row in PAGE.rows("How an old folder is noticed") for found in re.findall('"([^"]+)"', row[1])]
    assert len(quoted) == 4
    assert [each for each in quoted if each not in said] == []
