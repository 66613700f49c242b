"""Two columns of one name in a CTE or a sub-select of a model's SQL: no reference to them takes one silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Read, Refuse

JOIN = "select * from 'a.csv' a join 'b.csv' b on a.id = b.ref"


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """Two files that share a column `n`, and a third one."""
    (folder / "a.csv").write_text("id,n,x\n1,of a,3\n", encoding="utf-8")
    (folder / "b.csv").write_text("ref,n,y\n1,of b,4\n", encoding="utf-8")
    (folder / "c.csv").write_text("id,z\n1,5\n", encoding="utf-8")


@pytest.mark.rule("V7")
@pytest.mark.parametrize(
    ("sql", "where"),
    [
        (f"with j as ({JOIN}) select id, n as name from j", "the CTE j"),
        (f"with j as ({JOIN}) select id, j.N as name from j", "the CTE j"),
        (f"with j as ({JOIN}), k as (select * from j) select id, n as name from k", "the CTE k"),
        (f"with j as ({JOIN}) select id from j where n = 'of a'", "the CTE j"),
        (f"with j as ({JOIN}) select id, upper(x) as n from j where n = 'of a'", "the CTE j"),
        (f"with j as ({JOIN}) select id from 'c.csv' where id in (select id from j where n = 'of a')", "the CTE j"),
        (f"with j as ({JOIN}) select a.id from 'a.csv' a where exists (select 1 from j where n > '')", "the CTE j"),
        (f"with j as ({JOIN}) select j.id, d.m from j join (select 'of a' as n, 1 as m) d using (n)", "the CTE j"),
        (f"with j as ({JOIN}) select id, x from j natural join (select 'of a' as n, '1' as id) d", "the CTE j"),
        (f"select id, n as name from ({JOIN})", "the sub-select after FROM"),
        (f"select id, q.n as name from ({JOIN}) q", "the sub-select q"),
        (f"select id, name from (select id, n as name from ({JOIN}) q) r", "the sub-select q"),
        (f"select id, n as name from (select * from ({JOIN}) q) r", "the sub-select r"),
        (f"select id, m as name from (select * rename (n as m) from ({JOIN}) q) r", "the sub-select q"),
        (f"select id, count(*) as n2 from ({JOIN}) q group by id, n", "the sub-select q"),
        (f"select id from ({JOIN}) q order by n", "the sub-select q"),
        (f"select id from 'c.csv' union all select n from ({JOIN}) q", "the sub-select q"),
        ("select id, t.n as name from ('a.csv' a join 'b.csv' b on a.id = b.ref) t", "the sub-select t"),
        ("select id, n from (select id, a.n, b.n from 'a.csv' a join 'b.csv' b on true) q", "the sub-select q"),
        ("select id, n from 'c.csv' c, lateral (select a.n, c.z as n from 'a.csv' a) q", "the sub-select q"),
        ("select c.id, k from 'c.csv' c, (select a.id, b.id, 1 as k from 'a.csv' a, 'c.csv' b where a.id = c.id) q"
         " where q.id = '1'", "the sub-select q"),
        ("select c.id, n from 'c.csv' c, (select *, c.z as k from 'a.csv' a, 'b.csv' b where a.id = c.id) q",
         "the sub-select q"),
        ("with j(id, m, m) as (select 1, 2, 3) select id, m as name from j", "the CTE j"),
        ("select id, m as name from (select 1, 2, 3) j(id, m, M)", "the sub-select j"),
        ("select id, m as name from (values (1, 2, 3)) j(id, m, m)", "the sub-select j"),
        ("select m as id from 'a.csv' j(m, m, x)", "the table j"),
        ("select x as id from 'a.csv' j(x)", "the table j"),
    ],
)  # fmt: skip
def test_a_doubled_name_of_an_inner_query_is_refused_where_the_sql_names_it(
    refuse: Refuse, sql: str, where: str
) -> None:
    assert f"{where} has it twice: columns " in refuse(sql=sql).message


@pytest.mark.rule("V7")
@pytest.mark.parametrize(
    "sql",
    [
        f"with j as ({JOIN}) select id, x, y from j",
        f"with j as ({JOIN}) select j.id, a.n, j.y from j join 'a.csv' a on a.id = j.id",
        f"with j as ({JOIN}), k as (select a.id, a.n from 'a.csv' a join j on j.id = a.id) select id, n from k",
        f"select id, (select max(n) from 'a.csv') as n from ({JOIN}) q",
        "select id, n from (select a.id, n from 'a.csv' a join 'c.csv' c using (id)) q",
        "select q.id, q.n from (select * from 'a.csv' a join 'c.csv' c using (id)) q",
        "select * from (select id, a.n, b.n as m from 'a.csv' a join 'b.csv' b on a.id = b.ref) q",
        f"select * from ({JOIN}) q(id, n, x, ref, m, y)",
        f"select id, x from (select * from ({JOIN}) q(id, n, x, ref, m, y)) r",
        "select id, n from 'a.csv' a, lateral (select * from 'c.csv' c where c.id = a.id) q(cid, z)",
        "select a.id, v from 'a.csv' a, unnest([a.n, a.x]) u(v)",
        "select a.id, v from 'a.csv' a, (select unnest([a.n, a.x]) as v) u",
        "select c.id, q.n from 'c.csv' c, (select *, c.z as k from 'a.csv' join 'c.csv' d using (id)) q",
        "with recursive r(id, n) as (select 1, 2 union all select id + 1, n from r where id < 3) select id, n from r",
        "select id, c from (select id, count(*), count(*) as c from 'a.csv' group by id) q",
    ],
)  # fmt: skip
def test_what_is_not_doubled_or_not_named_is_read(read: Read, sql: str) -> None:
    assert read(sql=sql).num_rows


@pytest.mark.rule("V7")
def test_doubled_names_of_inner_queries_that_a_star_hands_on_are_columns_that_cannot_be_used(
    read: Read, lack: Refuse
) -> None:
    for sql in (f"select * from ({JOIN}) q", f"with q as ({JOIN}) select q.* from q", f"from ({JOIN}) q"):
        assert read(sql=sql).drop_columns(["#"]).to_pylist() == [{"id": "1", "x": "3", "ref": "1", "y": "4"}]
        for column in ("n", "n_1"):
            assert "q has it twice: columns 2 and 5" in lack(sql=sql, lacking=column).message


@pytest.mark.rule("V7")
def test_a_name_that_is_doubled_by_two_stars_one_within_the_other_is_refused(lack: Refuse, refuse: Refuse) -> None:
    inner = f"select *, 'other' as n from ({JOIN}) q"
    assert "r has it 3 times" in refuse(sql=f"select id, n as name from ({inner}) r").message
    assert "has it twice" in lack(sql=inner, lacking="n").message


@pytest.mark.rule("V7")
def test_an_inner_query_of_which_the_columns_cannot_be_told_is_refused(refuse: Refuse) -> None:
    sql = "select id, w from 'a.csv' a, (select * from unnest([a.n]) u(w) join unnest([a.x]) v(w) on true) q"
    message = refuse(sql=sql).message
    assert "twice" in message or "cannot tell whether" in message


@pytest.mark.rule("V7")
def test_sql_that_is_nested_too_deeply_to_be_looked_at_is_refused(read: Read, refuse: Refuse) -> None:
    assert read(sql=f"select {'(' * 100}1{' + 1)' * 100} as id").num_rows == 1
    assert "nested too deeply" in refuse(sql=f"select {' + '.join('1' * 900)} as id").message
