"""Which files a model means, and which it may not read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk import ExitCode, Model, RunStopped
from connector_sdk.engines import compare
from connector_sdk.engines.models import open_model

from .conftest import Read, Refuse


def _parquet(path: Path, **columns: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def test_a_parquet_file_is_read_where_it_lies(folder: Path, read: Read) -> None:
    _parquet(folder / "a.parquet", id=[3, 1, 2])
    assert read(file="a.parquet").to_pydict() == {"id": [3, 1, 2], "#": [1, 2, 3]}


def test_a_pattern_means_all_files_that_fit_it_in_the_order_of_their_names(folder: Path, read: Read) -> None:
    for number in (2, 1):
        _parquet(folder / "day" / f"{number}.parquet", id=[number * 10, number * 10 + 1])
    assert read(file="day/*.parquet").to_pydict() == {"id": [10, 11, 20, 21], "#": [1, 2, 3, 4]}


def test_csv_files_can_be_named_by_a_pattern(folder: Path, read: Read) -> None:
    for number in (1, 2):
        (folder / f"{number}.csv").write_text(f"id\n{number}\n", encoding="utf-8")
    assert read(file="*.csv").column("id").to_pylist() == ["1", "2"]


@pytest.mark.parametrize("name", ["a[1].csv", "it's.csv", 'a"b.csv', "two words.csv", "ä;--.csv"])
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_a_name_is_taken_literally_when_there_is_such_a_file(folder: Path, read: Read, name: str, named: str) -> None:
    (folder / name).write_text("id\n1\n", encoding="utf-8")
    (folder / "a1.csv").write_text("id\n2\n", encoding="utf-8")
    quoted = name.replace("'", "''")
    table = read(file=name) if named == "by file" else read(sql=f"select * from '{quoted}'")
    assert table.column("id").to_pylist() == ["1"]


@pytest.mark.parametrize("column", ["file_row_number", "position", "File_Row_Number", "key", "match"])
def test_a_column_may_have_a_name_that_means_something_to_us(folder: Path, read: Read, column: str) -> None:
    _parquet(folder / "a.parquet", **{column: [7, 8]})
    assert read(file="a.parquet").column(0).to_pylist() == [7, 8]


def test_a_missing_file_is_told_with_its_path_and_what_lies_beside_it(folder: Path, refuse: Refuse) -> None:
    _parquet(folder / "contacts.parquet", id=[1])
    problem = refuse(file="contcats.parquet")
    assert str(folder / "contcats.parquet") in problem.message
    assert problem.hint == "did you mean contacts.parquet?"


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("s3://bucket/c.csv", "s3://bucket/c.csv is a URL, and only local files are read", "name their local path"),
        ("s3://bucket/c", "s3://bucket/c is a URL, and only local files are read", "name their local path"),
        ("file:///tmp/a%20b.csv", "is a URL, and a path is expected", "write the path: /tmp/a b.csv"),
        ("file://localhost/tmp/x.csv", "is a URL", "write the path: /tmp/x.csv"),
        ("${DATA}/c.csv", "has the variable ${DATA}, and paths take none", "write the path itself; only the settings"),
        ("day/$DAY/c.csv", "has the variable $DAY, and paths take none", "write the path itself; only the settings"),
        ("~/c.csv", "~/c.csv begins with ~/, which only a shell replaces", "write the path itself"),
        ("~ann/c.csv", "~ann/c.csv begins with ~ann/, which only a shell replaces", "write the path itself"),
    ],
)
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_a_path_that_no_file_can_have_is_told_apart_from_a_missing_file(
    refuse: Refuse, path: str, said: str, hint: str, named: str
) -> None:
    problem = refuse(file=path) if named == "by file" else refuse(sql=f"select * from '{path}'")
    assert said in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize("path", ["$DAY.csv", "~/c.csv", "${DATA}/c.csv"])
def test_a_file_may_be_called_like_a_variable_or_a_home(folder: Path, read: Read, path: str) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text("id\n1\n", encoding="utf-8")
    assert read(file=path).column("id").to_pylist() == ["1"]


def test_a_pattern_that_fits_nothing_is_a_missing_file(refuse: Refuse) -> None:
    assert "there is no file" in refuse(file="*.csv").message


def test_a_file_of_another_kind_is_refused(folder: Path, refuse: Refuse) -> None:
    (folder / "a.xlsx").write_bytes(b"")
    assert refuse(file="a.xlsx").message == "a.xlsx is not a Parquet, CSV or JSON file"


def test_a_damaged_file_is_told(folder: Path, refuse: Refuse) -> None:
    (folder / "a.parquet").write_bytes(b"nothing of the kind")
    assert "orders cannot be read" in refuse(file="a.parquet").message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_full_disk_is_no_fault_of_the_model(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "make_file", lambda path: None)  # which would replace the link to a full disk
    (folder / "a.csv").write_text("id\n1\n")
    (tmp_path / "model.parquet").symlink_to("/dev/full")
    with pytest.raises(RunStopped, match=r"orders cannot be frozen: .*No space left on device — make room") as raised:
        open_model(Model(name="orders", primary_key=("id",), file="a.csv", folder=str(folder)), tmp_path)
    assert raised.value.exit_code is ExitCode.STOPPED
    assert "{" not in raised.value.message


@pytest.mark.parametrize("path", [".env.csv", ".connector/a.csv", "sub/../.env.csv", "*/.hidden.csv"])
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_hidden_files_are_not_read(folder: Path, refuse: Refuse, path: str, named: str) -> None:
    for each in (".env.csv", ".connector/a.csv", "sub/.hidden.csv"):
        (folder / each).parent.mkdir(exist_ok=True)
        (folder / each).write_text("secret\nx\n", encoding="utf-8")
    problem = refuse(file=path) if named == "by file" else refuse(sql=f"select * from '{path}'")
    assert problem.message == f"{path} is hidden and not read"


@pytest.mark.parametrize("target", [".env.csv", ".connector/a.csv"])
def test_a_link_to_a_hidden_file_is_not_read(folder: Path, refuse: Refuse, target: str) -> None:
    (folder / target).parent.mkdir(exist_ok=True)
    (folder / target).write_text("secret\nx\n", encoding="utf-8")
    (folder / "a.csv").symlink_to(folder / target)
    assert refuse(file="a.csv").message == "a.csv is hidden and not read"
    assert refuse(sql="select * from 'a.csv'").message == "a.csv is hidden and not read"
    assert refuse(file="*.csv").message == "*.csv is hidden and not read"


def test_a_project_may_lie_in_a_hidden_folder(tmp_path: Path, folder: Path, read: Read) -> None:
    hidden = tmp_path / ".cache" / "project"
    _parquet(hidden / "a.parquet", id=[1])
    (folder / "link").symlink_to(tmp_path / ".cache")
    from connector_sdk import Model
    from connector_sdk.engines.models import open_model

    assert open_model(Model(name="m", primary_key=("id",), file="a.parquet", folder=str(hidden)), tmp_path).rows == 1
