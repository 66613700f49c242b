"""CSV files: text, whatever it looks like, and nothing guessed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Read, Refuse

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(table.column(name).to_pylist() for name in table.column_names[:-1]), strict=True))


def test_every_column_is_text_without_types(folder: Path, read: Read) -> None:
    (folder / "a.csv").write_text("id,n,at\n007,1.50,2026-01-31\n", encoding="utf-8")
    assert read(file="a.csv").drop_columns(["#"]).to_pylist() == [{"id": "007", "n": "1.50", "at": "2026-01-31"}]


def test_types_apply_to_the_columns_they_name_and_to_no_other(folder: Path, read: Read) -> None:
    (folder / "a.csv").write_text("id,n,m\n007,1.50,1.50\n", encoding="utf-8")
    table = read(file="a.csv", types={"n": "DECIMAL(9,2)"})
    assert [str(each) for each in table.schema.types[:3]] == ["string", "decimal128(9, 2)", "string"]


def test_a_value_that_is_not_of_its_type_is_told_with_the_file(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_text("id,n\n1,x\n", encoding="utf-8")
    assert "cannot be read" in refuse(file="a.csv", types={"n": "INTEGER"}).message


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"\xef\xbb\xbfid,n\n1,x\n", [("1", "x")]),
        (b"id,n\r\n1,x\r\n2,y\r\n", [("1", "x"), ("2", "y")]),
        (b'id,n\n1,"x\ny"\n2,"p\r\nq"\n', [("1", "x\ny"), ("2", "p\r\nq")]),
        (b'id,n\n1,"he said ""no"", twice"\n', [("1", 'he said "no", twice')]),
        (b"id,n\n#1,x\n2,y\n# c,d\n", [("#1", "x"), ("2", "y"), ("# c", "d")]),
        (b'id,n\n1,\n2,""\n', [("1", None), ("2", None)]),
        (b"id,n\n1,NULL\n", [("1", "NULL")]),
        (b"id,n\n 1 , x\n", [(" 1 ", " x")]),
        (b"id,n\n", []),
        (b"id,n\n1,x", [("1", "x")]),
        (b"1,2\n3,4\n", [("3", "4")]),
        (b"id;n\n1;x\n", [("1;x",)]),
        (b'id,n\n1,"x\\"\n2,y\n', [("1", "x\\"), ("2", "y")]),
    ],
    ids=[
        "BOM", "CRLF", "quoted line breaks", "quotes", "rows that look like comments", "empty cells", "the word NULL",
        "blanks", "a header alone", "no line break at the end", "a header of numbers", "semicolons", "backslashes",
    ],
)  # fmt: skip
def test_a_file_is_read_as_it_is_written(folder: Path, read: Read, content: bytes, rows: list[object]) -> None:
    (folder / "a.csv").write_bytes(content)
    assert _rows(read(file="a.csv")) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"id,n\n1\n2,y\n",
        b"id,n\n1,x,z\n2,y\n",
        b"id,n\n" + b"1,x\n" * 30_000 + b"1,x,z\n",
        b"A title\nid,n\n1,x\n",
        "id,n\n1,\u00e9\n".encode("latin-1"),
        b'id,n\n1,"x\n2,y\n',
    ],
    ids=["a short row", "a long row", "a long row at the end", "a title before the header", "latin-1", "an open quote"],
)
def test_a_file_that_is_not_even_is_refused_rather_than_read_in_part(
    folder: Path, refuse: Refuse, content: bytes
) -> None:
    (folder / "a.csv").write_bytes(content)
    assert "orders cannot be read" in refuse(file="a.csv").message


def test_an_empty_file_has_no_columns_and_is_told(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_bytes(b"")
    assert "a.csv is empty" in refuse(file="a.csv").message


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_no_character_of_a_cell_is_altered(folder: Path, read: Read, rows: list[tuple[str, str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("id", "n"), *rows])
    (folder / "a.csv").write_text(written.getvalue(), encoding="utf-8", newline="")
    assert _rows(read(file="a.csv")) == [(a or None, b or None) for a, b in rows]
