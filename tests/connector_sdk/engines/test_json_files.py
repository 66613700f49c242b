"""JSON files, as lists and line by line."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Read, Refuse

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize("form", ["a list", "lines"])
def test_lists_and_lines_are_read_whatever_the_file_is_called(folder: Path, read: Read, name: str, form: str) -> None:
    rows = [{"id": 1, "n": "x"}, {"id": 2, "n": None}]
    content = json.dumps(rows) if form == "a list" else "\n".join(map(json.dumps, rows))
    (folder / name).write_text(content, encoding="utf-8")
    table = read(file=name).drop_columns(["#"])
    assert table.to_pylist() == rows


@pytest.mark.parametrize(
    "text",
    ["2026-01-31", "2026-01-31T10:00:00Z", "2026-01-31 10:00:00", "10:00:00", "8D6B2F0E-4B1D-4A77-8E0B-0D2F3C4B5A69"],
)
def test_text_stays_text_whatever_it_looks_like(folder: Path, read: Read, text: str) -> None:
    (folder / "a.json").write_text(json.dumps([{"id": text}]), encoding="utf-8")
    assert read(file="a.json").column("id").to_pylist() == [text]


def test_numbers_and_booleans_keep_their_types(folder: Path, read: Read) -> None:
    (folder / "a.json").write_text('[{"id": 9007199254740993, "b": true, "f": 1.5}]', encoding="utf-8")
    types = [str(each) for each in read(file="a.json").schema.types[:3]]
    assert types == ["int64", "bool", "double"]


def test_whole_numbers_of_any_size_keep_every_digit(folder: Path, read: Read) -> None:
    (folder / "a.json").write_text('[{"id": "1", "n": 18446744073709551615}]', encoding="utf-8")
    assert read(file="a.json").column("n").to_pylist() == [18446744073709551615]


def test_a_column_of_several_types_is_text(folder: Path, read: Read) -> None:
    (folder / "a.jsonl").write_text('{"id": 1}\n{"id": "x"}\n{"id": null}\n', encoding="utf-8")
    assert read(file="a.jsonl").column("id").to_pylist() == ["1", "x", None]


def test_a_column_that_appears_late_is_not_missed(folder: Path, read: Read) -> None:
    (folder / "a.jsonl").write_text('{"id": 1}\n' * 25_000 + '{"id": 2, "n": "x"}\n', encoding="utf-8")
    assert read(file="a.jsonl").column("n").to_pylist()[-1] == "x"


def test_a_file_that_is_cut_off_is_refused(folder: Path, refuse: Refuse) -> None:
    (folder / "a.jsonl").write_text('{"id": 1}\n{"id":', encoding="utf-8")
    assert "Malformed JSON" in refuse(file="a.jsonl").message


@pytest.mark.parametrize("raw", [b"\\ud800", b"\xed\xa0\x80", b"\xff"], ids=["half a pair", "its bytes", "no UTF-8"])
def test_text_that_is_none_is_refused_with_its_place(folder: Path, refuse: Refuse, raw: bytes) -> None:
    (folder / "a.json").write_bytes(b'[{"id": "ok"}, {"id": "a' + raw + b'"}]')
    assert re.search(r"a\.json.*at byte \d+", refuse(file="a.json").message)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_no_character_of_a_text_is_altered(folder: Path, read: Read, values: list[str]) -> None:
    (folder / "a.json").write_text(json.dumps([{"id": each} for each in values]), encoding="utf-8")
    assert read(file="a.json").column("id").to_pylist() == values


@pytest.mark.rule("V18")
def test_what_is_wrong_in_a_compressed_file_is_told_with_its_own_name(folder: Path, refuse: Refuse) -> None:
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}\n{"id":\n'))
    problem = refuse(file="a.jsonl.gz")
    assert 'Malformed JSON in file "a.jsonl.gz"' in problem.message
    assert "sample_size" not in problem.message


@pytest.mark.rule("V18")
def test_hints_name_no_setting_that_cannot_be_made(folder: Path, refuse: Refuse) -> None:
    (folder / "a.json").write_text('{"id": {"x": 1, "x": 2}}', encoding="utf-8")
    told = [refuse(file="a.json"), refuse(sql=f"select {' + '.join('1' * 3000)} as id")]
    for problem in told:
        assert not re.search(r"sample_size|maximum_depth|ignore_errors|SET ", str(problem)), problem


@pytest.mark.rule("V18")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("content", ['[{"id": "é"}]', '{"id": "é"}\n', '\n[\n{"id":\n"é"}]'])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_byte_order_mark_is_no_part_of_json_and_says_how_it_is_encoded(
    folder: Path, read: Read, encoding: str, content: str, compressed: bool
) -> None:
    raw = f"\ufeff{content}".encode(encoding)
    path = "a.json.gz" if compressed else "a.json"
    (folder / path).write_bytes(gzip.compress(raw) if compressed else raw)
    for given_ in ({"file": path}, {"sql": f"select * from '{path}'"}):
        assert read(**given_).to_pylist() == [{"id": "é", "#": 1}]


@pytest.mark.rule("V18")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "a.json has no rows"),
        ("\n\n", "a.json has no rows"),
        ("\ufeff[]", "a.json has no rows"),
        ("[1, 2]", "a.json holds no objects with keys"),
        ("null", "a.json holds no objects with keys"),
        ("[{}]", "a.json holds no objects with keys"),
    ],
)
def test_json_without_an_object_says_so(folder: Path, refuse: Refuse, content: str, message: str) -> None:
    (folder / "a.json").write_text(content, encoding="utf-8")
    for given_ in ({"file": "a.json"}, {"sql": "select * from 'a.json'"}):
        assert refuse(**given_).message == message
