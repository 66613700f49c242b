"""What the page about reports and the ledger says is what runs report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import fields

from connector_sdk import (
    Action,
    ActionCounts,
    BatchCounts,
    CallCounts,
    CodeCount,
    Outcome,
    ReportState,
    RowCounts,
    RunReport,
)
from connector_sdk.cli.summaries import run_record
from connector_sdk.delivery import ledger_lines as lines
from connector_sdk.history import LEDGER_COLUMNS

from .console import FOLDER, Desk, play, read_page

PAGE = read_page("runs.md")
HEADER = "contact_id,name,email"


def names(heading: str, column: int = 0) -> list[str]:
    """Return the words in one column of the tables below a heading, in their order."""
    return [each.strip("` ") for row in PAGE.rows(heading) for each in row[column].split(", ")]


def an_example(desk: Desk) -> Iterator[None]:
    desk.rows("contacts.csv", HEADER, "C-001,Ann,ann@example.com", "C-002,Bob,bob@example.com")
    desk.connector("run contacts")
    changed = ("C-001,Ann,ann@example.com", "C-002,Robert,bob@example.com")
    desk.rows("contacts.csv", HEADER, *changed, "C-003,Cid,cid@example.com", "C-004,Dee,dee at example.com")
    yield


def test_the_page_shows_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGE.shown_headings() == ["An example"]
    play(PAGE, "An example", an_example, tmp_path, monkeypatch)


def test_the_report_has_the_keys_that_are_shown_and_explained() -> None:
    (shown,) = (json.loads(block) for block in PAGE.blocks("The report", "json"))
    codes = (CodeCount(code="REQUIRED", outcome="rejected", rows=9, advice=""),)
    made = RunReport(
        run="r", sync="s", resumed=False, state=ReportState.FINISHED, exit=1,
        rows=RowCounts(), actions=ActionCounts(), calls=CallCounts(), seconds=0.0, codes=codes, batches=BatchCounts(),
    )  # fmt: skip
    real = json.loads(json.dumps(run_record(made)))
    assert list(shown) == list(real)
    for inner in ("rows", "actions", "calls", "batches"):
        assert list(shown[inner]) == list(real[inner])
    assert list(shown["codes"][0]) == list(real["codes"][0])
    assert sorted(names("The report")) == sorted([*real, "message"])


def test_the_report_that_is_shown_adds_up() -> None:
    (shown,) = (json.loads(block)["rows"] for block in PAGE.blocks("The report", "json"))
    assert shown["read"] + shown["removed"] == shown["unchanged"] + shown["planned"]
    assert shown["planned"] == sum(shown[each] for each in Outcome)
    assert [*names("Sums"), *Outcome] == [each.name for each in fields(RowCounts)]


def test_every_outcome_state_and_column_is_explained() -> None:
    assert names("Outcomes") == [*Outcome]
    assert sorted(names("States")) == sorted(ReportState)
    assert names("Rows")[: len(LEDGER_COLUMNS)] == [*LEDGER_COLUMNS]


def test_every_action_is_explained() -> None:
    counted = [each for each in names("Actions") if each != "(not counted)"]
    assert set(counted) == {each.name for each in fields(ActionCounts)}
    done = {*lines._DONE.values(), *lines._REPLACED.values(), lines._EITHER, "cleared"}
    assert set(names("Actions", 1)) == done
    assert all(f"`{each}`" in (FOLDER / "runs.md").read_text(encoding="utf-8") for each in Action)
