"""A project file with files beside it, from the first run to the last."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from connector_sdk import ConfigError, Destination, RunReport
from connector_sdk.project.load import load_project
from connector_sdk.run import run
from connector_sdk.testing.reference import Store, plugin

PROJECT = """\
version: 1
connections:
  crm: {type: reference, path: "%s"}
models:
  people: {file: people.csv, primary_key: id}
  accounts: {sql: "select number, name from 'accounts/*.parquet' where name <> 'from ''x.csv'''", primary_key: number}
syncs:
  people:
    model: people
    connection: crm
    object: people
    mode: upsert
    match: {field: external_id, column: id}
    fields:
      name: full_name
      balance: balance
      account: {find: accounts, where: number, equals: account}
      tier: {value: Gold}
    on_removed: delete
  accounts:
    model: accounts
    connection: crm
    object: accounts
    mode: upsert
    match: {field: number, column: number}
    fields: {name: name}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the project, two accounts and three people."""
    (tmp_path / "accounts").mkdir()
    for number in (1, 2):
        rows = f"select {number} as number, 'Company {number}' as name"
        duckdb.execute(f"copy ({rows}) to '{tmp_path}/accounts/{number}.parquet'")
    (tmp_path / "connector.yml").write_text(PROJECT % (tmp_path / "store.db"), encoding="utf-8")
    _write(tmp_path, "1,Ann,10.10,1", '2,"Bob, Jr.",0.10,2', "3,Cid,,")
    return tmp_path


def _write(folder: Path, *rows: str) -> None:
    (folder / "people.csv").write_text("\n".join(["id,full_name,balance,account", *rows, ""]), encoding="utf-8")


def _run(folder: Path, sync: str, **asked: object) -> RunReport:
    destinations = {"reference": Destination("reference", plugin)}
    (report,) = run(load_project(folder), sync, destinations=destinations, **asked)
    return report


def test_files_become_records_and_changes_of_files_changes_of_records(folder: Path) -> None:
    assert _run(folder, "accounts").actions.created == 2
    assert _run(folder, "people").actions.created == 3
    accounts = {each["number"]: each["id"] for each in Store.at(folder / "store.db").records("accounts")}
    people = {each["external_id"]: each for each in Store.at(folder / "store.db").records("people")}
    assert people["2"]["name"] == "Bob, Jr."
    assert [str(people[each]["balance"]) for each in "12"] == ["10.10", "0.10"]
    assert [people[each]["account"] for each in "123"] == [accounts["1"], accounts["2"], None]

    _write(folder, "1,Ann,10.10,1", "2,Bob,0.1,2", "4,Dan,1,1")
    report = _run(folder, "people", accept={"max_removed"})
    assert (report.rows.unchanged, report.actions.updated, report.actions.created, report.actions.deleted) == (
        1,
        1,
        1,
        1,
    )


def test_problems_of_the_mapping_are_told_with_their_lines(folder: Path) -> None:
    text = (folder / "connector.yml").read_text(encoding="utf-8").replace("name: full_name", "name: fullname")
    (folder / "connector.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        _run(folder, "people")
    (problem,) = raised.value.problems
    assert problem.message == "model people has no column fullname"
    assert problem.hint == "did you mean full_name?"
    assert problem.path == ("syncs", "people", "fields", "name")
