"""CSV files: text, whatever it looks like, and nothing guessed."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Open, Read, Refuse

NO_HEADER = "the header of a.csv has none of the columns id, whichever of , ; tab | separates them"
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


def test_a_value_that_is_not_of_its_type_stays_beside_it_as_it_is_written(folder: Path, open_: Open) -> None:
    (folder / "a.csv").write_text("id,n,refused n\n1,x,\n2,7,\n", encoding="utf-8")
    source = open_(file="a.csv", types={"n": "INTEGER"})
    assert dict(source.columns) == {"id": "VARCHAR", "n": "INTEGER", "refused n": "VARCHAR"}
    with duckdb.connect() as connection:
        found = connection.execute(f'select n, "{source.refused["n"]}" from {source.relation}').fetchall()
    assert found == [(None, "x"), (7, None)]


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
        (b"id,2\n3,4\n", [("3", "4")]),
        (b"id;n\n1;x\n", [("1", "x")]),
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
    ("content", "said"),
    [
        (b"id,n\n1\n2,y\n", "a.csv, line 2: it has 1 cell, and the first line has 2"),
        (b"id,n\n1,x,z\n2,y\n", "a.csv, line 2: it has 3 cells, and the first line has 2"),
        (b'id,n\n1,"x\ny"\n\n2\n', "a.csv, line 5: it has 1 cell, and the first line has 2"),
        (b"id,n\n" + b"1,x\n" * 30_000 + b"1,x,z\n", "a.csv, line 30002: it has 3 cells, and the first line has 2"),
        ("id,n\n1,\u00e9\n".encode("latin-1"), "a.csv, line 2: this is not UTF-8"),
        (b'id,n\n1,"x\n2,y\n', "a.csv, line 2: a quote is opened and not closed"),
        (b'id,n\n1,"x"y\n', "a.csv, line 2: there is text after a closing quote"),
        (b"id,n\n1,x\r\n2,y\n", "a.csv, line 2: it ends with '\\r\\n', and the lines before it with '\\n'"),
        (b"id,n\n1," + b"x" * 2_100_000, "a.csv, line 2: it is longer than two million bytes"),
        (b"A title\nid,n\n1,x\n", NO_HEADER),
    ],
    ids=[
        "a short row", "a long row", "after a line break in a cell", "at the end", "latin-1", "an open quote",
        "a half quote", "another line end", "a long line", "a title before the header",
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", ["by file", "in SQL"])
@pytest.mark.rule("V18")
def test_a_file_that_is_not_even_is_refused_with_the_line_rather_than_read_in_part(
    folder: Path, refuse: Refuse, content: bytes, said: str, named: str
) -> None:
    (folder / "a.csv").write_bytes(content)
    if named == "in SQL" and content.startswith(b"A title"):
        said = "a.csv, line 2: it has 2 cells, and the first line has 1"
    problem = refuse(file="a.csv") if named == "by file" else refuse(sql="select * from 'a.csv'")
    assert problem.message == said
    assert not re.search(r"(encoding|strict_mode|ignore_errors|null_padding|max_line_size)\s*=", str(problem))


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


@pytest.mark.rule("V18")
@pytest.mark.parametrize("line", [b"1,x,", b"1,x,,,", b'1,x,"",""'])
def test_empty_cells_beyond_the_header_are_left_out_and_are_no_reason_for_an_error(
    folder: Path, read: Read, refuse: Refuse, line: bytes
) -> None:
    (folder / "a.csv").write_bytes(b"id,n\n" + line + b"\n2,y\n")
    assert read(file="a.csv").column("n").to_pylist() == ["x", "y"]
    (folder / "a.csv").write_bytes(b"id,n\n" + line + b"\n2,y\n3\n")
    assert refuse(file="a.csv").message == "a.csv, line 4: it has 1 cell, and the first line has 2"
