"""What a model's SQL must not reach: other files, the network, settings, anything that writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Read, Refuse

SECRET = "a secret that no model may read"


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n", encoding="utf-8")
    (folder / "inside").mkdir()
    for path in (folder.parent / "secret.csv", folder / ".env", folder / "inside" / "other.csv"):
        path.write_text(f"id\n{SECRET}\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")


READING = [
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from read_csv('{folder}/../secret.csv')",
    "select * from read_csv('{folder}/link.csv')",
    "select * from read_csv('{folder}/.env', header = true)",
    "select * from 'a.csv' union all select * from read_csv('{folder}/../secret.csv')",
    "select * from 'a.csv' where id in (select content from read_text('{folder}/.env'))",
    "select * from read_csv('inside/other.csv')",
    "select * from read_json_objects('/etc/passwd')",
    "select * from sniff_csv('{folder}/../secret.csv')",
    "select * from glob('{folder}/*')",
    "select * from parquet_metadata('/etc/passwd')",
    "select * from 'https://127.0.0.1:9/a.csv'",
    "select * from 'http://127.0.0.1:9/a.parquet'",
    "select * from 's3://bucket/a.parquet'",
    "select * from read_csv('https://127.0.0.1:9/a.csv')",
    "select * from sqlite_scan('{folder}/state.db', 'sync')",
    "select getenv('HOME') as id",
    "select * from query('select * from read_text(''/etc/passwd'')')",
    "select * from query_table('/etc/passwd')",
    "select * from python_value",
]

ACTING = [
    "copy (select 1) to '{folder}/out.csv'",
    "copy a from '{folder}/.env'",
    "attach '{folder}/out.db'",
    "install httpfs",
    "load httpfs",
    "export database '{folder}/out'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma database_list",
    "call pragma_version()",
    "use memory",
    "create secret (type s3, key_id 'x', secret 'y')",
    "select 1; copy (select 1) to '{folder}/out.csv'",
    "select * from query('copy (select 1) to ''{folder}/out.csv''')",
    "with x as (insert into \"a.csv\" values ('2') returning *) select * from x",
    "select 1) to '{folder}/out.csv' (format csv) --",
    "select 1) to '{folder}/out.csv' (format csv); copy (select 1",
]


@pytest.mark.parametrize("sql", [*READING, *ACTING])
def test_an_escape_is_refused_and_leaves_nothing_behind(
    folder: Path, refuse: Refuse, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(folder)
    python_value = [SECRET]
    before = sorted(path for path, _, _ in os.walk(folder)), sorted(folder.rglob("*"))
    problem = refuse(sql=sql.format(folder=folder))
    assert SECRET not in str(problem), python_value
    assert (sorted(path for path, _, _ in os.walk(folder)), sorted(folder.rglob("*"))) == before


def test_a_frame_of_python_is_no_table(refuse: Refuse) -> None:
    import pyarrow as pa

    model = target = connection = select = pa.table({"id": [SECRET]})
    for each in ("model", "target", "connection", "select"):
        assert SECRET not in refuse(sql=f'select * from "{each}"').message
    assert model is target is connection is select


def test_the_refusal_of_a_file_says_what_may_be_read(refuse: Refuse) -> None:
    problem = refuse(sql="select * from read_text('/etc/passwd')")
    assert "may not do that" in problem.message
    assert "names in quotes after FROM or JOIN" in problem.hint


def test_the_settings_cannot_be_changed_from_within_a_select(read: Read, refuse: Refuse) -> None:
    refuse(sql="select * from enable_logging()")
    assert read(sql="select current_setting('enable_external_access') as id").column("id").to_pylist() == [False]
