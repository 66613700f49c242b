"""How CSV files are written: by their header and their first bytes, or as the model says. Nothing else is guessed."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector_sdk import ConfigError, CsvForm
from connector_sdk.project.load import load_project

from .conftest import Open, Read, Refuse

ROWS = [["id", "n", "last name"], ["1", "x, y; z|t", "O'Neil"], ["2", 'said "no"', "Müller\nKöln"]]


def format_csv(delimiter: str = ",", rows: Sequence[Sequence[str]] = ROWS, end: str = "\n") -> str:
    """Return the text of a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def compress(name: str, content: bytes) -> bytes:
    """Compress content if the suffix of the file asks for it."""
    if name.lower().endswith(".gz"):
        return gzip.compress(content)
    return pa.Codec("zstd").compress(content, asbytes=True) if name.endswith(".zst") else content


@pytest.mark.rule("V18")
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.csv", "utf-8"), ("a.tsv", "utf-8-sig"), ("a.txt", "utf-16"), ("a.csv.gz", "utf-32"), ("a.TXT.GZ", "utf-16"),
        ("a.tsv.zst", "utf-8"),
    ],
)  # fmt: skip
def test_delimiter_compression_and_unicode_need_not_be_said(
    folder: Path, read: Read, delimiter: str, name: str, encoding: str
) -> None:
    (folder / name).write_bytes(compress(name, format_csv(delimiter, end="\r\n").encode(encoding)))
    for given in ({"file": name, "used": ("n", "last name")}, {"sql": f"select * from '{name}'"}):
        table = read(**given)
        assert [table.column_names[:3], *(list(row.values())[:3] for row in table.to_pylist())] == ROWS


@pytest.mark.rule("V18")
@pytest.mark.parametrize(
    ("content", "used", "names"),
    [
        ("id,n;m\n1,2;3\n", ("n;m",), ["id", "n;m"]),
        ("id;n,m\n1;2,3\n", ("n,m",), ["id", "n,m"]),
        ("id|a;b|c;d\n1|2|3\n", ("a;b",), ["id", "a;b", "c;d"]),
        ("id\n1\n", (), ["id"]),
        ("a;id,n\nx;1,y\n", ("n",), ["a;id", "n"]),
        ("id;N;M\n1;2;3\n", ("m", "n"), ["id", "N", "M"]),
    ],
    ids=[
        "a semicolon in a name",
        "a comma in a name",
        "semicolons in names",
        "one column",
        "most of them",
        "misspelled",
    ],
)
def test_the_delimiter_is_that_which_yields_the_columns_in_use(
    folder: Path, open_: Open, content: str, used: tuple[str, ...], names: list[str]
) -> None:
    (folder / "a.csv").write_text(content, encoding="utf-8")
    assert list(open_(file="a.csv", used=used).columns) == names


@pytest.mark.rule("V18")
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_a_header_that_can_be_split_in_two_ways_asks_for_the_delimiter(
    folder: Path, read: Read, refuse: Refuse, named: str
) -> None:
    (folder / "a.csv").write_text("id;b,id\n1;2,3\n", encoding="utf-8")
    given: dict[str, Any] = {"file": "a.csv"} if named == "by file" else {"sql": "select * from 'a.csv'"}
    problem = refuse(**given)
    assert problem.message == "the header of a.csv can be split by comma and by semicolon"
    assert "csv.delimiter" in problem.hint
    assert read(**given, csv=CsvForm(delimiter=";")).column_names == ["id", "b,id", "#"]


@pytest.mark.rule("V18")
def test_a_missing_column_is_told_with_the_delimiter_that_was_found(folder: Path, lack: Refuse) -> None:
    (folder / "a.csv").write_text("id,name\n1,2\n", encoding="utf-8")
    problem = lack(file="a.csv", lacking="city")
    assert problem.hint == "it has: id, name; cells are separated by comma, unless csv.delimiter says otherwise"
    assert lack(file="a.csv", lacking="nam").hint == "did you mean name?"


@pytest.mark.rule("V18")
@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16-le", "cp850"])
def test_other_encodings_are_read_where_the_model_says_so_and_refused_by_name_where_not(
    folder: Path, read: Read, refuse: Refuse, encoding: str
) -> None:
    (folder / "a.csv").write_bytes(format_csv(";").encode(encoding))
    table = read(file="a.csv", csv=CsvForm(encoding=encoding))
    assert table.column("last name").to_pylist() == ["O'Neil", "Müller\nKöln"]
    problem = refuse(file="a.csv")
    assert "csv.encoding" in problem.hint or encoding == "utf-16-le"


