from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from connector_notebook import plugin
from connector_notebook.book import Book

from connector_sdk import Destination, RowCounts
from connector_sdk.project.load import load_project
from connector_sdk.run import run

FOLDER = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _in_a_copy_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    shutil.copy(FOLDER / "connector.yml", tmp_path)
    shutil.copytree(FOLDER / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)


def send(*accepted: str) -> RowCounts:
    destinations = {"notebook": Destination("notebook", plugin)}
    (report,) = run(load_project("."), "contacts", destinations=destinations, accept=accepted)
    return report.rows


def test_the_project_sends_what_changed_and_only_that() -> None:
    assert send() == RowCounts(read=3, planned=3, succeeded=3)
    assert send() == RowCounts(read=3, unchanged=3)

    file = Path("data/contacts.csv")
    file.write_text(file.read_text().replace("Grace,,", "Grace,Finds moths,"))
    assert send() == RowCounts(read=3, unchanged=2, planned=1, succeeded=1)

    about = {record["key"]: record.get("about") for record in Book("notebook.db").records("contacts")[0]}
    assert about == {"c-1": "Writes programs", "c-2": "Finds moths", "c-3": "Reads ciphers"}


def test_the_record_of_a_row_that_left_the_model_is_deleted() -> None:
    send()
    file = Path("data/contacts.csv")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:3]))

    assert send("max_removed") == RowCounts(read=2, removed=1, unchanged=2, planned=1, succeeded=1)
    assert [record["key"] for record in Book("notebook.db").records("contacts")[0]] == ["c-1", "c-2"]
