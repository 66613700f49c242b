from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk.cli.clean import escape_controls, one_line, printable, spreadsheet_safe
from connector_sdk.cli.settings import Settings, start_logging


@given(st.text())
def test_no_text_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any((ord(each) < 32 and each not in "\t\n") or 127 <= ord(each) < 160 for each in shown)
    assert "\n" not in one_line(text)


@given(st.dictionaries(st.text(), st.text()))
def test_json_that_is_looked_at_steers_no_terminal_and_means_the_same(record: dict[str, str]) -> None:
    shown = escape_controls(json.dumps(record, ensure_ascii=False))
    assert shown == printable(shown)
    assert json.loads(shown) == record


def test_an_escape_sequence_is_taken_apart() -> None:
    assert printable("\x1b[31mred\x1b]0;title\x07 \u202egnp.exe") == "[31mred]0;title gnp.exe"
    assert printable("Zoë 東京\tß\n") == "Zoë 東京\tß\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
)
def test_a_cell_that_a_spreadsheet_would_compute_is_marked_as_text(text: str) -> None:
    assert spreadsheet_safe(text) == f"'{text}"


def test_other_cells_are_left_alone() -> None:
    assert spreadsheet_safe("a=b") == "a=b"
    assert spreadsheet_safe("") == ""


@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_of_the_log_steers_a_terminal(capsys: pytest.CaptureFixture[str], verbose: bool) -> None:
    root, own = logging.getLogger(), logging.getLogger("connector_sdk")
    before = root.handlers[:], own.level
    try:
        start_logging(Settings(verbose=verbose))
        try:
            raise ValueError("\x1b]0;planted\x07")
        except ValueError:
            own.warning("\x1b[31m%s\x9b2J", "red\u202e", exc_info=True)
    finally:
        root.handlers[:], own.level = before
    said = capsys.readouterr().err
    assert "[31mred2J" in said
    assert ("planted" in said) is verbose
    assert said == printable(said)
