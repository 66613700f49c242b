from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector_sdk import Mode
from connector_sdk.cli.records import TABLE_ROWS, Format, write_records

RECORD: dict[str, Any] = {
    "text": "=cmd()\x1b[0m", "number": -3, "exact": Decimal("0.10"), "day": date(2026, 1, 31), "none": None,
    "flag": True, "modes": frozenset({Mode.UPSERT, Mode.INSERT}), "inner": {"a": 1},
}  # fmt: skip


def print_records(capsys: pytest.CaptureFixture[str], format_: Format, records: list[dict[str, Any]]) -> str:
    write_records(format_, tuple(RECORD), records)
    return capsys.readouterr().out


def test_csv_is_for_people_formulas_defused_numbers_untouched(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = csv.DictReader(io.StringIO(print_records(capsys, Format.CSV, [RECORD])))
    assert line == {
        "text": "'=cmd()[0m", "number": "-3", "exact": "0.10", "day": "2026-01-31", "none": "", "flag": "yes",
        "modes": "insert, upsert", "inner": '{"a": 1}',
    }  # fmt: skip


def test_json_is_for_programs_and_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = json.loads(print_records(capsys, Format.JSON, [RECORD]))
    assert line["text"] == RECORD["text"]
    assert (line["exact"], line["day"], line["modes"]) == ("0.10", "2026-01-31", ["insert", "upsert"])
    assert json.loads(print_records(capsys, Format.JSON, [])) == []


def test_a_table_has_one_line_per_record_without_colour_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    text = print_records(capsys, Format.TABLE, [RECORD | {"text": "x" * 500 + "\n\x1b[31mred"}])
    assert len(text.splitlines()) == 2
    assert "x" * 500 in text
    assert "\x1b" not in text


def test_a_table_of_many_says_how_to_get_all(capsys: pytest.CaptureFixture[str]) -> None:
    write_records(Format.TABLE, ("a",), ({"a": number} for number in range(TABLE_ROWS + 5)))
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == TABLE_ROWS + 1
    assert "--output csv" in captured.err


def test_markup_in_a_value_is_just_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert "[red]x[/red]" in print_records(capsys, Format.TABLE, [{"text": "[red]x[/red]"}])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_formula_reaches_a_spreadsheet_in_a_list_or_in_a_record(
    capsys: pytest.CaptureFixture[str], start: str
) -> None:
    cells = [f"{start}HYPERLINK(0)", (f"{start}1", "b"), [f"{start}1"], frozenset({f"{start}1"}), {"a": f"{start}1"}]
    for cell in cells:
        (line,) = csv.DictReader(io.StringIO(print_records(capsys, Format.CSV, [RECORD | {"text": cell}]), newline=""))
        assert not line["text"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert "\r" not in line["text"]