@pytest.mark.rule("V18")
def test_a_byte_that_the_encoding_does_not_have_is_told_with_its_line(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_bytes(b"id;n\n" + b"1;x\n" * 400_000 + b"2;\x81\n")
    assert refuse(file="a.csv").message == "a.csv, line 400002: this is not UTF-8"
    problem = refuse(file="a.csv", csv=CsvForm(encoding="windows-1252"))
    assert problem.message == "a.csv, line 400002: this is not windows-1252"
    for name in ("klingon", "rot13"):
        problem = refuse(file="a.csv", csv=CsvForm(encoding=name), place=("csv", "encoding"))
        assert problem.message == f"there is no encoding {name}"


@pytest.mark.rule("V18")
def test_header_and_quote_are_as_the_model_says(folder: Path, read: Read) -> None:
    (folder / "a.csv").write_text("1,'a,b'\n2,\"c\"\n", encoding="utf-8")
    table = read(file="a.csv", used=("column0",), csv=CsvForm(header=False, quote="'"))
    assert table.to_pylist() == [{"column0": "1", "column1": "a,b", "#": 1}, {"column0": "2", "column1": '"c"', "#": 2}]
    (folder / "a.csv").write_text('id;n\n1;6" pipe\n2;"x\n', encoding="utf-8")
    assert read(file="a.csv", csv=CsvForm(quote="")).column("n").to_pylist() == ['6" pipe', '"x']
    (folder / "a.csv").write_text("1;x\n", encoding="utf-8")
    wide = ";".join(str(number) for number in range(12))
    (folder / "b.csv").write_text(f"{wide}\n", encoding="utf-8")
    names = read(file="b.csv", used=("column11",), csv=CsvForm(header=False)).column_names
    assert names == [*(f"column{number}" for number in range(12)), "#"]


@pytest.mark.rule("V18")
@pytest.mark.parametrize("cut", ["the end", "a byte"])
@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.jsonl.gz"])
def test_compressed_data_that_is_damaged_is_refused_rather_than_read_in_part(
    folder: Path, refuse: Refuse, name: str, cut: str
) -> None:
    line = b'{"id": 1}\n' if "json" in name else b"1,x\n"
    content = compress(name, (b"" if "json" in name else b"id,n\n") + line * 50_000)
    damaged = content[:-7] if cut == "the end" else content[:-6] + bytes([content[-6] ^ 1]) + content[-5:]
    if name.endswith(".zst") and cut == "a byte":
        damaged = content[: len(content) // 2] + b"\0" * 8 + content[len(content) // 2 + 8 :]
    (folder / name).write_bytes(damaged)
    assert f"{name} cannot be decompressed: " in refuse(file=name).message


@pytest.mark.parametrize(
    ("form", "key"),
    [
        (CsvForm(delimiter=""), "delimiter"), (CsvForm(delimiter=";;"), "delimiter"),
        (CsvForm(delimiter='"'), "delimiter"), (CsvForm(delimiter="\n"), "delimiter"),
        (CsvForm(quote="''"), "quote"), (CsvForm(quote="\n"), "quote"),
    ],
)  # fmt: skip
def test_a_form_from_python_that_cannot_be_is_refused(folder: Path, refuse: Refuse, form: CsvForm, key: str) -> None:
    (folder / "a.csv").write_text("id,n\n1,x\n", encoding="utf-8")
    assert refuse(file="a.csv", csv=form, place=("csv", key)).message.endswith(" cells")


def test_empty_lines_before_the_header_are_no_header(folder: Path, read: Read) -> None:
    (folder / "a.csv").write_text("\n\nid,n\n1,x\n", encoding="utf-8")
    assert read(file="a.csv").to_pylist() == [{"id": "1", "n": "x", "#": 1}]


def test_columns_without_a_name_are_called_by_their_places(folder: Path, read: Read) -> None:
    (folder / "a.csv").write_text("id,, n \n1,x,y\n", encoding="utf-8")
    assert read(file="a.csv").column_names == ["id", "column1", "n", "#"]


@pytest.mark.rule("V18")
def test_the_project_file_says_how_csv_files_are_written(tmp_path: Path) -> None:
    file = tmp_path / "connector.yml"
    csv_ = '{delimiter: "\\t", quote: "", encoding: windows-1252, header: false}'
    model = "{file: 'd=*/a.txt', primary_key: id, csv: %s, partitions: [d]}"
    file.write_text(f"version: 1\nmodels:\n  m: {model % csv_}\n", encoding="utf-8")
    found = load_project(file).models["m"]
    assert found.csv == CsvForm(delimiter="\t", quote="", encoding="windows-1252", header=False)
    assert found.partitions == ("d",)
    file.write_text(f"version: 1\nmodels:\n  m: {model % '{delimiter: semicolon, quotes: x}'}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_project(file)
    assert {problem.path[2:] for problem in raised.value.problems} == {("csv", "delimiter"), ("csv", "quotes")}


@pytest.mark.rule("V18")
def test_what_a_model_says_of_csv_files_it_does_not_read_is_refused(folder: Path, refuse: Refuse) -> None:
    (folder / "a.json").write_text('{"id": 1}', encoding="utf-8")
    problem = refuse(file="a.json", csv=CsvForm(delimiter=";"), place=("csv",))
    assert problem.message == "model orders reads no CSV file"


@pytest.mark.rule("V18")
def test_a_header_with_none_of_the_columns_is_told_with_what_was_meant_or_what_it_has(
    folder: Path, refuse: Refuse
) -> None:
    (folder / "a.csv").write_text("ID,N,X\n1,2,3\n", encoding="utf-8")
    assert refuse(file="a.csv", used=("n", "x")).hint == "did you mean ID, N, X?"
    (folder / "a.csv").write_text(";".join(f"col{number}" for number in range(12)) + "\n", encoding="utf-8")
    hint = refuse(file="a.csv").hint or ""
    assert hint.startswith("set csv.delimiter, or correct the columns; it has: col0, col1, ")
    assert hint.endswith("col9 and 2 more")


@pytest.mark.rule("V18")
@pytest.mark.parametrize("encoding", ["utf-16-le", "UTF-16BE", "utf_32_le", "utf-32-be", "utf-8"])
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_a_byte_order_mark_is_no_part_of_the_text_where_the_model_says_the_encoding(
    folder: Path, read: Read, encoding: str, named: str
) -> None:
    (folder / "a.csv").write_bytes('\ufeff"id",n\n1,é\n'.encode(encoding))
    given: dict[str, Any] = {"file": "a.csv"} if named == "by file" else {"sql": "select * from 'a.csv'"}
    assert read(**given, csv=CsvForm(encoding=encoding)).to_pylist() == [{"id": "1", "n": "é", "#": 1}]
