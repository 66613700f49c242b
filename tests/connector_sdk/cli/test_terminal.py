from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from connector_sdk.cli import terminal


@contextmanager
def write_into_pipe() -> Iterator[tuple[TextIO, TextIO]]:
    """Make a pipe stdout, and yield what reads from it and what writes into it."""
    ends = os.pipe()
    with (
        open(ends[0], encoding="utf-8") as reading,
        open(ends[1], "w", encoding="utf-8") as writing,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", writing)
        yield reading, writing


def test_a_pipe_that_is_read_has_a_reader_and_gets_the_data() -> None:
    with write_into_pipe() as (reading, _):
        assert not terminal.has_no_reader()
        terminal.text("one line")
        assert reading.readline() == "one line\n"


def test_a_pipe_whose_reader_is_gone_takes_everything_and_shows_nothing() -> None:
    with write_into_pipe() as (reading, writing):
        reading.close()
        assert terminal.has_no_reader()
        writing.write("whatever a library still has to say")
        writing.flush()
        terminal.text("one line")
        assert not terminal.has_no_reader(), "the rest goes to /dev/null, which takes it"


def test_a_stdout_that_is_closed_had_no_reader_that_could_go() -> None:
    with write_into_pipe() as (_, writing):
        writing.close()
        assert not terminal.has_no_reader()


def test_without_a_stdout_nobody_has_gone_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert not terminal.has_no_reader()
    terminal.text("one line")
