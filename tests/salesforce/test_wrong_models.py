"""Models that are not what they were: cut somewhere, or with another key. No record is deleted, none is made twice."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import yaml

from .project_folder import Done
from .projects import Project

ROWS = [{"id": f"k{number}", "last": "Ash", "email": None} for number in range(60)]
SYNCS: dict[str, dict[str, Any]] = {
    "insert, rest": {"mode": "insert", "match": None, "api": "rest"},
    "insert, bulk": {"mode": "insert", "match": None, "api": "bulk"},
    "upsert, rest": {"on_removed": "delete", "api": "rest"},
    "upsert, bulk": {"on_removed": "delete", "api": "bulk"},
    "upsert, bulk2": {"on_removed": "delete", "api": "bulk2"},
    "update, bulk": {"mode": "update", "on_removed": "clear", "api": "bulk"},
}
FIELDS = {"LastName": "last", "Email": "email", "External_Id__c": "id"}


@pytest.fixture(params=SYNCS)
def written(project: Project, request: pytest.FixtureRequest) -> Project:
    """A project whose sync has written all rows once."""
    settings = dict(SYNCS[request.param])
    fields = {name: column for name, column in FIELDS.items() if "match" in settings or name != "External_Id__c"}
    if settings.get("mode") == "update":
        project.emulated.insert("Contact", *({"LastName": "Ash", "External_Id__c": row["id"]} for row in ROWS))
    project.sync(fields=fields, options={"api": settings.pop("api")}, **settings)
    project.model(ROWS)
    first = ["--first-run", "send"] if settings.get("mode") == "insert" else []
    assert project.run(*first).rows == {"read": 60, "planned": 60, "succeeded": 60}
    return project


def state(project: Project) -> Counter[tuple[str, str]]:
    """Count the records that are there or deleted, each with when it was changed last."""
    there = [*project.emulated.records("Contact"), *project.emulated.recycle_bin("Contact")]
    return Counter((each["External_Id__c"], f"{each['IsDeleted']} {each['SystemModstamp']}") for each in there)


def inserts(project: Project) -> bool:
    return "mode: insert" in (project.folder / "connector.yml").read_text()


def read_refusal(run: Done) -> str:
    """Return what a run says that ended with exit code 6."""
    assert run.exit == 6, run.said
    return " ".join(run.said.split())


@pytest.mark.parametrize("seed", range(2))
def test_a_model_that_is_cut_at_any_row_deletes_and_doubles_nothing(written: Project, seed: int) -> None:
    before = state(written)
    left = random.Random(seed).randrange(50)
    written.model(ROWS[:left]) if left else (written.folder / "contacts.csv").write_text("id,last,email\n")
    run = written.run()
    assert run.exit == 0 if left and inserts(written) else "--accept" in read_refusal(run)
    written.model(ROWS)
    assert written.run().rows == {"read": 60, "unchanged": 60}
    assert state(written) == before


def test_a_model_that_is_cut_within_a_row_deletes_and_doubles_nothing(written: Project) -> None:
    before = state(written)
    model = written.folder / "contacts.csv"
    whole = model.read_text()
    for cut in random.Random(1).sample(range(len("id,last,email\n"), len(whole) * 3 // 4), 5):
        model.write_text(whole[:cut])
        run = written.run()
        assert run.exit in ((0, 64) if inserts(written) else (6, 64)), run.said
    assert state(written) == before


def test_a_key_column_of_another_name_stops_the_run(written: Project) -> None:
    before = state(written)
    written.model([{"number": f"n{row['id']}", **row} for row in ROWS])
    file = written.folder / "connector.yml"
    made = yaml.safe_load(file.read_text())
    made["models"]["contacts"]["primary_key"] = "number"
    file.write_text(yaml.safe_dump(made))
    assert "primary key was 'id' and is 'number'" in read_refusal(written.run())
    assert state(written) == before


def test_a_model_whose_key_column_is_gone_is_a_problem_of_the_project(written: Project) -> None:
    before = state(written)
    written.model([{"key": row["id"], "last": "Ash", "email": None} for row in ROWS])
    run = written.run()
    assert (run.exit, "id" in run.said) == (64, True), run.said
    assert state(written) == before
