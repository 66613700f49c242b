"""What a path says is no column, unless the model asks for it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector_sdk import Model, Problem
from connector_sdk.engines.compare import columns_of
from connector_sdk.engines.models import open_model
from connector_sdk.engines.sql import database, file
from connector_sdk.files.corruption import damage

from .conftest import Read, Refuse

ROWS = {"id": ["1", "2"], "name": ["Ada", "Grace"]}


def write(folder: Path, name: str, /, **columns: list[str]) -> None:
    """Write a file of one of the three formats."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    if name.endswith(".parquet"):
        pq.write_table(table, folder / name)
        return
    if name.endswith(".gz"):
        write(folder, name.removesuffix(".gz"), **columns)
        (folder / name).write_bytes(gzip.compress((folder / name.removesuffix(".gz")).read_bytes()))
        (folder / name.removesuffix(".gz")).unlink()
        return
    lines = [",".join(columns), *(",".join(row.values()) for row in table.to_pylist())]
    objects = [str(row).replace("'", '"') for row in table.to_pylist()]
    (folder / name).write_text("\n".join(objects if name.endswith(".json") else lines) + "\n", encoding="utf-8")


@pytest.mark.rule("V5")
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json"])
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_a_folder_is_not_a_column_below_the_project_nor_above_it(tmp_path: Path, name: str, named: str) -> None:
    project = tmp_path / "name=prod" / "region=EU"
    write(project / "name=test", name, **ROWS)
    path = f"name=test/{name}"
    given = {"file": path} if named == "by file" else {"sql": f"select * from '{path}'"}
    target = tmp_path / "name=frozen"
    target.mkdir()
    source = open_model(Model(name="m", primary_key=("id",), folder=str(project), **given), target)
    with database(tmp_path) as connection:
        found = connection.execute(f'select id, "name" from {source.relation} order by id').fetchall()
    assert list(source.columns) == ["id", "name"]
    assert found == [("1", "Ada"), ("2", "Grace")]


@pytest.mark.rule("V5")
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("named", ["by file", "in SQL", "with partitions"])
@pytest.mark.parametrize("above", [True, False], ids=["above the project", "below it"])
def test_types_are_given_to_columns_whatever_the_folders_of_a_file_are_called(
    tmp_path: Path, name: str, named: str, above: bool
) -> None:
    project = tmp_path / "c=1" / "id=2" if above else tmp_path / "project"
    write(project / "region=EU", name, id=["1", "2"], n=["7", "8"])
    path = f"region=EU/{name}"
    given = {"sql": f"select * from '{path}'"} if named == "in SQL" else {"file": path}
    partitions = ("region",) if named == "with partitions" else ()
    model = Model(
        name="m", primary_key=("id",), folder=str(project), types={"n": "int"}, partitions=partitions, **given
    )
    (tmp_path / "x=frozen").mkdir()
    source = open_model(model, tmp_path / "x=frozen")
    assert source.columns == {"id": "VARCHAR", "n": "INTEGER", **dict.fromkeys(partitions, "VARCHAR")}
    with database(tmp_path) as connection:
        assert connection.execute(f"select n from {source.relation} order by id").fetchall() == [(7,), (8,)]


@pytest.mark.rule("V5")
@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.parquet"])
@pytest.mark.parametrize("pattern", ["region=EU/*", "region=*/*"])
def test_several_files_below_such_folders_are_read_as_they_are(
    folder: Path, read: Read, name: str, pattern: str
) -> None:
    for each in ("b", "c"):
        write(folder / "region=EU", f"{each}{name}", id=[each], region=["own"])
    assert read(file=f"{pattern}{name}").to_pylist() == [
        {"id": "b", "region": "own", "#": 1},
        {"id": "c", "region": "own", "#": 2},
    ]


@pytest.mark.rule("V5")
def test_files_of_ours_are_read_the_same_whatever_their_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "record_id=1" / "[key=7]"
    write(folder, "snapshot.parquet", key=["a"], record_id=["x"])
    with database(tmp_path) as connection:
        assert columns_of(connection, file(folder / "snapshot.parquet")) == {"key": "VARCHAR", "record_id": "VARCHAR"}
        found = connection.execute(f"select * from {file(folder / 'snapshot.parquet', numbered=True)}").fetchall()
    assert found == [("a", "x", 0)]
    assert damage(folder / "snapshot.parquet") == ""


@pytest.mark.rule("V5")
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json"])
@pytest.mark.parametrize("named", ["by file", "in SQL"])
def test_partitions_become_columns_where_the_model_names_them(folder: Path, read: Read, name: str, named: str) -> None:
    for region in ("EU", "US%20East", "__HIVE_DEFAULT_PARTITION__"):
        write(folder / f"region={region}" / "day=1", name, id=[region[:2]])
    path = f"region=*/day=1/{name}"
    given = {"file": path} if named == "by file" else {"sql": f"select id, region from '{path}'"}
    table = read(partitions=("region",), **given)
    assert table.select(["id", "region"]).to_pylist() == [
        {"id": "EU", "region": "EU"},
        {"id": "US", "region": "US East"},
        {"id": "__", "region": None},
    ]


@pytest.mark.rule("V5")
def test_a_partition_that_the_file_has_itself_is_refused(folder: Path, refuse: Refuse) -> None:
    write(folder / "name=prod", "a.csv", **ROWS)
    write(folder / "NAME=prod", "a.parquet", **ROWS)
    for path, partition in (("name=prod/a.csv", "name"), ("NAME=prod/a.parquet", "NAME")):
        problem = refuse(file=path, partitions=(partition,), place=("partitions",))
        assert problem.message == f"{path} has a column {partition} of its own"


@pytest.mark.rule("V5")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"file": "region=EU/a.csv", "partitions": ("day",)}, "the path region=EU/a.csv has day=... not"),
        ({"file": "*/a.csv", "partitions": ("region",)}, "the path none/a.csv has region=... not"),
        ({"file": "region=EU/region=US/a.csv", "partitions": ("region",)}, "has region=... more than once"),
        ({"sql": "select * from 'none/a.csv'", "partitions": ("region",)}, "no path in the SQL has region=..."),
        ({"sql": "select * from '*/a.csv'", "partitions": ("region",)}, "the path none/a.csv has region=... not"),
    ],
    ids=["another one", "some files", "twice", "no file of the SQL", "some files of the SQL"],
)
def test_a_path_that_does_not_say_a_partition_once_is_refused(
    folder: Path, refuse: Refuse, given: dict[str, object], said: str
) -> None:
    for each in ("region=EU", "none", "region=EU/region=US"):
        write(folder / each, "a.csv", **ROWS)
    problem: Problem = refuse(**given, place=("partitions",))
    assert said in problem.message


def test_a_partition_above_the_project_counts_only_where_the_model_names_the_path(
    tmp_path: Path, refuse: Refuse
) -> None:
    project = tmp_path / "region=EU" / "project"
    write(project, "a.csv", **ROWS)
    model = Model(
        name="m", primary_key=("id",), file=str(project / "a.csv"), folder=str(project), partitions=("region",)
    )
    assert list(open_model(model, tmp_path).columns) == ["id", "name", "region"]


def test_data_from_python_has_no_partitions(refuse: Refuse) -> None:
    problem = refuse(data=pa.table(ROWS), partitions=("region",), place=("partitions",))
    assert problem.message == "data from Python have no paths"
