from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from connector_sdk import ExitCode
from connector_sdk.cli.failures import report_failure
from connector_sdk.cli.settings import Settings


def fail() -> Exception:
    """Return an error with a traceback."""
    try:
        raise KeyError("unforeseen")
    except KeyError as error:
        return error


def test_a_bug_before_a_project_is_read_leaves_no_file_and_says_how_to_see_more(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert report_failure(fail(), Settings(folder / "connector.yml")) == ExitCode.BUG
    assert "this is a bug: KeyError: 'unforeseen' — report it with what --verbose shows" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


def test_a_bug_in_a_project_leaves_a_file_with_the_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(folder / "connector.yml")
    assert settings.project.syncs
    assert report_failure(fail(), settings) == ExitCode.BUG
    (kept,) = folder.rglob("bug-*.txt")
    assert "line" in kept.read_text(encoding="utf-8")
    assert f"report it with the file {kept}" in capsys.readouterr().err


@pytest.mark.parametrize(("is_read", "code"), [(False, ExitCode.INTERRUPTED), (True, ExitCode.BUG)])
def test_a_broken_pipe_is_an_interruption_only_if_it_is_that_of_the_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_read: bool, code: ExitCode
) -> None:
    """A connection to a destination may break in the same way, and that is no reason to end silently."""
    reader, writer = os.pipe()
    with open(reader, encoding="utf-8") as reading, open(writer, "w", encoding="utf-8") as writing:
        monkeypatch.setattr(sys, "stdout", writing)
        if not is_read:
            reading.close()
        assert report_failure(BrokenPipeError(32, "Broken pipe"), Settings()) == code
    assert ("this is a bug" in capsys.readouterr().err) is is_read
