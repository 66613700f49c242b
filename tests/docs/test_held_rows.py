"""What the page about held rows shows is what the commands print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk.testing.reference import Fault, FaultKind

from .console import Desk, Scene, play, read_page

PAGE = read_page("held-rows.md")
TEXTS = ("Called back", "Sent a quote", "Met at the fair", "Moved to Berlin")


def notes(desk: Desk, count: int = 3) -> None:
    """Write the first notes."""
    lines = (f"N-{number:03},{text}" for number, text in enumerate(TEXTS[:count], start=1))
    desk.rows("notes.csv", "note_id,text", *lines)


def lose_an_answer(desk: Desk) -> None:
    """Let the next request be executed, and its answer be lost."""
    notes(desk)
    desk.store.add_fault(Fault(FaultKind.CUT_AFTER, object_name="notes"))


def hold(desk: Desk) -> None:
    """Leave three rows held, as the run of another day did."""
    lose_an_answer(desk)
    assert desk.connector("run notes --first-run send").exit_code == 3


def what_a_run_says(desk: Desk) -> Iterator[None]:
    lose_an_answer(desk)
    yield
    notes(desk, 4)
    yield
    assert desk.connector("run notes --full").exit_code == 3
    assert desk.store.execution_counts("notes") == {"N-001": 1, "N-002": 1, "N-003": 1, "N-004": 2}


def look_the_rows_up(desk: Desk) -> Iterator[None]:
    hold(desk)
    yield


def settle_them(desk: Desk) -> Iterator[None]:
    hold(desk)
    notes(desk, 4)
    desk.connector("run notes")
    yield
    assert desk.store.execution_counts("notes") == {"N-001": 1, "N-002": 1, "N-003": 2, "N-004": 1}


def a_sync_that_was_renamed(desk: Desk) -> Iterator[None]:
    hold(desk)
    file = Path("connector.yml")
    file.write_text(file.read_text().replace("syncs:\n  notes:", "syncs:\n  remarks:"))
    yield


def ignore_held_rows(desk: Desk) -> Iterator[None]:
    lose_an_answer(desk)
    yield
    later = desk.connector("run notes")
    assert (later.exit_code, "warning" in later.output) == (0, False)
    assert desk.connector("plan notes --detailed-exitcode").exit_code == 0


SCENES: dict[str, Scene] = {
    "What a run says": what_a_run_says,
    "Look the rows up": look_the_rows_up,
    "Settle them": settle_them,
    "A sync that was renamed": a_sync_that_was_renamed,
    "Ignore held rows": ignore_held_rows,
}


@pytest.mark.parametrize("heading", SCENES)
def test_the_page_shows_what_the_commands_print(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(PAGE, heading, SCENES[heading], tmp_path, monkeypatch)


def test_every_example_of_the_page_is_played() -> None:
    assert PAGE.shown_headings() == list(SCENES)
