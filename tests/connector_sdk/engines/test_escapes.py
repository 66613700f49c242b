"""What a model's SQL must not reach: other files, the network, settings, anything that writes."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Read, Refuse

SECRET = "a secret that no model may read"


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n", encoding="utf-8")
    (folder / "inside").mkdir()
    for path in (folder.parent / "secret.csv", folder / ".env", folder / "inside" / "other.csv"):
        path.write_text(f"id\n{SECRET}\n", encoding="utf-8")
    (folder / ".env.csv").write_text(f"id\n{SECRET}\n", encoding="utf-8")
    (folder / ".connector" / "ledgers").mkdir(parents=True)
    pq.write_table(pa.table({"id": [SECRET]}), folder / ".connector" / "ledgers" / "run.parquet")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "seen.csv").symlink_to(folder / ".env.csv")
    (folder / "open").symlink_to(folder / ".connector")


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
    "select * from '.env.csv'",
    "select * from './.env.csv'",
    "select * from 'inside/../.env.csv'",
    "select * from '{folder}/.env.csv'",
    "select * from '.connector/ledgers/run.parquet'",
    "select * from '.connector/*/*.parquet'",
    "select * from '.*/*/*.parquet'",
    "select * from '[.]connector/ledgers/*.parquet'",
    "select * from '?env.csv'",
    "select * from '.e*.csv'",
    "select * from '{{.env,a}}.csv'",
    "select * from 'open/ledgers/run.parquet'",
    "select * from 'seen.csv'",
    "select * from 'inside/' || '../.env.csv'",
    "select * from read_parquet('{folder}/.connector/ledgers/run.parquet')",
    "select * from read_csv_auto('{folder}/.env.csv')",
    "select * from read_csv(['a.csv', '{folder}/../secret.csv'])",
    "select * from read_csv('file://{folder}/../secret.csv')",
    "select * from 'file:///etc/passwd.csv'",
    "select * from '/proc/self/environ'",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_text('/dev/stdin')",
    "select * from '/dev/stdin'",
    "select * from 'hf://datasets/a/b.parquet'",
    "select * from 'azure://a/b.parquet'",
    "select * from 'gs://a/b.parquet'",
    "select * from 'ftp://127.0.0.1/a.csv'",
    "select * from parquet_file_metadata('{folder}/.connector/ledgers/run.parquet')",
    "select * from parquet_schema('{folder}/.connector/ledgers/run.parquet')",
    "select * from read_duckdb('{folder}/x.db')",
    "select * from iceberg_scan('{folder}')",
    "select * from delta_scan('{folder}')",
    "select * from st_read('/etc/passwd')",
    "select * from read_xlsx('{folder}/a.xlsx')",
    "select * from postgres_scan('host=127.0.0.1 port=9', 'public', 't')",
    "select * from mysql_scan('host=127.0.0.1', 'a', 't')",
    "select * from sqlite_query('{folder}/.connector/state.db', 'select 1')",
    "from duckdb_secrets() select 1 as id where exists (select 1 from read_text('{folder}/.env'))",
    "select content as id from read_text('{folder}/' || '.env')",
    "select (select content from read_text('{folder}/.env')) as id",
    "select * from 'a.csv' where exists (select * from read_text('{folder}/.env'))",
    "select unnest(glob) as id from (select list(file) as glob from glob('/etc/*'))",
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
    "create table x as select 1",
    'create or replace view "a.csv" as select 1',
    "create macro f() as table select * from read_text('/etc/passwd')",
    'drop view "a.csv"',
    "detach memory",
    "checkpoint",
    "vacuum",
    "import database '{folder}'",
    "update extensions",
    "force install httpfs from 'http://127.0.0.1:9'",
    "set allowed_directories = ['/']",
    "set global enable_external_access = true",
    "set temp_directory = '{folder}/spill'",
    "set log_query_path = '{folder}/log'",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{folder}/profile.json'",
    "prepare q as select 1",
    "begin transaction",
    "explain analyze select 1",
    "select * from (copy (select 1) to '{folder}/out.csv')",
    "select 1 as id; attach '{folder}/out.db'",
    "/* ; */ copy (select 1) to '{folder}/out.csv'",
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


@pytest.mark.parametrize(
    "file",
    [
        ".env.csv", "./.env.csv", "inside/../.env.csv", "{folder}/.env.csv", "seen.csv", "open/ledgers/run.parquet",
        ".connector/ledgers/run.parquet", ".connector/*/*.parquet",
        "[.]connector/ledgers/*.parquet", "[.]env.csv",
        "*/ledgers/*.parquet",
        "http://127.0.0.1:9/a.csv", "s3://bucket/a.parquet", "file:///etc/passwd.csv", "/dev/stdin", "/etc/passwd",
    ],
)  # fmt: skip
def test_a_file_that_is_hidden_or_elsewhere_is_no_model(folder: Path, refuse: Refuse, file: str) -> None:
    assert SECRET not in str(refuse(file=file.format(folder=folder)))
