"""Two columns of one name: a sync cannot choose between them, so it can use neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Read, Refuse

TABLE = pa.Table.from_arrays([pa.array([each]) for each in (1, 2, 3, 4)], names=["id", "name", "x", "name"])
CASES = pa.Table.from_arrays([pa.array([each]) for each in (1, 2, 3, 4)], names=["id", "name", "x", "Name"])


def store_table(kind: str, folder: Path, table: pa.Table) -> dict[str, Any]:
    """Write a table into the folder, unless it is data, and return the settings of a model that reads it."""
    if kind == "data":
        return {"data": table}
    if kind == "Parquet":
        pq.write_table(table, folder / "a.parquet")
        return {"file": "a.parquet"}
    header = ",".join(table.column_names)
    (folder / "a.csv").write_text(f"{header}\n1,2,3,4\n", encoding="utf-8")
    return {"file": "a.csv"}


@pytest.mark.rule("V7")
@pytest.mark.parametrize("kind", ["CSV", "Parquet", "data"])
@pytest.mark.parametrize(("table", "places"), [(TABLE, "2 and 4"), (CASES, "2 (name) and 4 (Name)")], ids=str)
def test_a_doubled_name_is_an_error_where_it_is_used_and_nowhere_else(
    folder: Path, read: Read, lack: Refuse, kind: str, table: pa.Table, places: str
) -> None:
    given = store_table(kind, folder, table)
    found = read(**given, used=("x",))
    assert found.column_names == ["id", "x", "#"]
    assert [str(each) for each in found.to_pylist()[0].values()] == ["1", "3", "1"]
    assert lack(**store_table(kind, folder, table), lacking="name").message.endswith(f"has it twice: columns {places}")


@pytest.mark.rule("V7")
@pytest.mark.parametrize("kind", ["CSV", "Parquet", "data"])
def test_a_column_that_is_called_as_duckdb_would_call_the_second_one_is_read_itself(
    folder: Path, read: Read, kind: str
) -> None:
    table = pa.Table.from_arrays([pa.array([each]) for each in (1, 2, 3, 4)], names=["id", "n", "n", "n_1"])
    found = read(**store_table(kind, folder, table), used=("n_1",))
    assert found.column_names == ["id", "n_1", "#"]
    assert str(found.column("n_1").to_pylist()[0]) == "4"


@pytest.mark.rule("V7")
def test_the_result_of_a_join_with_two_columns_of_one_name_is_told_with_their_places(
    folder: Path, read: Read, lack: Refuse, refuse: Refuse
) -> None:
    for each in ("a", "b"):
        (folder / f"{each}.csv").write_text(f"id,name,{each}\n1,of {each},2\n", encoding="utf-8")
    join = "select * from 'a.csv' a join 'b.csv' b using (id)"
    assert read(sql=join).to_pylist() == [{"id": "1", "a": "2", "b": "2", "#": 1}]
    assert lack(sql=join, lacking="name").message.endswith("the result of the SQL has it twice: columns 2 and 4")
    twice = "select id, a as v, b.name, b.b as V, a.a as v from 'a.csv' a join 'b.csv' b using (id)"
    assert read(sql=twice).column_names == ["id", "name", "#"]
    assert lack(sql=twice, lacking="v").message.endswith("3 times: columns 2 (v), 4 (V) and 5 (v)")
    named = "select id, n.name from 'a.csv' a join 'b.csv' n using (id)"
    assert read(sql=named).column("name").to_pylist() == ["of b"]


@pytest.mark.rule("V7")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": 1, "n": 2, "n": 3}', "a.json: an object has the key twice"),
        ('{"id": 1, "n": 2}\n{"id": 2, "N": 3}', "a.json: the key is written N and n"),
        ('[{"id": 1, "n": 2, "N": 3}]', "a.json: the key is written N and n"),
    ],
    ids=["in an object", "in two objects", "in two spellings"],
)
def test_a_key_of_json_that_stands_twice_is_an_error_where_it_is_used_and_nowhere_else(
    folder: Path, read: Read, lack: Refuse, content: str, said: str
) -> None:
    (folder / "a.json").write_text(content, encoding="utf-8")
    assert read(file="a.json").column("id").to_pylist()[0] == 1
    assert lack(file="a.json", lacking="n").message.endswith(said)


@pytest.mark.rule("V7")
def test_sql_that_names_a_doubled_column_of_a_file_is_told_why_it_cannot(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_text("id,name,name\n1,2,3\n", encoding="utf-8")
    for sql in ("select id, name from 'a.csv'", "select id from 'a.csv' where \"NAME\" = '2'"):
        assert "the header of a.csv has it twice: columns 2 and 3" in refuse(sql=sql).message


def test_a_file_of_which_no_column_can_be_used_is_refused_with_the_reasons(folder: Path, refuse: Refuse) -> None:
    (folder / "a.csv").write_text("id,id\n1,2\n", encoding="utf-8")
    for given in ({"file": "a.csv"}, {"sql": "select 1 as id from 'a.csv'"}):
        assert "the header of a.csv has it twice" in refuse(**given).message
