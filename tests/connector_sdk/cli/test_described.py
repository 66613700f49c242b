"""Tables of objects and fields: each reason is printed once, and every line fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from connector_sdk import Field, FieldType, Mode, ObjectInfo, ObjectSchema
from connector_sdk.cli import terminal
from connector_sdk.cli.described import write_objects, write_schema
from connector_sdk.cli.records import Format

SYSTEM = "is a system field, which the destination maintains, and which nobody but the destination itself can set"
NO_KEY = "is not a key"
MODES = frozenset({Mode.UPSERT, Mode.UPDATE})


def describe_field(name: str, label: str = "A label", **values: Any) -> Field:
    """Return a field that no mode can match, unless `values` say something else."""
    given: dict[str, Any] = {"type": FieldType.TEXT, "not_matchable": dict.fromkeys(MODES, NO_KEY), **values}
    return Field(name=name, label=label, **given)


def print_schema(capsys: pytest.CaptureFixture[str], *fields: Field, advice: str = "") -> tuple[list[str], str]:
    """Return the lines of the table of an object, and what is said beside it."""
    schema = ObjectSchema(name="Thing", label="Thing", fields=fields, modes=MODES, match_advice=advice)
    write_schema(Format.TABLE, schema)
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err


def join(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_a_reason_of_many_fields_is_printed_once_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    kept: dict[str, Any] = {"creatable": False, "updatable": False, "not_writable": dict.fromkeys(MODES, SYSTEM)}
    fields = [describe_field(f"System{number}", **kept) for number in range(20)]
    lines, _ = print_schema(capsys, *fields, describe_field("Name"))
    said = join(lines)
    assert said.count(SYSTEM) == said.count(NO_KEY) == 1
    assert [line.split()[-2:] for line in lines[1:21]] == [["1,", "2"]] * 20
    assert lines[21].split()[-1] == "2"
    assert lines[22] == ""
    assert f"1 write in update, upsert: {SYSTEM}" in said
    assert f"2 match in update, upsert: {NO_KEY}" in said


def test_reasons_for_different_modes_stay_apart(capsys: pytest.CaptureFixture[str]) -> None:
    only = describe_field("Only", not_matchable={Mode.UPSERT: NO_KEY})
    lines, _ = print_schema(capsys, describe_field("None"), only)
    assert lines[-2:] == [f"1  match in update, upsert: {NO_KEY}", f"2  match in upsert: {NO_KEY}"]


@pytest.mark.parametrize("length", [3, 40, 80, 255])
def test_no_line_of_a_description_is_wider_than_100_columns_off_a_terminal(
    capsys: pytest.CaptureFixture[str], length: int
) -> None:
    name, label = "N" * length, "L" * length
    kept: dict[str, Any] = {"updatable": False, "not_writable": {Mode.UPDATE: SYSTEM * 3}, "native_type": "t" * length}
    lines, said = print_schema(capsys, describe_field(name, label, **kept), advice="Create a key with --unique. " * 9)
    assert max(map(len, [*lines, *said.splitlines()])) <= 100
    assert "".join("".join(lines).split()).count("N") == length
    write_objects(Format.TABLE, [ObjectInfo(name, label, frozenset(Mode))])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


@pytest.mark.parametrize("width", [60, 100, 160])
def test_a_description_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(terminal, "columns", lambda: width)
    key = describe_field("Key__c", "A long label " * 9, not_matchable={}, external_id=True, recommended=True)
    lines, _ = print_schema(capsys, describe_field("Name", not_matchable={Mode.UPSERT: SYSTEM * 3}), key)
    assert width - 20 < max(map(len, lines)) <= width


def test_a_label_is_folded_before_the_name_of_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    name = "FinServ__PrimaryFinancialAccount__c"
    lines, _ = print_schema(capsys, describe_field(name, "Primary financial account of the household " * 2))
    assert lines[1].startswith(f"{name}  Primary")


def test_a_key_is_shown_with_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    best = describe_field("Best", not_matchable={}, external_id=True, recommended=True)
    good = describe_field("Good", not_matchable={Mode.UPDATE: NO_KEY}, external_id=True)
    lines, _ = print_schema(capsys, best, good)
    assert "yes, recommended external id" in lines[1]
    assert "upsert, external id" in lines[2]


def test_the_width_is_that_of_the_terminal_and_100_columns_off_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert terminal.columns() == 100
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert terminal.columns() == 72
