from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

import pytest
from rich.console import Console
from rich.progress import Progress

from connector_sdk import Action, BatchReport, Delivery, Mode, Outcome, PlanSummary
from connector_sdk.cli.progress import ProgressBar, progress_bar
from connector_sdk.hooks.observers import Observers

PLAN = PlanSummary(
    run="r",
    sync="books",
    mode=Mode.UPSERT,
    object_names=("Book",),
    api="rest",
    batch_size=10,
    parallelism=1,
    delivery=Delivery.AT_LEAST_ONCE,
    columns=(),
    planned={Action.UPSERT: 30},
    batches={},
)


def test_the_bar_follows_the_rows_that_have_outcomes() -> None:
    progress = Progress(console=Console(file=io.StringIO()))
    observers = Observers([ProgressBar(progress)])
    observers.run_planned(PLAN)
    observers.batch_finished(
        BatchReport(run="r", number=1, rows=10, outcomes={Outcome.SUCCEEDED: 8, Outcome.REJECTED: 2}, remaining=20)
    )
    (task,) = progress.tasks
    assert (task.description, task.total, task.completed, task.fields["rejected"]) == ("books", 30, 10, "2 rejected")


def test_there_is_no_bar_off_a_terminal() -> None:
    with progress_bar(True) as observers:
        assert observers == ()


def read_screen(screen: int) -> bytes:
    """Return what was drawn on a terminal that is closed by now."""
    drawn = b""
    with suppress(OSError):
        while part := os.read(screen, 1 << 16):
            drawn += part
    os.close(screen)
    return drawn


def test_on_a_terminal_there_is_a_bar_unless_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen, terminal = os.openpty()
    with open(terminal, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress_bar(False) as observers:
            assert observers == ()
        with progress_bar(True) as observers:
            Observers(observers).run_planned(PLAN)
    drawn = read_screen(screen)
    assert b"books" in drawn
    assert b"0/30" in drawn
