"""A model's SQL: one SELECT over the files that it names."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from connector_sdk import Model
from connector_sdk.engines.models import open_model
from connector_sdk.engines.sql import choices_as_text

from .conftest import Read, Refuse


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    (folder / "a.csv").write_text("id,n\n1,x\n2,y\n", encoding="utf-8")
    (folder / "b.csv").write_text("id,m\n1,p\n", encoding="utf-8")
    (folder / "c").mkdir()
    for number in (8, 9):
        (folder / "c" / f"{number}.csv").write_text(f"id\n{number}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("sql", "ids"),
    [
        ("select * from 'a.csv'", ["1", "2"]),
        ("select * from 'a.csv';", ["1", "2"]),
        ("select id from 'a.csv' -- done;", ["1", "2"]),
        ("select id from 'a.csv'; -- done", ["1", "2"]),
        ("select id, 'é;' as n from 'a.csv' ; /* done */ ;", ["1", "2"]),
        ("from 'a.csv'", ["1", "2"]),
        ("select a.id from 'a.csv' a join 'b.csv' b using (id)", ["1"]),
        ("select a.id from 'a.csv' a, 'b.csv' b where a.id = b.id", ["1"]),
        ("with w as (select * from 'a.csv') select id from w where id in (select id from 'b.csv')", ["1"]),
        ("select id from 'a.csv' a where exists (select 1 from \"b.csv\" b where b.id = a.id)", ["1"]),
        ("select id from 'c/*.csv' order by id", ["8", "9"]),
        ("values ('7')", ["7"]),
    ],
)
def test_a_select_may_have_any_form(read: Read, sql: str, ids: list[str]) -> None:
    assert read(sql=sql).column(0).to_pylist() == ids


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("select id, 'web' as n from 'a.csv'", ["web", "web"]),
        ("select id, 'z.csv' as n from 'a.csv'", ["z.csv", "z.csv"]),
        ("select id, n from 'a.csv' where n in ('q', 'x', 'from ''z.csv''')", ["x"]),
        ("select id, 'from ''z.csv''' as n from 'b.csv'", ["from 'z.csv'"]),
        ("select id, n from 'a.csv' -- from 'z.csv'", ["x", "y"]),
        ("select id, n /* join 'z.csv' */ from 'a.csv'", ["x", "y"]),
    ],
)
def test_a_text_that_looks_like_a_file_stays_a_text(read: Read, sql: str, values: list[str]) -> None:
    assert read(sql=sql).column(1).to_pylist() == values


def test_csv_columns_are_text_in_sql_too(read: Read) -> None:
    assert read(sql="select id || '0' as id from 'a.csv'").column("id").to_pylist() == ["10", "20"]


def test_the_types_of_a_model_apply_in_sql_too(read: Read) -> None:
    assert read(sql="select id + 1 as id from 'a.csv'", types={"id": "INTEGER"}).column("id").to_pylist() == [2, 3]


def test_whole_numbers_of_any_size_keep_every_digit(read: Read) -> None:
    sql = "select sum(i) as id, -sum(i) as n from (values (9007199254740993), (9007199254740990)) t(i)"
    assert read(sql=sql).drop_columns(["#"]).to_pylist() == [
        {"id": Decimal(18014398509481983), "n": Decimal(-18014398509481983)}
    ]


def test_a_column_without_any_value_is_text(read: Read) -> None:
    table = read(sql="select 1 as id, null as n")
    assert str(table.schema.field("n").type) == "string"
    assert table.column("n").to_pylist() == [None]


def test_rows_keep_the_order_of_the_query(read: Read) -> None:
    table = read(sql="select i as id from range(50000) t(i) order by i desc")
    assert table.column("id").to_pylist() == list(range(49_999, -1, -1))
    assert table.column("#").to_pylist() == list(range(1, 50_001))


def test_a_query_that_answers_differently_every_time_is_read_once(folder: Path, tmp_path: Path) -> None:
    sql = "select i as id, random() as n from range(1000) t(i)"
    source = open_model(Model(name="orders", primary_key=("id",), sql=sql, folder=str(folder)), tmp_path)
    with duckdb.connect() as connection:
        first, second = (connection.sql(f"select id, n from {source.relation}").fetchall() for _ in range(2))
    assert first == second
    assert len({number for _, number in first}) > 900


def test_a_timestamp_without_a_zone_is_not_moved(read: Read) -> None:
    sql = "select cast(timestamptz '2026-01-31 10:00:00+02' as varchar) as id"
    assert read(sql=sql).column("id").to_pylist() == ["2026-01-31 08:00:00+00"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select nme from 'a.csv'", "nme"),
        ("select * from nowhere", "nowhere"),
        ("selec 1", "selec"),
        ("select cast('x' as integer) as id", "x"),
        ("select * from 'c.csv'", "there is no file"),
        ("select * from 'a.xlsx'", "a.xlsx"),
        ("select * from '/etc/passwd'", "/etc/passwd is not a Parquet, CSV or JSON file"),
        ("select $1 as id", "1"),
        ("", "one SELECT"),
        ("-- nothing", "one SELECT"),
    ],
)
def test_sql_that_fails_is_told_with_its_reason(refuse: Refuse, sql: str, told: str) -> None:
    assert told in refuse(sql=sql).message


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; select 2",
        "create table t as select 1",
        "insert into t values (1)",
        "with x as (insert into t values (1) returning *) select * from x",
        "pivot 'a.csv' on n using count(*)",
        "explain select 1",
    ],
)
def test_anything_but_one_select_is_refused(refuse: Refuse, sql: str) -> None:
    refuse(sql=sql)


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        ("""['"a"', '1.50', 'null', '"b;c"']::json[]""", "JSON[]", "a;1.50;null;b;c"),
        ("['a', 'b']", "VARCHAR[]", "a;b"),
        ("[1, 2]", "INTEGER[]", "1;2"),
        ("'a;b'", "VARCHAR", "a;b"),
    ],
)
def test_several_choices_are_one_text_without_the_quotes_of_json(value: str, type_: str, text: str) -> None:
    with duckdb.connect() as connection:
        query = f"select typeof(v), {choices_as_text('v', type_)} from (select {value} as v)"
        assert connection.execute(query).fetchone() == (type_, text)
