"""What the page about first runs shows is what the commands print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk import Mode

from .console import Desk, Scene, play, read_page

PAGE = read_page("first-runs.md")
TEXTS = ("Called back", "Sent a quote", "Met at the fair", "Moved to Berlin")


def notes(desk: Desk, count: int = 3) -> None:
    """Write the first notes."""
    lines = (f"N-{number:03},{text}" for number, text in enumerate(TEXTS[:count], start=1))
    desk.rows("notes.csv", "note_id,text", *lines)


def send_every_row(desk: Desk) -> Iterator[None]:
    notes(desk)
    yield
    assert len(desk.store.records("notes")) == 3


def take_as_sent(desk: Desk) -> Iterator[None]:
    notes(desk)
    yield
    notes(desk, 4)
    yield
    assert len(desk.store.records("notes")) == 1


def lost_state(desk: Desk) -> Iterator[None]:
    notes(desk)
    assert desk.connector("run notes --first-run send").exit_code == 0
    shutil.rmtree(".connector")
    yield
    assert len(desk.store.records("notes")) == 3


SCENES: dict[str, Scene] = {
    "Send every row": send_every_row,
    "Take the present rows as sent": take_as_sent,
    "When the state is lost": lost_state,
}


@pytest.mark.parametrize("heading", SCENES)
def test_the_page_shows_what_the_commands_print(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(PAGE, heading, SCENES[heading], tmp_path, monkeypatch)


def test_every_example_of_the_page_is_played() -> None:
    assert PAGE.shown_headings() == list(SCENES)


@pytest.mark.parametrize("mode", Mode)
def test_the_tables_say_what_happens_in_each_mode(mode: Mode) -> None:
    for heading, tables in (("Mode by mode", 2), ("When the state is lost", 1)):
        assert sum(f"`{mode}`" in row[0] for row in PAGE.rows(heading)) == tables
