"""Warnings about SQL that orders by text of digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Open


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    lines = [f"T{number},{number},{number:03},{'abc'[number % 3]},2026-01-{number:02}" for number in (1, 2, 10, 11)]
    (folder / "a.csv").write_text("id,rank,code,word,day\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "typed.csv").write_text("id,rank\nT1,1\nT10,10\n", encoding="utf-8")


@pytest.mark.rule("V9")
@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select id, rank from 'a.csv' order by rank", "rank"),
        ("select id, rank from 'a.csv' order by rank desc nulls last", "rank"),
        ("select id from 'a.csv' order by rank", "rank"),
        ("select id from 'a.csv' a order by a.rank, id", "a.rank"),
        ("select id, rank as place from 'a.csv' order by place", "place"),
        ('select id, rank as "the place" from \'a.csv\' order by "the place"', '"the place"'),
        ("select id, rank from 'a.csv' order by 2", "rank"),
        ("select id, rank from 'a.csv' order by ALL", "rank"),
        ("select * from 'a.csv' order by 2 desc", "rank"),
        ("select id from 'a.csv' order by rank || ''", "(rank || '')"),
        ("select id, rank from 'a.csv' where word <> 'c' order by rank limit 2", "rank"),
        ("select id, rank from 'a.csv' union all select id, rank from 'typed.csv' order by rank", "rank"),
        ("with w as (select id, rank from 'a.csv') select id from w order by rank", "rank"),
        ("select id from (select id from 'a.csv' order by rank limit 2)", "rank"),
        ("select id, row_number() over (partition by word order by rank) as n from 'a.csv'", "rank"),
        ("select any_value(id) as id, string_agg(word order by rank) as w from 'a.csv'", "rank"),
        ("select word as id, max(rank) as top from 'a.csv' group by word order by max(rank)", "max(rank)"),
        ("from 'a.csv' order by rank", "rank"),
    ],
)
def test_text_of_digits_that_orders_rows_is_named(open_: Open, sql: str, named: str) -> None:
    assert open_(sql=sql).warnings == (
        f"the SQL of model orders orders by {named}, which is text of digits: 10 comes before 9",
    )


@pytest.mark.rule("V9")
@pytest.mark.parametrize(
    "sql",
    [
        "select id, rank from 'a.csv'",
        "select id from 'a.csv' order by cast(rank as integer)",
        "select id, rank::int as rank from 'a.csv' order by rank",
        "select id, cast(rank as int) as place from 'a.csv' order by place, 2",
        "select id from 'a.csv' order by word, day, id",
        "select id, code from 'a.csv' order by code",
        "select id, rank from 'a.csv' where false order by rank",
        "select id, row_number() over (order by rank::int) as n from 'a.csv' order by 2",
        "select id, 'order by rank' as t from 'a.csv' order by t",
        "select id from 'a.csv' order by rank::int, random()",
        "select a.id from 'a.csv' a where exists (select 1 from 'typed.csv' b where b.id = a.id order by a.rank)",
    ],
)
def test_nothing_is_said_of_other_orders(open_: Open, sql: str) -> None:
    assert open_(sql=sql).warnings == ()


@pytest.mark.rule("V9")
def test_types_of_the_model_make_numbers_of_digits(open_: Open) -> None:
    assert open_(sql="select * from 'typed.csv' order by rank", types={"rank": "INTEGER"}).warnings == ()


@pytest.mark.rule("V9")
@pytest.mark.parametrize(
    ("values", "is_warned_of"),
    [
        (["10.5", "9.25"], True),
        (["-1", "-2", "3"], True),
        (["+5", "12"], True),
        (["01", "-2"], True),
        (["-01", "-02"], True),
        (["0.5", "10"], True),
        (["01.5", "10.25"], False),
        (["007", "010"], False),
        (["1.2.3", "1"], False),
        (["1.", "2"], False),
        (["-", "1"], False),
        (["1e3", "2"], False),
    ],
)
def test_text_of_numbers_with_signs_and_fractions_is_warned_of(
    folder: Path, open_: Open, values: list[str], is_warned_of: bool
) -> None:
    (folder / "n.csv").write_text("id,n\n" + "".join(f"T{each},{each}\n" for each in values), encoding="utf-8")
    assert bool(open_(sql="select id, n from 'n.csv' order by n").warnings) == is_warned_of
    assert bool(open_(sql="select id from 'n.csv' order by n").warnings) == is_warned_of
